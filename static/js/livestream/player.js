// The shopper's picture. Low-latency HLS through hls.js where the browser has Media Source; the
// browser's own HLS on iOS, which has nothing better. It starts muted, comes back by itself, and
// asks for a tap only where the browser insists.
//
//   <video data-module="livestream/player" playsinline webkit-playsinline x5-playsinline muted
//          data-hls-ll="/hls/<room>/ll.m3u8" data-hls="/hls/<room>/live.m3u8"   a show, or
//          data-app="yes"                                                       which an app sends
//          data-replay="/hls/<room>/vod.m3u8">                                  what is left of it
//   <button data-sound>             turns the sound on; hidden while it is. data-sound="toggle" stays.
//   <button data-play hidden>       shown where the browser wants a tap before it plays
//
// Events it sends on the video (bubbling): player:ready {ms}  player:latency {seconds}
//   player:rests: the show is paused, or goes on, as data-rests says: an app sends on, and nobody is to see it
//   player:waiting {waiting}  player:ended  player:at {at}: the moment of the programme, in ms since 1970
// Events it hears: player:source {url, at, none}: another list of the same show, from second `at`; without
//   a url back to now; `none`: nothing at all. live:picture.moved and live:room.state, whose picture may have another address;
//   live:room.moved; <main data-state> is the state at the beginning;
//   player:stop, to let go of everything before the element leaves the page.

import Hls from "hls.js";
import { Pace } from "guitai/livestream/pace";

const AGAIN = 1000; // ms before a lost stream is asked for again; half to one and a half of it
const FAR = 6; // seconds behind the edge after which we jump instead of hurrying
const TELL = 1000; // ms between two news of the latency
const OUTAGE = 1.2; // seconds of waiting that no stock would have bridged: the clerk's line, not ours
const LOOK = 100; // ms between two looks at what is in hand

// A show that has lost its picture answers 404 or nothing new: patience, not an error.
const patient = (tries) => ({
  default: {
    maxTimeToFirstByteMs: 8000,
    maxLoadTimeMs: 15000,
    timeoutRetry: { maxNumRetry: tries, retryDelayMs: 200, maxRetryDelayMs: 1000 },
    errorRetry: { maxNumRetry: tries, retryDelayMs: 300, maxRetryDelayMs: 1500 },
  },
});

const LIVE = {
  lowLatencyMode: true,
  startOnSegmentBoundary: true, // the first picture that came is shown at once; pace.js makes up for it
  // Its distance is the playlist's PART-HOLD-BACK; any liveSync setting of ours would replace that.
  liveSyncOnStallIncrease: 0.3,
  maxLiveSyncPlaybackRate: 1, // pace.js sets the speed: hls.js would keep a second more in hand
  backBufferLength: 10,
  maxBufferLength: 10,
  testBandwidth: false,
  manifestLoadPolicy: patient(4),
  playlistLoadPolicy: patient(8),
  fragLoadPolicy: patient(4),
};

const started = new WeakSet();

export default function start(video) {
  if (started.has(video)) return;
  started.add(video);
  const { hlsLl, hls: plain, replay } = video.dataset;
  const began = performance.now();
  video.muted = true; // no browser starts a loud picture unasked
  taps(video);
  video.addEventListener("loadeddata", () => {
    tell(video, "player:ready", { ms: Math.round(performance.now() - began) });
  }, { once: true });
  video.addEventListener("ended", () => tell(video, "player:ended", {}));
  for (const [name, waiting] of [["waiting", true], ["playing", false]]) {
    video.addEventListener(name, () => tell(video, "player:waiting", { waiting }));
  }
  const own = !Hls.isSupported() || isIos();
  const pick = ({ llhls, hls }) => (own ? hls || llhls : llhls || hls);
  const first = replay || pick({ llhls: hlsLl, hls: plain });
  const via = own ? viaBrowser : viaHls;
  if (replay) via(video, first, false);
  else follow(video, first, pick, via);
}

// The clerk may go on with another device, whose picture comes by another address; and the shopper
// may rewind, or want the sound alone, or nothing.
function follow(video, first, pick, via) {
  let url = first;
  let wish = {}; // what she has asked for
  let { app } = video.dataset;
  const main = video.closest("main")?.dataset ?? {};
  let { state } = main;
  const rests = () => state === "paused" && Boolean(app);
  const rest = (on) => {
    video.dataset.rests = on ? "yes" : "";
    tell(video, "player:rests", {});
  };
  const away = () => Boolean(wish.url || wish.none);
  const go = () => change(rests() || wish.none ? "" : wish.url || url, rests() ? -1 : wish.at);
  rest(rests());
  const change = via(video, rests() ? "" : first, true);
  const heard = ({ detail }) => {
    if (!detail.room || detail.room === main.room) state = detail.state ?? state;
    if (detail.picture) ({ app } = detail.picture);
    const next = (detail.picture && pick(detail.picture)) || url;
    const moved = next !== url;
    url = next;
    if (rests() !== Boolean(video.dataset.rests)) {
      rest(rests());
      go();
    } else if (moved && !away() && !rests()) change(url);
  };
  video.addEventListener("player:source", ({ detail }) => {
    wish = detail;
    go();
  });
  for (const news of ["picture.moved", "room.state", "room.moved"]) document.addEventListener(`live:${news}`, heard);
}

