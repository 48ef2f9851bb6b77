// What staff may do in the chat: reply to a line, pin it, take it away, silence who wrote it, let through
// what waits, answer what is asked.
//
//   <section data-module="livestream/chat livestream/moderation" data-moderate="/…/console/chat/">
//     <button data-show="all|asked|sold">                    what the panel shows: its data-tab
//     <ol data-chat-lines>…</ol>                             a line is chosen with a click or the arrows
//     <li data-question="7"><button data-question-act="reply|answered|aside|leave">
//     <li data-held="9"><button data-held-act="approve|dismiss|guest">
//     <button data-quick>text</button>                       puts it into the field
//   </section>
//   <template id="chat-tools"><span><button data-act="reply|pin|hide|guest">…</span></template>
//   <dialog id="guest">… <button data-measure="mute" data-minutes="5">
//   <dialog id="chat-pace"><form data-pace>…</form> <div data-mute><button data-act="mute|unmute">
import { hear } from "guitai/livestream/socket";
import { send } from "guitai/request";

const LINE = "li[data-id]:not(.sys)";

export default function start(element) {
  const lines = element.querySelector("[data-chat-lines]");
  const log = element.querySelector("[data-chat-scroll]");
  const form = element.querySelector("[data-chat-form]");
  const input = element.querySelector("[data-chat-input]");
  const complaint = element.querySelector("[data-chat-error]");
  const tools = document.getElementById("chat-tools").content.firstElementChild;
  const guest = document.getElementById("guest");
  const pace = document.getElementById("chat-pace");
  let culprit = null; // {message: id} or {held: id}, while the dialog about a guest is open

  const act = (fields) => send(element.dataset.moderate, { data: new URLSearchParams(fields) });

  async function attempt(button, fields, place = complaint) {
    place.hidden = true;
    button.disabled = true;
    try {
      await act(fields);
      return true;
    } catch (refusal) {
      place.textContent = refusal.message;
      place.hidden = false;
      return false;
    } finally {
      button.disabled = false;
    }
  }

  // --- a line is chosen ------------------------------------------------------------------------

  function choose(item) {
    for (const other of lines.querySelectorAll(".sel")) {
      other.classList.remove("sel");
      other.querySelector(".cs-mod")?.remove();
    }
    if (!item) return;
    item.classList.add("sel");
    const mine = tools.cloneNode(true);
    // Nobody else sees a shadowed line, so nobody must read an answer to it; after the show there is none.
    if (item.matches(".shadowed") || form.hidden) mine.querySelector("[data-act=reply]").remove();
    if (item.matches(".notice")) for (const act of ["reply", "guest"]) mine.querySelector(`[data-act=${act}]`)?.remove();
    item.append(mine);
    item.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = [...lines.querySelectorAll(LINE)];
    const at = all.findIndex((item) => item.classList.contains("sel"));
    choose(all.at(at === -1 ? -1 : Math.min(Math.max(at + by, 0), all.length - 1)));
  }

  const said = (item) => ({
    id: Number(item.dataset.id),
    name: item.querySelector("[data-name]").textContent,
  });

  async function onLine(button, item) {
    const message = item.dataset.id;
    switch (button.dataset.act) {
      case "reply":
        reply(said(item));
        return choose(null);
      case "pin":
        return (await attempt(button, { do: "pin", message })) && choose(null);
      case "hide":
        if (await attempt(button, { do: "hide", message })) item.remove(); // the socket says so too
        return;
      case "guest":
        return accuse({ message }, said(item).name);
    }
  }

  const reply = (line) => element.dispatchEvent(new CustomEvent("chat:reply", { detail: line }));

  // --- who wrote it ----------------------------------------------------------------------------

  function accuse(who, name) {
    culprit = who;
    guest.querySelector("[data-guest-name]").textContent = name;
    guest.querySelector("[data-guest-trouble]").hidden = true;
    guest.showModal();
  }

  guest.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-measure]");
    if (!button) return;
    const fields = { do: "sanction", measure: button.dataset.measure, ...culprit };
    if (button.dataset.minutes) fields.minutes = button.dataset.minutes;
    if (!(await attempt(button, fields, guest.querySelector("[data-guest-trouble]")))) return;
    if (culprit.held) await act({ do: "dismiss", held: culprit.held }).catch(() => {});
    guest.close();
    choose(null);
  });

  // --- what waits, what is asked ---------------------------------------------------------------

  function onHeld(button, item) {
    const { held } = item.dataset;
    if (button.dataset.heldAct === "guest") {
      accuse({ held }, item.querySelector("[data-name]").textContent);
    } else attempt(button, { do: button.dataset.heldAct, held });
  }

  async function onQuestion(button, item) {
    const { question } = item.dataset;
    if (button.dataset.questionAct !== "reply") {
      return attempt(button, { do: button.dataset.questionAct, question });
    }
    reply({ id: Number(button.dataset.line), name: button.dataset.name }); // she may type at once
    if (!(await attempt(button, { do: "take", question }))) reply(null); // a colleague has it
  }

  function show(tab) {
    element.dataset.tab = tab;
    for (const button of element.querySelectorAll("[data-show]")) {
      button.setAttribute("aria-pressed", String(button.dataset.show === tab));
    }
    if (tab !== "asked") log.scrollTop = log.scrollHeight;
  }

  // --- how freely guests write -----------------------------------------------------------------

  function showMuted(muted) {
    for (const button of pace?.querySelectorAll("[data-mute] [data-act]") ?? []) {
      button.hidden = (button.dataset.act === "mute") === muted;
    }
  }

  pace?.querySelector("[data-pace]").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const fields = { do: "pace", ...Object.fromEntries(new FormData(form)) };
    const trouble = form.querySelector("[data-pace-trouble]");
    if (await attempt(event.submitter, fields, trouble)) pace.close();
  });
  // A colleague has set it: what stands in this form is what holds.
  function showPace({ slow, holds }) {
    const fields = pace?.querySelector("[data-pace]").elements;
    if (!fields) return;
    fields.slow_seconds.value = slow;
    fields.holds_chat.checked = holds;
  }
  hear("chat.paced", showPace);
  pace?.querySelector("[data-mute]").addEventListener("click", ({ target }) => {
    const button = target.closest("[data-act]");
    if (button) attempt(button, { do: button.dataset.act }, pace.querySelector("[data-pace-trouble]"));
  });

  // --- wiring ----------------------------------------------------------------------------------

  element.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    const item = target.closest("li");
    if (button?.dataset.show) return show(button.dataset.show);
    if (button?.matches("[data-unpin]")) return attempt(button, { do: "unpin" });
    if (button?.matches("[data-quick]")) {
      input.value = button.textContent;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      return input.focus();
    }
    if (button?.dataset.questionAct) return onQuestion(button, item);
    if (button?.dataset.heldAct) return onHeld(button, item);
    if (button?.dataset.act) return onLine(button, item);
    if (item?.matches(LINE) && lines.contains(item)) choose(item.matches(".sel") ? null : item);
  });
  log.addEventListener("keydown", (event) => {
    if (event.target !== log) return;
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by) {
      event.preventDefault();
      step(by);
    } else if (event.key === "Enter") {
      event.preventDefault(); // or it would press the button that it only brings us to
      lines.querySelector(".sel .cs-mod button")?.focus();
    } else if (event.key === "Escape") choose(null);
  });
  lines.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    choose(null);
    log.focus();
  });
  hear("chat.muted", ({ muted }) => showMuted(muted));
  hear("room.state", (now) => {
    showMuted(Boolean(now.muted));
    if (!pace?.open) showPace(now); // set while the line was down; what she is setting now stays
  });
}
