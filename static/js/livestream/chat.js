// The chat of a room, for shoppers and for the console. A page may hold several.
//
//   <section data-module="livestream/chat" data-longest="300"
//            data-too-long="…" data-empty="…" data-offline="…"      sentences beside the field
//            data-one="1 new message" data-many="%(count)s new messages" data-gap="…" data-waits="…"
//            data-reply="Reply to %(name)s">
//     <p data-chat-pinned hidden><span data-text></span></p>
//     <div role="log" aria-live="polite" aria-label="…" tabindex="0" data-chat-scroll>
//       <ol data-chat-lines><li data-id="17">…</li></ol>           what the server wrote comes first
//     </div>
//     <button type="button" data-chat-more hidden></button>          back to the newest
//     <button type="button" data-chat-pause aria-pressed="false">…   stop reading aloud (optional)
//     <p class="vh" role="status" data-chat-status></p>              read aloud, at most every 2 s
//     <form data-chat-form>
//       <p data-reply-bar hidden><span data-reply-to></span><button type="button" data-reply-drop>…
//       <input data-chat-input aria-describedby="…"> <button>…</button>
//       <p data-chat-error hidden></p>                               what was refused, and why
//       <p data-chat-waits role="status" hidden></p>                 it waits for approval (optional)
//     </form>
//     <form data-nickname-form action="{% url 'watch:nickname' %}" hidden>
//       <input name="nickname"> <button>…</button> <p data-nickname-error hidden></p>
//     </form>
//     <p data-chat-closed hidden>…</p>                               shown while guests are muted
//   </section>
//   <template id="chat-line"><li><q data-reply hidden></q><b data-name></b><span data-badge hidden></span>
//     <span data-only-he hidden></span><span data-text></span></li></template>
//                                                                    data-host, data-staff, data-regular
//                                                                    on the template: words of the badges
//   <template id="chat-notice"><li class="notice"><b data-name></b> <span data-text></span></li></template>
//   <template id="chat-system"><li class="sys">… <span data-text></span></li></template>
//   <template id="chat-sale" data-one="%(name)s bought %(product)s" data-some="… %(count)s …"
//             data-mixed="…">like chat-system</template>   several buyers; of several goods
//
// Whoever dispatches `chat:reply` with {id, name} on the section makes the next line an answer to that.
//
// Lines get the class of their badge ("host", "staff", "regular") and data-id; they are put in the
// order of ids, so one that comes late or twice does no harm. What was typed stays in the field until
// the server has it: `chat.accepted` clears it, `error` explains. Nothing here is ever read as HTML.
import { connectionState, hear, renew, say } from "guitai/livestream/socket";
import { sendJson } from "guitai/request";

const MOST_LINES = 200;
const ALOUD = 2000; // ms between two announcements
const A_FEW = 2; // lines that are read out; more are counted
const NEAR = 60; // px from the end that still count as reading the newest

