// Starts the shopper's picture before anything else on the page, and the rest of the page with the
// picture's first frame: menus, chat and sheets can be read meanwhile, and nobody should wait for the
// picture because of them. Loaded async, so the video may not have been parsed yet.
import start from "guitai/livestream/player";

const PATIENCE = 1200; // ms after which the page starts without a picture: the host's line may be down

function begin() {
  const video = document.querySelector('video[data-module~="livestream/player"]');
  if (!video) return false;
  start(video); // boot.js comes by later and finds it started
  const timer = setTimeout(boot, PATIENCE);
  video.addEventListener("loadeddata", () => { clearTimeout(timer); boot(); }, { once: true });
  return true;
}

function boot() {
  import("guitai/boot");
}

if (!begin()) document.addEventListener("readystatechange", () => begin() || boot(), { once: true });
