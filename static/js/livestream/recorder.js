// One recorder session after another over the same camera. Each begins with a header and a key
// frame, so a session is what the server can start an encoder with.

const SLICE = 200; // ms: a smaller slice wins nothing, a longer one makes viewers stall
const KEY_FRAMES = 1000; // ms: each begins a segment that the server need not encode anew
const SOUND = 64_000;

// In the order of what it costs: H.264 is copied, mp4 comes in bursts, VP8 must be encoded anew.
const KINDS = [
  "video/webm;codecs=h264,opus",
  "video/x-matroska;codecs=avc1,opus",
  "video/mp4;codecs=avc1.42E01F,mp4a.40.2",
  "video/mp4;codecs=avc1,opus",
  "video/webm;codecs=vp8,opus",
  "video/webm",
  "video/mp4",
];

// The best kind that this browser records; "" if it records none.
export function bestKind() {
  if (!globalThis.MediaRecorder) return "";
  return KINDS.find((kind) => MediaRecorder.isTypeSupported(kind)) ?? "";
}

export class Recorder {
  #media = null;
  #restarting = null;

  // onHeader(mime) before the first chunk of each session, onChunk(blob) for each, onTrouble() when
  // the browser gives up.
  constructor({ onHeader, onChunk, onTrouble }) {
    Object.assign(this, { onHeader, onChunk, onTrouble });
  }

  get running() {
    return this.#media !== null;
  }

  start(stream, bits) {
    const kind = bestKind();
    const media = new MediaRecorder(stream, {
      mimeType: kind,
      videoBitsPerSecond: bits,
      audioBitsPerSecond: SOUND,
      videoKeyFrameIntervalDuration: KEY_FRAMES,
    });
    let silent = true;
    media.ondataavailable = ({ data }) => {
      if (!data.size) return;
      // Asked now and not at the start: a browser may answer webm with Matroska.
      if (silent) this.onHeader(media.mimeType || kind);
      silent = false;
      this.onChunk(data);
    };
    media.onerror = () => {
      if (this.#media !== media) return;
      this.#media = null;
      this.onTrouble();
    };
    media.start(SLICE);
    this.#media = media;
  }

  // Ends the session; the promise is kept after its last chunk.
  async stop() {
    const media = this.#media;
    this.#media = null;
    if (!media || media.state === "inactive") return;
    await new Promise((done) => {
      media.onstop = done;
      media.stop();
    });
  }

  // Drops what this session still holds, for a connection that has gone.
  abandon() {
    const media = this.#media;
    this.#media = null;
    if (!media) return;
    media.ondataavailable = null;
    media.onerror = null;
    if (media.state !== "inactive") media.stop();
  }

  // A new session over what the stream has become. Several wishes at once are one restart.
  restart(stream, bits) {
    this.#restarting ??= (async () => {
      await this.stop();
      this.#restarting = null;
      this.start(stream(), bits());
    })();
    return this.#restarting;
  }
}
