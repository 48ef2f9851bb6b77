// Starts the shopper's picture before anything else on the page: boot.js waits for its own modules,
// and nobody should wait for the picture because of a menu. Loaded async, so the video may not have
// been parsed yet. boot.js comes by later and finds it started.
import start from "guitai/livestream/player";

function begin() {
  const video = document.querySelector('video[data-module~="livestream/player"]');
  if (video) start(video);
  return Boolean(video);
}

if (!begin()) document.addEventListener("readystatechange", begin, { once: true });
