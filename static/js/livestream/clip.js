// A clip on a product's page. Nothing is loaded before she presses play.
//   <div data-module="livestream/clip" data-playlist="/hls/…"><video controls preload="none"></video></div>
export default function start(place) {
  const { playlist } = place.dataset;
  if (!playlist) return; // the browser plays the film by itself
  const video = place.querySelector("video");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "pd__show-p";
  button.setAttribute("aria-label", video.getAttribute("aria-label"));
  video.controls = false;
  video.before(button);
  button.addEventListener("click", async () => {
    button.remove();
    video.controls = true;
    video.dataset.replay = playlist;
    const { default: play } = await import("guitai/livestream/player");
    play(video);
    video.muted = false; // she has pressed
    video.focus();
  });
}
