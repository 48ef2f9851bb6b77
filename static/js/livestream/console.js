// The console's keys and its small tools. Every key presses a button that is on the page, so it can
// do nothing that a finger could not. Keys rest while somebody types or a dialog is open.
import { again } from "guitai/livestream/again";
import { hear } from "guitai/livestream/socket";

const OVER = new Set(["ended", "expired", "cancelled", "banned"]);

export default function start(element) {
  document.addEventListener("keydown", (event) => {
    if (element.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "/") {
      event.preventDefault();
      element.querySelector("[data-chat-input]").focus();
      return;
    }
    const name = event.key.toLowerCase();
    const button = name === "m"
      ? element.querySelector("[data-camera-mute]")
      : element.querySelector(`[data-key="${CSS.escape(name)}"]`);
    if (!button || event.repeat) return;
    event.preventDefault();
    button.click();
  });

  element.addEventListener("click", ({ target }) => {
    const opener = target.closest("[data-open-tool]");
    if (!opener) return;
    const tool = document.getElementById(opener.dataset.openTool);
    if (!tool) return; // not on air
    const brings = opener.matches("a"); // the phone's dock: its sheet comes up with the tool open
    for (const other of element.querySelectorAll(".cs-tool")) other.hidden = other !== tool || (!brings && !other.hidden);
    if (tool.hidden) return;
    const field = tool.querySelector("select, input:not([type=hidden]), a");
    if (!brings) field?.focus();
    else setTimeout(() => { // once the sheet is there
      field?.focus({ preventScroll: true });
      tool.scrollIntoView({ block: "nearest" });
    }, 50);
  });

  // News bring fresh panels at any moment: a tool that somebody is using stays as it is, who works by
  // keyboard stays where she was, and so does a list that was scrolled.
  let asker = null;
  document.addEventListener("htmx:beforeSwap", ({ detail }) => { asker = detail.requestConfig.elt; });
  element.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    keepPlace(detail.target);
    const tool = element.querySelector(".cs-tool:not([hidden])");
    if (!tool || tool.contains(asker)) return;
    if (!tool.querySelector("select, textarea, input:not([type=hidden])")) { // nothing typed to keep
      detail.fragment.querySelector(`#${tool.id}`)?.removeAttribute("hidden");
      return;
    }
    detail.fragment.querySelector(`#${tool.id}`)?.setAttribute("hx-preserve", "true");
    const active = document.activeElement;
    if (tool.contains(active)) queueMicrotask(() => active.focus());
  });

  function keepPlace(panel) {
    const { activeElement: active } = document;
    const held = panel.contains(active) ? active.id : "";
    const scrolled = panel.querySelector("[data-keep-scroll]")?.scrollTop ?? 0;
    queueMicrotask(() => {
      const list = panel.querySelector("[data-keep-scroll]");
      if (list) list.scrollTop = scrolled;
      if (held && document.activeElement === document.body) {
        document.getElementById(held)?.focus({ preventScroll: true });
      }
    });
  }

  // News bring fresh forms, which htmx takes up a moment later. Whoever presses in that moment must
  // not leave the page, and the camera with it.
  element.addEventListener("click", ({ target }) => {
    const form = target.closest("form[hx-post]");
    if (form) window.htmx.process(form);
  }, true);

  // Turned on and off without leaving: whoever films goes on filming.
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.successful || !detail.elt.closest?.("[data-keys-switch]")) return;
    const now = element.dataset.keys === "off" ? "on" : "off";
    element.dataset.keys = now;
    for (const part of document.querySelectorAll("#keys [data-keys-are]")) part.hidden = part.dataset.keysAre !== now;
    document.querySelector("#keys [data-keys-switch] button:not([hidden])").focus();
  });
  // The list of keys names those that do something now.
  element.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-dialog-open=keys]")) return;
    for (const row of document.querySelectorAll("#keys [data-of]")) {
      row.hidden = !element.querySelector(row.dataset.of);
    }
  });

  // What ends before its time asks first: the button's form is sent by the dialog's.
  const ask = document.getElementById("ask");
  let asked = null;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-ask]");
    if (!button || button === asked) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    asked = button;
    ask.querySelector("[data-ask-text]").textContent = button.dataset.ask;
    ask.querySelector("[data-ask-go]").textContent = button.textContent;
    ask.showModal();
  }, true);
  ask?.querySelector("[data-ask-go]").addEventListener("click", () => {
    const button = document.getElementById(asked?.id); // news may have brought it anew
    asked = button;
    ask.close();
    button?.click();
    asked = null;
  });
  ask?.addEventListener("close", () => { asked = null; });

  const prompt = element.querySelector("[data-prompt]");
  const turner = element.querySelector("[data-prompt-toggle]");
  function showPrompt(on) {
    prompt.hidden = !on;
    turner.setAttribute("aria-pressed", String(on));
  }
  turner?.addEventListener("click", () => {
    showPrompt(prompt.hidden);
    try {
      localStorage.setItem("prompter", prompt.hidden ? "" : "on");
    } catch {
      // storage is off: it is as she set it until the page goes
    }
  });
  try {
    if (turner) showPrompt(localStorage.getItem("prompter") === "on");
  } catch {
    // storage is off
  }

  const words = element.querySelector("[data-health-words]");
  element.addEventListener("publish:health", ({ detail }) => {
    const spoken = element.querySelector("[data-publish-health]")?.textContent ?? "";
    const rate = detail.kbps ? ` ${(detail.kbps / 1000).toFixed(1)} Mbps` : "";
    words.textContent = `${spoken}${rate}`;
    words.parentElement.classList.toggle("is-weak", detail.health !== "good");
  });

  // Starting, pausing and ending in another window, or by the clock, are another page. Nobody is
  // filmed while it loads: a show that is over lets the camera go first.
  function move({ state }) {
    const kinds = (name) => (name === "interrupted" ? "live" : name);
    if (kinds(state) === kinds(element.dataset.state)) {
      element.dataset.state = state;
      return;
    }
    element.dataset.state = state;
    if (OVER.has(state)) element.querySelector("[data-publish]")?.dispatchEvent(new CustomEvent("publish:end"));
    again();
  }
  hear("room.moved", move);
  // Who films goes on filming. Whoever may film from now on is offered it: no camera opens by itself.
  hear("crew.changed", ({ host, backup }) => {
    const offer = element.querySelector("[data-crew]");
    if (offer) offer.hidden = ![host, backup].includes(Number(element.dataset.me));
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful) detail.elt.closest("#handover")?.close();
  });
  hear("room.state", (now) => element.dataset.state !== "rehearsing" && move(now)); // shoppers know of none
  element.addEventListener("publish:over", () => {
    if (!OVER.has(element.dataset.state)) again(); // the picture's socket knew it first
  });
}
