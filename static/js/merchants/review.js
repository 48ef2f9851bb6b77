// The admin's desk for brand verifications by keyboard: J next, K back, A to the approve button, R to
// the reason, 1–9 a ready-made reason (also from the reason while it is empty); Enter then presses what
// has the focus. The links and buttons do everything without this file.
const desk = document.querySelector("[data-review]");

function pick(button) {
  const field = desk.querySelector("[data-reason]");
  field.value = button.querySelector("span").textContent;
  field.focus();
}

function go(key) {
  if (key === "j") desk.querySelector("[data-later]")?.click();
  else if (key === "k") desk.querySelector("[data-earlier]")?.click();
  else if (key === "a") desk.querySelector("[data-approve]")?.focus();
  else if (key === "r") desk.querySelector("[data-reason]")?.focus();
  else if (/^[1-9]$/.test(key)) {
    const button = desk.querySelectorAll("[data-ready]")[Number(key) - 1];
    if (button) pick(button);
  } else return false;
  return true;
}

if (desk) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches("input:not([type=hidden]), textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      const empty = event.target.matches("[data-reason]") && !event.target.value;
      if (!empty || !/^[1-9]$/.test(event.key)) return;
    }
    if (go(event.key.toLowerCase())) event.preventDefault();
  });
  desk.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-ready]");
    if (button) pick(button);
  });
}
