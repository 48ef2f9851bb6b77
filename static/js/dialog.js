// Confirmations. <button data-dialog-open="end-show"> shows <dialog class="dialog" id="end-show">;
// a <form method="dialog"> or [data-dialog-close] inside closes it. The safe button carries
// autofocus. Only for ending a show, refunding, deleting and leaving unsaved work.

document.addEventListener("click", ({ target }) => {
  const opener = target.closest("[data-dialog-open]");
  if (opener) document.getElementById(opener.dataset.dialogOpen)?.showModal();
  target.closest("[data-dialog-close]")?.closest("dialog")?.close();
});
