// The helper's page on a phone shows one of its two parts at a time; a wide one shows both.
//   <div data-shows="chat|shelf"> <button data-shows-part="chat"> <button data-shows-part="shelf">
export default function start(element) {
  element.addEventListener("click", ({ target }) => {
    const part = target.closest("[data-shows-part]")?.dataset.showsPart;
    if (!part) return;
    element.dataset.shows = part;
    for (const button of element.querySelectorAll("[data-shows-part]")) {
      button.setAttribute("aria-pressed", String(button.dataset.showsPart === part));
    }
  });
}
