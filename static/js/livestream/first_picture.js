// Starts the shopper's picture before anything else on the page, and the rest of the page with the
// picture's first frame: menus, chat and sheets can be read meanwhile, and nobody should wait for the
// picture because of them. Loaded async, so the video may not have been parsed yet.
const PATIENCE = 1200; // ms after which the page starts without a picture: the host's line may be down
const WANTED = ["pointerdown", "keydown", "focusin"]; // who reaches for the page waits for nothing

function begin() {
  const video = document.querySelector('video[data-module~="livestream/player"]');
  if (!video) return false;
  setTimeout(boot, PATIENCE);
  video.addEventListener("loadeddata", boot, { once: true });
  WANTED.forEach((name) => document.addEventListener(name, boot, { once: true, capture: true }));
  // boot.js comes by later and finds it started. Without a player the rest of the page still works.
  import("guitai/livestream/player").then((player) => player.default(video)).catch(boot);
  return true;
}

function boot() {
  import("guitai/boot"); // once: a module is only ever run the first time
}

if (!begin()) document.addEventListener("readystatechange", () => begin() || boot(), { once: true });
