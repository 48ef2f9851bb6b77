// The camera as a scanner: what it sees is taken as if a scanner had read it.
//
//   <button data-scan-camera hidden>  <dialog data-scan-dialog data-denied="…" data-missing="…" data-unable="…">
//     <video> [data-scan-seen] [data-scan-close]
//
// The browser's own detector reads the picture, or ZXing where it has none (most desktops, every
// iPhone), which is fetched when the camera is first asked for.
const FORMATS = ["ean_13", "ean_8", "upc_a", "upc_e", "code_128", "code_39", "qr_code"];
const SAME = 1500; // the camera sees a code many times; so long it counts as one look
const PAUSE = 120;
const WIDE = 960; // px of the picture that ZXing reads: enough for a code that fills a third of it
const CAMERA = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };

export default function camera(part, panel, take) {
  const button = panel.querySelector("[data-scan-camera]");
  const dialog = part.querySelector("[data-scan-dialog]");
  if (!button || !dialog || !navigator.mediaDevices) return; // not over plain http
  const video = dialog.querySelector("video");
  const seen = dialog.querySelector("[data-scan-seen]");
  const hint = seen.textContent;
  let stream = null;
  let read = null;
  let last = { code: "", at: 0 };

  async function look() {
    if (!stream) return;
    const code = await read(video).catch(() => "");
    const now = performance.now();
    if (stream && code && (code !== last.code || now - last.at > SAME)) {
      seen.textContent = code;
      take(code);
    }
    if (code) last = { code, at: now };
    setTimeout(look, PAUSE);
  }

  function say(sentence) {
    seen.textContent = sentence;
    dialog.classList.toggle("s-camera--off", sentence !== hint);
  }

  button.hidden = false;
  button.addEventListener("click", async () => {
    say(hint);
    dialog.showModal();
    try {
      read ??= await reader();
      stream = await navigator.mediaDevices.getUserMedia({ video: CAMERA });
    } catch (trouble) {
      const { denied, missing, unable } = dialog.dataset;
      say({ NotAllowedError: denied, NotFoundError: missing }[trouble.name] ?? unable);
      return;
    }
    if (!dialog.open) { // closed while she was asked
      stop();
      return;
    }
    video.srcObject = stream;
    await video.play();
    look();
  });

  function stop() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
  }

  dialog.addEventListener("close", stop);
  dialog.querySelector("[data-scan-close]").addEventListener("click", () => dialog.close());
}

// A function that answers the code in a video's picture, or an empty text.
async function reader() {
  return (await native()) ?? (await zxing());
}

async function native() {
  if (!("BarcodeDetector" in window)) return null;
  const known = await BarcodeDetector.getSupportedFormats().catch(() => []);
  const formats = FORMATS.filter((name) => known.includes(name));
  if (!formats.includes("ean_13")) return null;
  const detector = new BarcodeDetector({ formats });
  return async (video) => (await detector.detect(video))[0]?.rawValue ?? "";
}

async function zxing() {
  await import("zxing");
  const { ZXing } = window;
  const kinds = FORMATS.map((name) => ZXing.BarcodeFormat[name.toUpperCase()]);
  const inner = new ZXing.MultiFormatReader();
  inner.setHints(new Map([[ZXing.DecodeHintType.POSSIBLE_FORMATS, kinds], [ZXing.DecodeHintType.TRY_HARDER, true]]));
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, WIDE / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    pen.drawImage(video, 0, 0, canvas.width, canvas.height);
    const light = new ZXing.HTMLCanvasElementLuminanceSource(canvas);
    return inner.decodeWithState(new ZXing.BinaryBitmap(new ZXing.HybridBinarizer(light))).getText();
  };
}
