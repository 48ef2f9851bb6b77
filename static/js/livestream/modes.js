// How she watches: with the picture, by the sound alone, or by card and chat; and back to the beginning
// while the show goes on.
//
//   <details data-module="livestream/modes" data-sound-url data-rewind-url>
//     <input type="radio" name="picture" value="video|sound|none">   remembered on this device; the label
//                                                                    of a sound that there is not is hidden
//     <button data-rewind>                                           hidden where nothing can be rewound
//   <div data-behind hidden><button data-back-live> <input type="range" data-seek> <output data-seek-at>
//
// On the <main>: data-picture is the mode, for the stylesheet. It hears live:picture.moved and live:room.state.
import startPlayer from "guitai/livestream/player";

const KEY = "picture";
const MODES = new Set(["video", "sound", "none"]);
const NEAR = 1.5; // seconds from the end of the list at which she is back with the others

export default function start(menu) {
  const main = menu.closest("main");
  const video = main.querySelector("video");
  startPlayer(video); // it may have been started already: it hears us from now on
  const bar = main.querySelector("[data-behind]");
  const seek = bar.querySelector("[data-seek]");
  let { soundUrl, rewindUrl } = menu.dataset;
  const radios = [...menu.querySelectorAll("input[name=picture]")];
  const rewind = menu.querySelector("[data-rewind]");
  const sound = menu.querySelector("[value=sound]").closest("label");
  const go = (detail) => video.dispatchEvent(new CustomEvent("player:source", { detail }));

  function choose(mode, { asked = true } = {}) {
    if (!MODES.has(mode) || (mode === "sound" && !soundUrl)) mode = "video";
    main.dataset.picture = mode;
    for (const radio of radios) radio.checked = radio.value === mode;
    main.querySelector("[data-pin]")?.setAttribute("aria-live", mode === "none" ? "polite" : "off");
    bar.hidden = true;
    offer();
    if (mode === "sound" && asked) video.muted = false; // she has pressed: the browser lets us
    go(mode === "none" ? { none: true } : { url: mode === "sound" ? soundUrl : "" });
  }

  // What can be had of the show as its picture is carried now.
  function offer() {
    const { picture = "video" } = main.dataset;
    rewind.hidden = !rewindUrl || picture !== "video" || Boolean(video.dataset.rests);
    sound.hidden = !soundUrl;
  }

  // The picture comes from elsewhere: what has been is there as well, or nowhere.
  function moved({ detail: { picture } }) {
    if (!picture || (picture.sound === soundUrl && picture.rewind === rewindUrl)) return;
    const rewound = !bar.hidden && picture.rewind !== rewindUrl;
    const heard = main.dataset.picture === "sound" && picture.sound !== soundUrl;
    ({ sound: soundUrl, rewind: rewindUrl } = picture);
    if (heard) choose("sound", { asked: false });
    else if (rewound) behind(false, { asked: false });
    offer();
  }

  // `asked`: she has pressed, and what she pressed goes. Else she may be writing, and is left alone.
  function behind(on, { asked = true } = {}) {
    const lost = bar.contains(document.activeElement);
    bar.hidden = !on;
    go(on ? { url: rewindUrl, at: 0 } : { url: "" });
    if (!asked && !lost) return;
    menu.open = false;
    (on ? bar.querySelector("[data-back-live]") : menu.querySelector("summary")).focus();
  }

  // Nobody looks back into a pause: what an app sends meanwhile is in the list as well.
  function rests() {
    if (video.dataset.rests && !bar.hidden) behind(false, { asked: false });
    offer();
  }

  for (const radio of radios) {
    radio.addEventListener("change", () => {
      choose(radio.value);
      remember(radio.value);
    });
  }
  rewind.addEventListener("click", () => behind(true));
  bar.querySelector("[data-back-live]").addEventListener("click", () => behind(false));
  seek.addEventListener("input", () => { video.currentTime = Number(seek.value); });
  video.addEventListener("timeupdate", () => {
    if (bar.hidden || !video.seekable.length) return;
    const end = video.seekable.end(0);
    seek.max = Math.floor(end);
    if (document.activeElement !== seek || !seek.matches(":active")) seek.value = video.currentTime;
    seek.setAttribute("aria-valuetext", clock(video.currentTime));
    bar.querySelector("[data-seek-at]").textContent = clock(video.currentTime);
    if (end > 3 && end - video.currentTime < NEAR) behind(false, { asked: false });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!menu.contains(target)) menu.open = false;
  });
  const known = recall();
  if (known && known !== "video") choose(known, { asked: false });
  else offer();
  video.addEventListener("player:rests", rests);
  document.addEventListener("live:picture.moved", moved);
  document.addEventListener("live:room.state", moved);
}

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  return whole < 3600 ? parts.join(":") : [Math.floor(whole / 3600), ...parts].join(":");
}

function recall() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage is off
  }
}

function remember(mode) {
  try {
    localStorage.setItem(KEY, mode);
  } catch {
    // it holds until the page goes
  }
}
