// <details data-module="menu">: closes on Esc, on a press elsewhere, and when the focus leaves.

export default function start(menu) {
  const head = menu.querySelector("summary");
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    head.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (menu.open && !menu.contains(target)) menu.open = false;
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
  });
}
