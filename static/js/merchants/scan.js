// A scanner types into one field and ends with Enter; every scan is booked in order, once.
//
//   <div data-module="merchants/scan" data-whose="7" data-target="#place" data-waiting="The network is down. …">
//     <form data-scan action="…"> [name=code] [name=form_key] [name=store] [data-scan-waiting] [data-scan-camera]
//     <dialog data-scan-dialog> <video> [data-scan-seen] [data-scan-close]
//     <div id="place"> …                      filled anew by the answer of each scan; the place itself stays,
//                                             for a button in it may have been pressed meanwhile
//       <form data-press action="…">          each press of its button is one more, as a scan is
//
// What is typed or pressed goes into a queue that outlives a reload: this person's at this store, and
// nobody else's. Each has its own key, so that the server books it once however often it is sent;
// while the network is down it waits at the head of the queue.
import { sentenceFor } from "guitai/request";
import { toast } from "guitai/toast";

const PATIENCE = [500, 1000, 2000, 4000];
const FORMATS = ["ean_13", "ean_8", "upc_a", "upc_e", "code_128", "code_39", "qr_code"];
const LATER = [502, 503, 504]; // nobody is at home just now
const SAME = 1500; // the camera sees a code many times; so long it counts as one look

export default function start(part) {
  const form = part.querySelector("[data-scan]");
  const field = form.querySelector("[name=code]");
  const waiting = form.querySelector("[data-scan-waiting]");
  const store = form.elements.store?.value ?? "";
  const place = `scan:${part.dataset.whose}:${store}:${form.action}`;
  const queue = JSON.parse(sessionStorage.getItem(place) ?? "[]");
  let running = false;

  function keep(sentence = "") {
    sessionStorage.setItem(place, JSON.stringify(queue));
    const rest = queue.length > 1 || sentence ? String(queue.length) : "";
    waiting.textContent = [sentence, rest].filter(Boolean).join(" ");
    form.dataset.waiting = String(queue.length);
  }

  function take(code) {
    const text = code.trim();
    if (text) add(form, { code: text });
  }

  // The form as it stands now: the page may be another one when its turn comes.
  function add(from, more = {}) {
    const fields = { ...Object.fromEntries(new FormData(from)), ...more };
    fields.form_key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    delete fields.csrfmiddlewaretoken;
    queue.push({ to: from.action, fields });
    keep();
    run();
  }

  async function run() {
    if (running) return;
    running = true;
    let failed = 0;
    while (queue.length) {
      const html = await booked(queue[0]);
      if (html === null) {
        keep(part.dataset.waiting);
        await new Promise((done) => setTimeout(done, PATIENCE[Math.min(failed++, PATIENCE.length - 1)]));
        continue;
      }
      failed = 0;
      queue.shift();
      keep();
      if (html) htmx.swap(part.dataset.target, html, { swapStyle: htmx.config.defaultSwapStyle, swapDelay: 0, settleDelay: 0 });
    }
    running = false;
  }

  // The answer's HTML, empty if it was refused for good; null if it has to be asked again.
  async function booked({ to, fields }) {
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.set(name, value);
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    try {
      const answer = await fetch(to, {
        method: "POST", body: data, credentials: "same-origin", headers: { "HX-Request": "true" },
      });
      if (answer.redirected || answer.headers.has("HX-Redirect") || [403, 404].includes(answer.status)) {
        if (!answer.redirected && answer.status !== 403) { // refused: it is not asked again
          queue.shift();
          keep();
        }
        location.reload(); // signed out, or no longer of this store: the page says so
        return new Promise(() => {});
      }
      if (answer.ok || [409, 422].includes(answer.status)) return await answer.text();
      if (LATER.includes(answer.status)) return null;
      toast([fields.code, sentenceFor(answer.status)].filter(Boolean).join(": "), { icon: "warn" });
      return "";
    } catch {
      return null;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(field.value);
    field.value = "";
    field.focus();
  });
  // Before the form itself, busy or htmx hear of it: the page comes anew while she still presses.
  document.addEventListener("submit", (event) => {
    if (!part.contains(event.target) || !event.target.matches("[data-press]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    add(event.target);
  }, true);
  // A scanner does not look where the focus is.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    if (event.key !== " ") field.focus();
  });
  camera(part, form, take);
  if (queue.length) run();
}

async function camera(part, form, take) {
  const button = form.querySelector("[data-scan-camera]");
  const dialog = part.querySelector("[data-scan-dialog]");
  if (!button || !dialog || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  const known = await BarcodeDetector.getSupportedFormats().catch(() => []);
  const formats = FORMATS.filter((name) => known.includes(name));
  if (!formats.length) return;
  const detector = new BarcodeDetector({ formats });
  const video = dialog.querySelector("video");
  const seen = dialog.querySelector("[data-scan-seen]");
  let stream = null;
  let last = { code: "", at: 0 };

  async function look() {
    if (!stream) return;
    const [found] = await detector.detect(video).catch(() => []);
    const now = performance.now();
    if (found && (found.rawValue !== last.code || now - last.at > SAME)) {
      seen.textContent = found.rawValue;
      take(found.rawValue);
    }
    if (found) last = { code: found.rawValue, at: now };
    setTimeout(look, 120);
  }

  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      button.hidden = true; // she said no, or there is none: the keyboard stays
      return;
    }
    video.srcObject = stream;
    dialog.showModal();
    await video.play();
    look();
  });
  dialog.addEventListener("close", () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
  });
  dialog.querySelector("[data-scan-close]").addEventListener("click", () => dialog.close());
}
