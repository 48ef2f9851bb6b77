// On a phone the field to talk hides until it is wanted: [data-say-open] shows [data-say],
// a press elsewhere puts it away again unless something is typed in it.
export default function start(element) {
  const place = element.querySelector("[data-say]");
  const opener = document.querySelector("[data-say-open]");

  function show(open) {
    place.hidden = !open;
    element.classList.toggle("is-talking", open); // above the bar that it covers
  }

  opener?.addEventListener("click", (event) => {
    event.preventDefault(); // without scripts it is a page
    show(true);
    place.querySelector("form:not([hidden]) input")?.focus();
  });
  opener?.addEventListener("keydown", (event) => {
    if (event.key === " ") opener.click(); // it says that it is a button
  });
  place.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    show(false);
    opener?.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    const typed = place.querySelector("[data-chat-input]").value.trim();
    if (!place.hidden && !typed && !element.contains(target) && target !== opener) show(false);
  });
}
