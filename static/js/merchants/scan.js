// A scanner types into one field and ends with Enter; every scan is booked in order, once.
//
//   <div data-module="merchants/scan" data-whose="7" data-target="#place" data-waiting="The network is down. …">
//     <… data-scan>  [name=code] [data-scan-waiting] [data-scan-camera]   a form, or fields of one elsewhere (form="list")
//       <p data-scan-missed hidden> <b> <button>   codes that were refused, once the answer to the next has taken
//                                             their sentence away: who scans does not look up between two
//     <dialog data-scan-dialog> …             the camera's: see barcode.js
//     <div id="place"> …                      filled anew by the answer of each scan; the place itself stays,
//                                             for a button in it may have been pressed meanwhile
//       <form data-press action="…">          each press of its button is one more, as a scan is
//       <form id="list"> [data-press]         …; a form that goes along with each scan, as it stands by then
//
// What is typed or pressed goes into a queue that outlives a reload: this person's at this store, and
// nobody else's. Each has its own key, so that the server books it once however often it is sent;
// while the network is down it waits at the head of the queue.
import camera from "guitai/merchants/barcode";
import { sentenceFor } from "guitai/request";
import { toast } from "guitai/toast";

const PATIENCE = [500, 1000, 2000, 4000];
const LATER = [502, 503, 504]; // nobody is at home just now
const HAND = 50; // ms between two keys: no hand is as quick as a scanner
const SHORTEST = 6; // letters of a code that a scanner types
const CODE = /\p{Nd}/u; // a word without a digit was typed by hand to look something up

export default function start(part) {
  const panel = part.querySelector("[data-scan]");
  const field = panel.querySelector("[name=code]");
  const waiting = panel.querySelector("[data-scan-waiting]");
  const missed = panel.querySelector("[data-scan-missed]");
  let refused = ""; // the code whose sentence the place shows now
  const apart = !panel.matches("form"); // the form is in the place, and comes anew with each answer
  const store = apart ? "" : field.form.elements.store?.value ?? "";
  const place = `scan:${part.dataset.whose}:${store}:${field.form.action}`;
  const queue = JSON.parse(sessionStorage.getItem(place) ?? "[]");
  let running = false;

  function keep(sentence = "") {
    sessionStorage.setItem(place, JSON.stringify(queue));
    const rest = queue.length > 1 || sentence ? String(queue.length) : "";
    waiting.textContent = [sentence, rest].filter(Boolean).join(" ");
    panel.dataset.waiting = String(queue.length);
  }

  function take(code) {
    const text = code.trim();
    if (text) add(field.form, { code: text });
  }

  // A form as it stands now: the page may be another one when its turn comes. The list's alone is
  // read when its turn has come, for the answer to the scan before is part of it.
  function add(from, more) {
    const fields = apart ? more : { ...Object.fromEntries(new FormData(from)), ...more };
    fields.form_key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    delete fields.csrfmiddlewaretoken;
    queue.push({ to: from.action, fields, late: apart });
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
      const { fields, no } = queue.shift();
      keep();
      if (!html) continue;
      htmx.swap(part.dataset.target, html, { swapStyle: htmx.config.defaultSwapStyle, swapDelay: 0, settleDelay: 0 });
      gone(refused);
      refused = no && CODE.test(fields.code) ? fields.code : "";
      if (fields.go) part.querySelector('[aria-invalid="true"]')?.focus();
    }
    running = false;
  }

  function gone(code) {
    if (!code) return;
    const list = missed.querySelector("b");
    list.textContent = [list.textContent, code].filter(Boolean).join(", ");
    missed.hidden = false;
  }

  // What is sent. Once it may have been moved it stays as it was sent, whatever is typed meanwhile.
  function written(item) {
    if (!item.late) return item.fields;
    const fields = { ...Object.fromEntries(new FormData(field.form)), ...item.fields };
    delete fields.csrfmiddlewaretoken;
    if (fields.go) {
      Object.assign(item, { fields, late: false });
      keep();
    }
    return fields;
  }

  // The answer's HTML, empty if it was refused for good; null if it has to be asked again.
  async function booked(item) {
    const data = new FormData();
    for (const [name, value] of Object.entries(written(item))) data.set(name, value);
    data.set("csrfmiddlewaretoken", field.form.elements.csrfmiddlewaretoken.value);
    try {
      const answer = await fetch(item.to, {
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
      if (answer.ok || [409, 422].includes(answer.status)) {
        item.no = !answer.ok;
        said(answer.headers.get("HX-Trigger"));
        return await answer.text();
      }
      if (LATER.includes(answer.status)) return null;
      toast([item.fields.code, sentenceFor(answer.status)].filter(Boolean).join(": "), { icon: "warn" });
      return "";
    } catch {
      return null;
    }
  }

  // Before the form itself, busy or htmx hear of it: the page comes anew while she still presses.
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (!part.contains(form)) return;
    const scanned = form === field.form && (!submitter || panel.contains(submitter));
    const pressed = form.matches("[data-press]") || submitter?.matches("[data-press]");
    if (!scanned && !pressed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (pressed) {
      add(form, submitter?.name ? { code: "", [submitter.name]: submitter.value } : {});
      return;
    }
    take(field.value);
    field.value = "";
    field.focus();
  }, true);
  // A scanner does not look where the focus is.
  missed.querySelector("button").addEventListener("click", () => {
    missed.querySelector("b").textContent = "";
    missed.hidden = true;
    field.focus();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    if (event.key !== " ") field.focus();
  });
  strayed(part, field, take);
  camera(part, panel, take);
  if (queue.length) run();
}

// What the server says beside the page, as htmx would pass it on.
function said(header) {
  for (const [name, detail] of Object.entries(JSON.parse(header ?? "{}"))) {
    document.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

// What a scanner typed into a number is taken out of it again, and is a scan.
function strayed(part, field, take) {
  let burst = "";
  let before = "";
  let last = 0;
  part.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!input.matches("input.s-count")) return;
    if (event.timeStamp - last > HAND) {
      burst = "";
      before = input.value;
    }
    last = event.timeStamp;
    if (event.key.length === 1) burst += event.key;
    if (event.key !== "Enter" || burst.length < SHORTEST) return;
    event.preventDefault();
    input.value = before;
    if (before !== input.defaultValue) input.dispatchEvent(new Event("change", { bubbles: true }));
    field.focus(); // the next scan may come before the answer to this one
    take(burst);
    burst = "";
  }, true);
}
