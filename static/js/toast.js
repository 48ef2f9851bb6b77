// The dark chip at the bottom: results only, errors stand next to their cause.
//
//   import { toast } from "guitai/toast";
//   toast("Saved");
//   toast("Now showing Keemun", { undo: { label: "Undo", run: () => … } });
//
// The server says one with the header  HX-Trigger: {"toast": "Saved"}  or
// {"toast": {"text": "Removed", "icon": "check", "undo": "/address/to/post/"}}.
// Once that is posted the document hears "undone".
import { send } from "guitai/request";
import { word } from "guitai/words";

const LIFE = 6000;
const LIFE_WITH_UNDO = 10000;
const MOST = 2;

export function toast(text, { icon = "check", undo = null } = {}) {
  const list = document.querySelector("[data-toasts]");
  const template = document.getElementById("toast-template");
  if (!list || !template || !text) return;
  const item = template.content.cloneNode(true).querySelector(".toast");
  const use = item.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, `#i-${icon}`));
  item.querySelector("[data-text]").textContent = text;
  const button = item.querySelector("button");
  if (undo) {
    button.textContent = undo.label || word("undo");
    button.addEventListener("click", () => { item.remove(); undo.run(); });
  } else {
    button.remove();
  }
  show(list, item, undo ? LIFE_WITH_UNDO : LIFE);
}

function show(list, item, life) {
  // What lies outside an open modal dialog is inert and below it: the list moves in.
  const dialog = [...document.querySelectorAll("dialog[open]")].filter((one) => one.matches(":modal")).pop();
  (dialog ?? document.body).append(list);
  list.append(item);
  while (list.children.length > MOST) list.firstElementChild.remove();
  expire(item, life);
}

function expire(item, life) {
  let timer = setTimeout(() => item.remove(), life);
  const hold = () => clearTimeout(timer);
  const release = () => { hold(); timer = setTimeout(() => item.remove(), life / 2); };
  item.addEventListener("pointerenter", hold);
  item.addEventListener("focusin", hold);
  item.addEventListener("pointerleave", release);
  item.addEventListener("focusout", release);
}

document.addEventListener("toast", ({ detail }) => {
  const said = detail.value ?? detail;
  if (typeof said === "string") return toast(said);
  const { text, icon, undo } = said;
  toast(text, {
    icon,
    undo: undo ? { run: () => send(undo).then(
      () => document.dispatchEvent(new CustomEvent("undone")),
      (no) => toast(no.message, { icon: "warn" }),
    ) } : null,
  });
});
document.addEventListener("close", ({ target }) => {
  const list = target.querySelector?.("[data-toasts]");
  if (list) document.body.append(list);
}, true);

// The list itself: what the server had to say when it wrote the page fades like the rest.
export default function start(list) {
  for (const item of list.querySelectorAll(".toast")) {
    item.querySelector("button")?.addEventListener("click", () => item.remove());
    expire(item, LIFE_WITH_UNDO);
  }
}