// Both answer with a function that goes on with another address.
function viaHls(video, url, live) {
  const hls = new Hls({
    ...(live ? LIVE : {}),
    enableWorker: false, // our segments pass through as they are: a worker would only delay the first
    startPosition: live ? -1 : 0,
  });
  let mends = 0;
  let timer = 0;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => url && hls.loadSource(url), AGAIN * (0.5 + Math.random()));
  };
  hls.on(Hls.Events.ERROR, (_, { fatal, type }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR && mends++ < 3) hls.recoverMediaError();
    else again();
  });
  hls.on(Hls.Events.FRAG_BUFFERED, () => { mends = 0; });
  hls.on(Hls.Events.MANIFEST_PARSED, () => play(video));
  video.dataset.held = url ? "" : "yes";
  if (url) hls.loadSource(url);
  hls.attachMedia(video);
  let behind = false; // she watches what has been: nothing hurries her
  const change = (next, at = -1) => {
    url = next;
    behind = at >= 0;
    video.playbackRate = 1;
    video.dataset.held = next ? "" : "yes";
    clearTimeout(timer);
    hls.stopLoad();
    if (!next) return void video.pause();
    hls.config.startPosition = at;
    hls.loadSource(url);
  };
  if (!live) return change;

  const catchUp = () => {
    if (behind || document.visibilityState !== "visible" || !hls.liveSyncPosition || video.ended) return;
    if (hls.liveSyncPosition - video.currentTime > FAR) video.currentTime = hls.liveSyncPosition;
    if (video.paused && !video.dataset.held) play(video);
  };
  const letGo = keepPace(video, () => !behind);
  document.addEventListener("visibilitychange", catchUp);
  const clock = setInterval(() => {
    tell(video, "player:latency", { seconds: hls.latency });
    if (hls.playingDate && !video.paused) tell(video, "player:at", { at: hls.playingDate.getTime() });
    catchUp();
  }, TELL);
  video.addEventListener("player:stop", () => {
    clearInterval(clock);
    clearTimeout(timer);
    letGo();
    document.removeEventListener("visibilitychange", catchUp);
    hls.destroy();
  }, { once: true });
  return change;
}

// Plays a little faster or slower so that the shopper is as near as her line allows.
function keepPace(video, wanted) {
  const pace = new Pace();
  const now = () => performance.now() / 1000;
  let dry = 0;
  const waiting = () => { dry = video.played.length && !video.seeking ? now() : 0; };
  const playing = () => {
    if (dry && now() - dry < OUTAGE) pace.stalled(now());
    dry = 0;
  };
  video.addEventListener("waiting", waiting);
  video.addEventListener("playing", playing);
  const timer = setInterval(() => {
    const last = video.buffered.length - 1;
    if (last < 0 || video.paused || video.seeking || !wanted()) return;
    const rate = pace.look(video.buffered.end(last) - video.currentTime, now());
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }, LOOK);
  return () => {
    clearInterval(timer);
    video.removeEventListener("waiting", waiting);
    video.removeEventListener("playing", playing);
  };
}

function viaBrowser(video, url, live) {
  const load = () => {
    if (!url) return;
    video.src = url;
    play(video);
  };
  if (live) setInterval(() => {
    const began = video.getStartDate?.().getTime(); // Safari reads the playlist's dates itself
    if (began && !video.paused) tell(video, "player:at", { at: began + video.currentTime * 1000 });
  }, TELL);
  video.addEventListener("error", () => live && setTimeout(load, AGAIN * (0.5 + Math.random())));
  video.addEventListener("loadedmetadata", () => play(video));
  video.dataset.held = url ? "" : "yes";
  load();
  return (next, at = -1) => {
    url = next;
    video.dataset.held = next ? "" : "yes";
    if (!next) {
      video.removeAttribute("src"); // paused alone it would load on
      video.load();
      return;
    }
    if (at >= 0) video.addEventListener("loadedmetadata", () => { video.currentTime = at; }, { once: true });
    load();
  };
}

async function play(video) {
  if (video.dataset.held) return; // she wants none, or it rests
  const button = document.querySelector("[data-play]");
  try {
    await video.play();
    if (button) button.hidden = true;
  } catch (refusal) {
    if (button && refusal.name === "NotAllowedError") button.hidden = false;
  }
}

// The picture may start before its buttons have been parsed: they are looked for when they are needed.
function taps(video) {
  const show = () => document.querySelectorAll("[data-sound]").forEach((button) => {
    button.setAttribute("aria-pressed", String(!video.muted));
    if (button.dataset.sound !== "toggle") button.hidden = !video.muted;
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-sound], [data-play]");
    if (!button) return;
    if ("sound" in button.dataset) video.muted = button.dataset.sound === "toggle" ? !video.muted : false;
    play(video);
  });
  video.addEventListener("volumechange", show);
  video.addEventListener("loadeddata", show);
  show();
  // Inside WeChat only these two moments may start a video.
  document.addEventListener("WeixinJSBridgeReady", () => play(video), { once: true });
  document.addEventListener("pointerdown", () => video.paused && !video.controls && play(video), { once: true });
}

function isIos() {
  const { userAgent, platform, maxTouchPoints } = navigator;
  return /iPad|iPhone|iPod/.test(userAgent) || (platform === "MacIntel" && maxTouchPoints > 1);
}

function tell(video, name, detail) {
  video.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
}
