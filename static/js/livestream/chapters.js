// Chapters of a replay: a press plays from there; the one that is playing is marked.
export default function start(list) {
  const video = document.getElementById(list.dataset.video);
  if (!video) return;
  const buttons = [...list.querySelectorAll("[data-second]")];

  list.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-second]");
    if (!button) return;
    video.currentTime = Number(button.dataset.second);
    video.play();
    video.scrollIntoView({ block: "nearest" }); // on a phone the list is below the picture
  });
  video.addEventListener("timeupdate", () => {
    const now = buttons.filter((button) => Number(button.dataset.second) <= video.currentTime).at(-1);
    for (const button of buttons) {
      const item = button.closest("li");
      item.classList.toggle("now", button === now);
      if (button === now) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    }
  });
}