export default function start(element) {
  const find = (name) => element.querySelector(`[data-${name}]`);
  const lines = find("chat-lines");
  const scroll = find("chat-scroll") ?? lines;
  const more = find("chat-more");
  const form = find("chat-form");
  const input = find("chat-input");
  const nicknameForm = find("nickname-form");
  const known = new Set();
  let aloud = [];
  let unseen = 0;
  let pending = null; // {text, key, reply_to} on its way
  let answering = null; // the id of the line that the next one answers
  let name = null;
  let staff = false;
  let seated = false; // the server has said who we are

  for (const item of lines.children) if (item.dataset.id) known.add(Number(item.dataset.id));
  find("chat-scroll")?.setAttribute("aria-live", "off"); // from here on data-chat-status speaks

  // --- reading ---------------------------------------------------------------------------------

  function isAtEnd() {
    return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
  }

  function toEnd() {
    scroll.scrollTop = scroll.scrollHeight;
    unseen = 0;
    if (more) more.hidden = true;
  }

  function put(item, id) {
    const stay = isAtEnd();
    let after = lines.lastElementChild;
    while (id && after && Number(after.dataset.id ?? 0) > id) after = after.previousElementSibling;
    if (after) after.after(item);
    else lines.prepend(item);
    while (lines.childElementCount > MOST_LINES) lines.firstElementChild.remove();
    if (stay) return toEnd();
    unseen += 1;
    if (more) {
      more.textContent = count(unseen);
      more.hidden = false;
    }
  }

  function count(number) {
    const { one, many } = element.dataset;
    return (number === 1 ? one : many)?.replace("%(count)s", number) ?? "";
  }

  function addLine(event) {
    if (known.has(event.id)) return;
    known.add(event.id);
    const item = event.kind === "say" ? spoken(event) : system(event.text, `chat-${event.kind}`);
    item.dataset.id = event.id;
    put(item, event.id);
    aloud.push(event.name ? `${event.name}: ${event.text}` : event.text);
  }

  function spoken(event) {
    const template = document.getElementById("chat-line");
    const item = template.content.firstElementChild.cloneNode(true);
    item.querySelector("[data-name]").textContent = event.name;
    item.querySelector("[data-text]").textContent = event.text;
    const badge = item.querySelector("[data-badge]");
    if (event.badge && badge) {
      badge.textContent = template.dataset[event.badge] ?? "";
      badge.hidden = !badge.textContent;
      badge.classList.add(`tag--${event.badge}`);
    }
    if (event.badge) item.classList.add(event.badge);
    if (event.asks) item.classList.add("q");
    const quoted = item.querySelector("[data-reply]");
    if (event.reply && quoted) {
      quoted.textContent = `${event.reply.name}: ${event.reply.text}`;
      quoted.dataset.reply = event.reply.id;
      quoted.hidden = false;
    }
    const onlyHe = item.querySelector("[data-only-he]");
    if (onlyHe) onlyHe.hidden = !event.shadowed;
    item.classList.toggle("shadowed", Boolean(event.shadowed));
    return item;
  }

  function system(text, id = "chat-system") {
    const template = document.getElementById(id) ?? document.getElementById("chat-system");
    const item = template.content.firstElementChild.cloneNode(true);
    item.querySelector("[data-text]").textContent = text;
    return item;
  }

  function announce() {
    const news = aloud;
    aloud = [];
    const status = find("chat-status");
    if (!status || !news.length || find("chat-pause")?.getAttribute("aria-pressed") === "true") return;
    status.textContent = news.length <= A_FEW ? news.join(". ") : count(news.length);
  }

  function showPinned(text) {
    const place = find("chat-pinned");
    if (!place) return;
    (place.querySelector("[data-text]") ?? place).textContent = text;
    place.hidden = !text;
  }

  function showMuted(muted) {
    const closed = find("chat-closed");
    if (closed) closed.hidden = staff || !muted;
    if (form && !("over" in form.dataset)) form.hidden = !staff && muted && Boolean(closed);
  }

  // --- talking ---------------------------------------------------------------------------------

  function complain(sentence) {
    const place = find("chat-error");
    if (!place) return;
    place.textContent = sentence ?? "";
    place.hidden = !sentence;
    input.toggleAttribute("aria-invalid", Boolean(sentence));
    if (sentence) input.setAttribute("aria-invalid", "true");
  }

  function submit() {
    const text = input.value.trim();
    if (!text) return complain(element.dataset.empty);
    if ([...text].length > Number(element.dataset.longest ?? 300)) return complain(element.dataset.tooLong);
    if (pending?.text !== text) pending = { text, key: makeKey(), reply_to: answering };
    if (staff || name !== null || connectionState() !== "open") return deliver();
    if (seated) return askName();
    form.setAttribute("aria-busy", "true"); // it goes out with the seat: she may have a name
  }

  function deliver() {
    if (!pending) return;
    form.setAttribute("aria-busy", "true");
    // Without a connection it waits: the same key goes out when the line is back, and is said once.
    if (say({ type: "chat.say", ...pending })) complain("");
    else complain(element.dataset.offline);
  }

  // What was typed outlives a reload: the page loads itself again when the show begins or ends.
  function write(text) {
    input.value = text;
    keep();
  }

  function keep() {
    try {
      sessionStorage.setItem(`draft:${location.pathname}:${input.id}`, input.value);
    } catch {
      // storage is off: nothing to keep it in
    }
  }

  function restore() {
    try {
      input.value ||= sessionStorage.getItem(`draft:${location.pathname}:${input.id}`) ?? "";
    } catch {
      // storage is off
    }
  }

  function settle() {
    pending = null;
    form.removeAttribute("aria-busy");
  }

  function answer(line) {
    const bar = find("reply-bar");
    if (!bar) return;
    answering = line?.id ?? null;
    bar.hidden = !line;
    find("reply-to").textContent = line ? (element.dataset.reply ?? "").replace("%(name)s", line.name) : "";
    if (line) input.focus();
  }

  function accepted(event, waits = "") {
    if (!pending || event.key !== pending.key) return;
    if (input.value.trim() === pending.text) write("");
    complain("");
    answer(null);
    settle();
    toEnd();
    showWaits(waits);
  }

  function showWaits(sentence) {
    const place = find("chat-waits");
    if (!place) return;
    place.textContent = sentence;
    place.hidden = !sentence;
  }

  function refused(event) {
    if (!pending || (event.key && event.key !== pending.key)) return;
    if (event.code === "nickname") {
      form.removeAttribute("aria-busy");
      return askName();
    }
    if (event.code === "name_taken" && nicknameForm) { // the line waits for the new name
      form.removeAttribute("aria-busy");
      complain(event.text);
      return askName();
    }
    settle();
    if (event.code === "bad_reply") answer(null);
    complain(event.text);
    input.focus();
  }

  function askName() {
    if (!nicknameForm) return;
    nicknameForm.hidden = false;
    nicknameForm.elements.nickname.focus();
  }

  async function takeName() {
    const place = find("nickname-error");
    try {
      const answer = await sendJson(nicknameForm.action, { data: new FormData(nicknameForm) });
      name = answer.nickname;
    } catch (refusal) {
      if (place) {
        place.textContent = refusal.message;
        place.hidden = false;
      }
      return;
    }
    if (place) place.hidden = true;
    nicknameForm.hidden = true;
    input.focus();
    renew(); // with the session that knows the name; what waits goes out when the seat is taken
  }

  // --- wiring ----------------------------------------------------------------------------------

  hear("chat.said", addLine);
  hear("chat.hidden", ({ id }) => {
    lines.querySelector(`[data-id="${Number(id)}"]`)?.remove();
    for (const quote of lines.querySelectorAll(`[data-reply="${Number(id)}"]`)) quote.remove();
  });
  hear("chat.gap", () => { lines.replaceChildren(); known.clear(); put(system(element.dataset.gap ?? "")); });
  hear("chat.muted", ({ muted }) => showMuted(muted));
  hear("note.pinned", ({ text }) => showPinned(text));
  hear("room.state", (state) => {
    showPinned(state.pinned ?? "");
    if ("muted" in state) showMuted(state.muted);
  });
  hear("sale.made", (sale) => {
    const { one, some, mixed } = document.getElementById("chat-sale")?.dataset ?? {};
    if (!one) return;
    const parts = { name: sale.name, product: sale.product, count: sale.buyers };
    const sentence = sale.buyers === 1 ? one : sale.products === 1 ? some : mixed;
    put(system(sentence.replace(/%\((\w+)\)s/g, (_, part) => parts[part]), "chat-sale"));
  });
  hear("seat.taken", (seat) => {
    ({ name, staff } = seat);
    seated = true;
    if (!nicknameForm || nicknameForm.hidden) deliver();
  });
  hear("connection", ({ state }) => {
    if (!pending || seated || state === "open") return;
    form.removeAttribute("aria-busy");
    complain(element.dataset.offline); // what she said waits in the field
  });
  document.addEventListener("nickname:taken", ({ detail }) => {
    ({ name } = detail);
    if (nicknameForm) nicknameForm.hidden = true; // what waits goes out when the seat is taken anew
  });
  hear("chat.accepted", (event) => accepted(event));
  hear("chat.waits", (event) => accepted(event, element.dataset.waits));
  hear("error", refused);
  setInterval(announce, ALOUD);
  element.addEventListener("chat:reply", ({ detail }) => answer(detail));
  find("reply-drop")?.addEventListener("click", () => { answer(null); input.focus(); });

  form?.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  input?.addEventListener("input", () => { complain(""); showWaits(""); keep(); });
  nicknameForm?.addEventListener("submit", (event) => { event.preventDefault(); takeName(); });
  more?.addEventListener("click", toEnd);
  scroll.addEventListener("scroll", () => { if (unseen && isAtEnd()) toEnd(); }, { passive: true });
  find("chat-pause")?.addEventListener("click", ({ currentTarget }) => {
    const paused = currentTarget.getAttribute("aria-pressed") !== "true";
    currentTarget.setAttribute("aria-pressed", String(paused));
  });
  if (input) restore();
  toEnd();
}

// crypto.randomUUID exists only in secure contexts; a shop's first evening may be plain HTTP in a LAN.
function makeKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
