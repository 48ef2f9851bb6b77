// A rehearsal in the console. Asks the server what its crowd does and tells the page as the room's
// socket would; sends to the rehearsal what is said; cuts the line when the script says so; measures
// light, sound and uplink.
//
//   <div data-module="livestream/rehearsal" data-crowd="…" data-chat="…" data-measure="…" hidden>
//   [data-publish] with [data-camera-preview], [data-camera-level]   what is measured
//   [data-cut]                                                       shown while the line is cut
//   [data-chat-form] with [data-chat-input]                          what is said goes to data-chat
import { again } from "guitai/livestream/again";
import { send, sendJson } from "guitai/request";
import { toast } from "guitai/toast";

const ASK = 1500; // ms between two questions after the crowd
const MEASURE = 5000;
const SIZE = 32; // px: the light of a whole picture needs no more

export default function start(element) {
  const stage = document.querySelector("[data-publish]");
  const form = document.querySelector("[data-chat-form]");
  let key = 0;
  let replyTo = null;

  const tell = (event) => document.dispatchEvent(new CustomEvent(`live:${event.type}`, { detail: event }));

  // --- the crowd --------------------------------------------------------------------------------

  async function ask() {
    try {
      const { events, key: now, over } = await sendJson(`${element.dataset.crowd}?after=${key}`, { method: "GET" });
      for (const event of events) act(event);
      if (over) return again();
      key = now;
    } catch {
      // the network is down: the next question brings what was missed
    }
    setTimeout(ask, ASK);
    return undefined;
  }

  function act(event) {
    if (event.type === "rehearsal.cut") cut(event.seconds);
    else if (event.type === "rehearsal.over") toast(event.text);
    else tell(event);
  }

  // --- the cut line -----------------------------------------------------------------------------

  function cut(seconds) {
    if (!stage || stage.dataset.publishing !== "true") return;
    const note = document.querySelector("[data-cut]");
    const since = performance.now();
    note.hidden = false;
    stage.dispatchEvent(new CustomEvent("publish:stop"));
    setTimeout(() => stage.dispatchEvent(new CustomEvent("publish:start")), seconds * 1000);
    stage.addEventListener("publish:open", () => {
      note.hidden = true;
      post(element.dataset.measure, { back: ((performance.now() - since) / 1000).toFixed(1) });
    }, { once: true });
  }

  // --- light, sound, uplink ---------------------------------------------------------------------

  const post = (to, fields) => send(to, { data: new URLSearchParams(fields) }).catch(() => {});
  let loud = 0;
  let health = { kbps: 0, health: "off" };
  stage?.addEventListener("publish:health", ({ detail }) => { health = detail; });
  setInterval(() => { loud = Math.max(loud, stage?.querySelector("[data-camera-level]")?.value ?? 0); }, 200);
  setInterval(() => {
    const light = luminance(stage?.querySelector("[data-camera-preview]"));
    if (light === null || health.health === "off") return;
    const line = ["poor", "fair", "good"].indexOf(health.health);
    post(element.dataset.measure, { light: light.toFixed(1), loud: loud.toFixed(3), kbps: health.kbps, line });
    loud = 0;
  }, MEASURE);

  // --- what the crew says -----------------------------------------------------------------------

  document.getElementById("chat")?.addEventListener("chat:reply", ({ detail }) => { replyTo = detail?.id ?? null; });
  // Before the chat itself hears of it: here it goes to the rehearsal, not to the room.
  document.addEventListener("submit", async (event) => {
    if (event.target !== form) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const input = form.querySelector("[data-chat-input]");
    const text = input.value.trim();
    if (!text) return;
    const complaint = form.querySelector("[data-chat-error]");
    const fields = { do: "say", text, ...(replyTo ? { reply_to: replyTo } : {}) };
    try {
      const { events } = await sendJson(element.dataset.chat, { data: new URLSearchParams(fields) });
      events.forEach(tell);
      input.value = "";
      input.dispatchEvent(new Event("input", { bubbles: true }));
      document.getElementById("chat").dispatchEvent(new CustomEvent("chat:reply", { detail: null }));
      tell({ type: "question.changed" });
    } catch (refusal) {
      complaint.textContent = refusal.message;
      complaint.hidden = false;
    }
  }, true);

  ask();
}

// How light a picture is, 0 to 255; null while there is none.
function luminance(video) {
  if (!video?.videoWidth) return null;
  luminance.canvas ??= Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
  const pen = luminance.canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(video, 0, 0, SIZE, SIZE);
  const { data } = pen.getImageData(0, 0, SIZE, SIZE);
  let sum = 0;
  for (let place = 0; place < data.length; place += 4) {
    sum += 0.2126 * data[place] + 0.7152 * data[place + 1] + 0.0722 * data[place + 2];
  }
  return sum / (SIZE * SIZE);
}
