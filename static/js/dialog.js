// Confirmations. <button data-dialog-open="end-show"> shows <dialog class="dialog" id="end-show">;
// a <form method="dialog"> or [data-dialog-close] inside closes it. The safe button carries
// autofocus. Only for ending a show, refunding, deleting and leaving unsaved work. An opener that is
// a link leads, without a script, to a page that asks the same.

document.addEventListener("click", (event) => {
  const { target } = event;
  const opener = target.closest("[data-dialog-open]");
  if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    document.getElementById(opener.dataset.dialogOpen)?.showModal();
  }
  target.closest("[data-dialog-close]")?.closest("dialog")?.close();
});
