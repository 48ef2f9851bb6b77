// The clerk's picture on its way to the server: camera → recorder → socket, each replaceable while
// the show goes on. What the page gives and gets:
//
//   <div data-module="livestream/publish" data-publish="/ws/publish/<room>/" data-room="<room>"
//        data-live="true|false"              whether to publish as soon as there is a picture
//        data-camera="wait"                  optional: ask for the camera at camera:open, not now
//        data-text-denied=… data-text-missing=… data-text-busy=… data-text-insecure=…
//        data-text-unsupported=…             sentences for camera.js, which lists its elements
//        data-text-good=… data-text-fair=… data-text-poor=… data-text-off=…
//        data-text-taken=… data-text-gone=… data-text-full=… data-text-refused=…>
//     <output data-publish-health></output>  one of the four health sentences
//     <div data-publish-problem hidden><p data-publish-sentence></p>
//       <button data-publish-takeover></button></div>   the button shows only when taken
//   </div>
//
// Events it hears:  publish:start  publish:stop  publish:end  camera:open
// Events it sends (bubbling):  publish:open  publish:ack  publish:health {health, kbps, lag}
//   publish:lost  publish:refused {code}  publish:over  and those of camera.js
// A show that is over, by whoever ended it, has no use for the camera: it is let go for good.
// While it is open, a link opens beside the page: to leave it would take the picture from everybody.
// Whoever closes the tab while it is open is asked first; the page's own ways on (again.js) are not.
// data-health on the element is good | fair | poor | off; data-publishing is "true" while open.

import { goes } from "guitai/livestream/again";
import { Camera } from "guitai/livestream/camera";
import { Rate } from "guitai/livestream/rate";
import { Recorder, bestKind } from "guitai/livestream/recorder";
import { Uplink } from "guitai/livestream/uplink";

const HIGHEST = 1_300_000; // bits a second at 720 × 1280
const OVER = 4410; // the room takes no picture any more
const REASONS = { 4409: "taken", 4410: "gone", 4507: "full", 4503: "full" };

export default function start(stage) {
  const publisher = publisherOf(stage.dataset.room);
  const rate = new Rate(HIGHEST);
  let wanted = false;
  let mime = bestKind();
  let first = true; // the header that hello has announced already

  const tell = (name, detail) => stage.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  const camera = new Camera(stage, () => recorder.running && restart());
  const recorder = new Recorder({
    onHeader(actual) {
      mime = actual;
      if (!first) uplink.say({ type: "publish.recorder", mime });
      first = false;
    },
    onChunk(blob) {
      rate.send(blob.size);
      uplink.send(blob);
    },
    onTrouble: () => restart(),
  });
  const uplink = new Uplink(stage.dataset.publish, () => ({ publisher, mime }), {
    open(frame) {
      rate.reset(performance.now());
      first = true;
      stage.dataset.publishing = "true";
      problem(stage, "");
      recorder.abandon();
      if (camera.stream) recorder.start(camera.stream, rate.bits);
      tell("publish:open", { epoch: frame.epoch });
    },
    ack({ bytes, lag }) {
      const now = performance.now();
      rate.ack(bytes, now);
      if (rate.advice(now)) restart();
      health(rate.behind + lag > 2500 || rate.bits < HIGHEST * 0.35 ? "poor"
        : rate.behind > 500 || rate.bits < HIGHEST * 0.8 ? "fair" : "good", lag);
      tell("publish:ack", { bytes, lag });
    },
    restart() {
      first = false; // the encoder that hello began has gone
      restart();
    },
    lost() {
      recorder.abandon();
      stage.dataset.publishing = "false";
      health("poor", 0);
      tell("publish:lost", {});
    },
    refused(code, refusal) {
      if (code === OVER) end();
      else stop();
      problem(stage, REASONS[code] ?? "refused", refusal?.text);
      tell("publish:refused", { code });
    },
  });

  function restart() {
    if (wanted && uplink.ready && camera.stream) recorder.restart(() => camera.stream, () => rate.bits);
  }

  function health(name, lag) {
    const kbps = Math.round((rate.measured ?? 0) / 1000);
    const output = stage.querySelector("[data-publish-health]");
    const words = stage.dataset[`text${name[0].toUpperCase()}${name.slice(1)}`] ?? "";
    if (output && output.textContent !== words) output.textContent = words;
    stage.dataset.health = name;
    tell("publish:health", { health: name, kbps, lag: Math.round(rate.behind + lag) });
  }

  function begin({ takeover = false } = {}) {
    wanted = true;
    if (!camera.stream) {
      camera.open(); // camera:ready goes on from here, now or once she has helped it
      return;
    }
    camera.keepAwake(true);
    uplink.connect({ takeover });
  }

  function stop() {
    wanted = false;
    stage.dataset.publishing = "false";
    camera.keepAwake(false);
    health("off", 0);
  }

  function end() {
    recorder.abandon();
    uplink.bye();
    stop();
    camera.end();
    tell("publish:over", {});
  }

  document.addEventListener("click", ({ target, defaultPrevented }) => {
    const link = target.closest("a[href]");
    if (!link || defaultPrevented || stage.dataset.publishing !== "true") return;
    if (link.pathname !== location.pathname) link.target ||= "_blank";
  });
  window.addEventListener("beforeunload", (event) => {
    if (stage.dataset.publishing === "true" && !goes()) event.preventDefault();
  });
  stage.addEventListener("publish:end", end);
  stage.addEventListener("publish:start", ({ detail }) => begin(detail ?? {}));
  stage.addEventListener("publish:stop", async () => {
    await recorder.stop();
    uplink.bye();
    stop();
  });
  stage.addEventListener("camera:ready", () => {
    if (uplink.ready) restart();
    else if (wanted) begin();
  });
  stage.addEventListener("camera:open", () => camera.open());
  stage.querySelector("[data-publish-takeover]")?.addEventListener("click", () => begin({ takeover: true }));

  if (stage.dataset.live === "true") begin();
  else if (stage.dataset.camera !== "wait") camera.open();
}

// Who we are for as long as this tab lives: a reloaded page is the same publisher.
function publisherOf(room) {
  const key = `publisher:${room}`;
  const known = sessionStorage.getItem(key);
  if (known) return known;
  const made = uuid();
  sessionStorage.setItem(key, made);
  return made;
}

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0"));
  return hex.join("").replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

// Shows why the server does not take the picture; "" hides it. The server's own sentence wins.
function problem(stage, code, text) {
  const box = stage.querySelector("[data-publish-problem]");
  if (!box) return;
  box.hidden = !code;
  const sentence = box.querySelector("[data-publish-sentence]");
  const key = `text${code.slice(0, 1).toUpperCase()}${code.slice(1)}`;
  if (sentence && code) sentence.textContent = text || stage.dataset[key] || "";
  const takeover = box.querySelector("[data-publish-takeover]");
  if (takeover) takeover.hidden = code !== "taken";
}
