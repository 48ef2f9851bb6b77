// The clerk's camera and microphone: asked for, shown to her, measured, turned, and asked for again
// when the system takes them away. Where it cannot be had, it says why in the page's own words.
//
// Inside the stage element, all optional:
//   <video data-camera-preview>        her own picture, muted, mirrored by data-facing="user"
//   <meter data-camera-level>          how loud she is, 0 to 1
//   <button data-camera-mute> <button data-camera-flip> <button data-camera-hide>
//   <div data-camera-problem hidden><p data-camera-sentence></p><button data-camera-retry></div>
// Hears on the stage: camera:choose {video, audio}, the ids of another camera and another microphone.
// Sentences on the stage: data-text-denied, -missing, -busy, -insecure, -unsupported.
// Events, all bubbling: camera:ready, camera:problem {code}, camera:away {away}.

import { bestKind } from "guitai/livestream/recorder";

const PICTURE = {
  width: { ideal: 720 },
  height: { ideal: 1280 },
  frameRate: { ideal: 24, max: 30 },
};
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const WHY = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

export class Camera {
  #stage;
  #preview;
  #facing = "user";
  #level = 0;
  #context = null;
  #lock = null;
  #size = "";
  #over = false;
  #chosen = remembered(); // the ids of camera and microphone; what is not there leaves it to the browser
  stream = null;

  // onChange() when the picture has become another size: a phone that was turned.
  constructor(stage, onChange) {
    this.#stage = stage;
    this.onChange = onChange;
    this.#preview = stage.querySelector("[data-camera-preview]");
    this.#preview?.addEventListener("resize", () => this.#resized());
    this.#press("[data-camera-retry]", () => this.open());
    this.#press("[data-camera-flip]", () => this.flip());
    this.#press("[data-camera-mute]", (button) => this.#toggle(button, "audio"));
    this.#press("[data-camera-hide]", (button) => this.#toggle(button, "video"));
    stage.addEventListener("camera:choose", ({ detail }) => this.#choose(detail));
    document.addEventListener("visibilitychange", () => this.#stayAwake());
  }

  // Asks for camera and microphone. Answers whether there is a picture now.
  async open() {
    if (this.#over) return false;
    const reason = unfit();
    if (reason) return this.#problem(reason);
    try {
      const stream = await this.#ask();
      if (this.#over) { // it ended while the browser asked
        stream.getTracks().forEach((track) => track.stop());
        return false;
      }
      this.#take(stream);
    } catch (trouble) {
      return this.#problem(WHY[trouble.name] ?? "busy");
    }
    const box = this.#stage.querySelector("[data-camera-problem]");
    if (box) box.hidden = true;
    delete this.#stage.dataset.problem;
    this.#tell("camera:ready", this.stream.getVideoTracks()[0].getSettings());
    return true;
  }

  // The other side of the phone. The old camera is let go first: iOS has only one at a time.
  async flip() {
    this.#facing = this.#facing === "user" ? "environment" : "user";
    await this.#choose({ ...this.#chosen, video: "" });
  }

  // Another camera, another microphone; this device remembers them.
  async #choose(chosen) {
    this.#chosen = chosen;
    remember(chosen);
    this.stream?.getTracks().forEach((track) => track.stop());
    await this.open();
  }

  // Keeps the screen on while the show runs; the system forgets it whenever the page is hidden.
  async keepAwake(on) {
    this.awake = on;
    await this.#stayAwake();
  }

  close() {
    clearInterval(this.#level);
    this.#context?.close();
    this.#context = null;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    if (this.#preview) this.#preview.srcObject = null;
    this.keepAwake(false);
  }

  // Lets camera and microphone go, and never asks for them again.
  end() {
    this.#over = true;
    this.close();
  }

  async #ask() {
    const chosen = this.#chosen;
    const only = (id) => (id ? { deviceId: { exact: id } } : {});
    const video = { ...PICTURE, ...(chosen.video ? only(chosen.video) : { facingMode: this.#facing }) };
    const audio = { ...SOUND, ...only(chosen.audio) };
    try {
      return await navigator.mediaDevices.getUserMedia({ video, audio });
    } catch (trouble) {
      if ((chosen.video || chosen.audio) && WHY[trouble.name] === "missing") { // it was pulled out
        this.#chosen = {};
        return this.#ask();
      }
      // Perhaps only the microphone is missing: a silent show is still a show.
      if (trouble.name === "NotAllowedError" && !(await onlySoundDenied())) throw trouble;
      return navigator.mediaDevices.getUserMedia({ video });
    }
  }

  #take(stream) {
    this.close();
    this.stream = stream;
    this.#size = "";
    this.awake = true;
    const [picture] = stream.getVideoTracks();
    const [sound] = stream.getAudioTracks();
    this.#stage.dataset.sound = sound ? "on" : "none";
    this.#stage.dataset.facing = picture.getSettings().facingMode ?? this.#facing;
    this.#listen(stream, sound);
    // A call, another app or a pulled plug: take it back as soon as the system lets us.
    picture.onended = () => this.#lost();
    if (sound) sound.onended = () => this.#lost();
    picture.onmute = () => this.#tell("camera:away", { away: true });
    picture.onunmute = () => this.#tell("camera:away", { away: false });
    if (this.#preview) {
      this.#preview.muted = true;
      this.#preview.srcObject = stream;
      this.#preview.play().catch(() => {});
    }
    this.#keepToggles();
    this.#stayAwake();
  }

  #resized() {
    const size = `${this.#preview.videoWidth}x${this.#preview.videoHeight}`;
    const turned = this.#size && this.#size !== size;
    this.#size = size;
    if (turned) this.onChange();
  }

  async #lost() {
    if (this.stream) await this.open();
  }

  // A recorder wants its sound track from the start; silence stands in for a microphone.
  #listen(stream, sound) {
    this.#context = new AudioContext();
    if (!sound) {
      const silence = this.#context.createMediaStreamDestination();
      const nothing = new ConstantSourceNode(this.#context, { offset: 0 });
      nothing.connect(silence); // without a source not even silence comes, and the recorder waits
      nothing.start();
      silence.stream.getAudioTracks().forEach((track) => stream.addTrack(track));
      return;
    }
    const meter = this.#stage.querySelector("[data-camera-level]");
    if (!meter) return;
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 512;
    this.#context.createMediaStreamSource(new MediaStream([sound])).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    this.#level = setInterval(() => {
      analyser.getFloatTimeDomainData(wave);
      const power = Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
      meter.value = sound.enabled ? Math.min(1, power * 4) : 0;
    }, 100);
  }

  #toggle(button, kind) {
    const off = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(off));
    this.#keepToggles();
    this.#tell(kind === "audio" ? "camera:mute" : "camera:hide", { on: off });
  }

  // Switched-off tracks go on as black and silence: the stream itself never stops for viewers.
  #keepToggles() {
    for (const [name, tracks] of [["mute", "getAudioTracks"], ["hide", "getVideoTracks"]]) {
      const off = this.#stage.querySelector(`[data-camera-${name}]`)?.getAttribute("aria-pressed") === "true";
      this.stream?.[tracks]().forEach((track) => { track.enabled = !off; });
    }
  }

  async #stayAwake() {
    const held = () => this.#lock && !this.#lock.released;
    if (!this.awake) {
      this.#lock?.release();
      this.#lock = null;
    } else if (document.visibilityState === "visible" && !held()) {
      const lock = await navigator.wakeLock?.request("screen").catch(() => null);
      if (this.awake && !held()) this.#lock = lock;
      else lock?.release(); // it was asked for twice, or is not wanted any more
    }
  }

  #problem(code) {
    this.#stage.dataset.problem = code;
    const box = this.#stage.querySelector("[data-camera-problem]");
    const key = `text${code[0].toUpperCase()}${code.slice(1)}`;
    if (box) {
      const sentence = box.querySelector("[data-camera-sentence]") ?? box;
      if (sentence !== box || !box.children.length) sentence.textContent = this.#stage.dataset[key] ?? "";
      box.hidden = false;
    }
    this.#tell("camera:problem", { code });
    return false;
  }

  #press(selector, act) {
    this.#stage.querySelectorAll(selector).forEach((button) => {
      button.addEventListener("click", () => act(button));
    });
  }

  #tell(name, detail) {
    this.#stage.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}

const CHOSEN = "camera";

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(CHOSEN)) ?? {};
  } catch {
    return {}; // storage is off
  }
}

function remember(chosen) {
  try {
    localStorage.setItem(CHOSEN, JSON.stringify(chosen));
  } catch {
    // storage is off: it holds until the page goes
  }
}

async function onlySoundDenied() {
  const state = async (name) => (await navigator.permissions.query({ name })).state;
  try {
    return (await state("microphone")) === "denied" && (await state("camera")) !== "denied";
  } catch {
    return false; // this browser does not tell
  }
}

// Why this page can have no camera at all; "" if it can.
function unfit() {
  if (!isSecureContext) return "insecure";
  if (!navigator.mediaDevices?.getUserMedia || !bestKind()) return "unsupported";
  return "";
}
