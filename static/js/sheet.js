// Sheets: tasks that slide over the page, so that a playing video never stops.
//
// A sheet is a <dialog> that the page already holds (templates/shells/_sheet.html writes one):
//
//   <dialog class="sheet" id="goods" data-sheet aria-label="…">
//     <div class="sheet__content" data-sheet-content></div>
//     <template data-sheet-waiting> … what stands there while it loads … </template>
//   </dialog>
//
// Openers are links. Before JavaScript they lead to a whole page (or to #goods, shown by :target):
//
//   <a href="/s/tea/p/7/" data-sheet-open="goods">      loads that address into the sheet: the view
//                                                       answers the fragment when request.htmx
//   <a href="#goods" data-sheet-open="goods">           opens what is already inside
//   <button data-sheet-open="goods" hx-get="…" hx-target="#goods [data-sheet-content]">
//                                                       htmx loads, the sheet only opens
//
// Inside: [data-sheet-close] closes; a link or form with hx-target="closest [data-sheet-content]"
// takes the next step in the same sheet. The fragment brings .sheet__head with an <h2>, .sheet__body
// and .sheet__foot (LANGUAGE: "Sheet"). A form that answers 422 is swapped in with its errors.
//
// From the server: HX-Trigger {"sheet:close": true} closes, after a success for example.
// From a module: import { openSheet, closeSheet } from "guitai/sheet".
// Told on the dialog (both bubble): "sheet:opened", "sheet:closed".
//
// Modal: focus is trapped, Esc, scrim, × and the browser's Back close it, and the focus returns to
// the opener. With data-sheet-dock a wide screen (900 px) gets it beside the page instead, not
// modal, so that chat stays at hand. Opening adds one history entry, "#goods"; closing takes it away.

const WIDE = matchMedia("(min-width: 900px)");
const openers = new WeakMap(); // dialog -> the element that opened it
let leaving = false; // a history.back() of ours is on its way

export function openSheet(dialog, { opener = document.activeElement, url = "" } = {}) {
  const content = dialog.querySelector("[data-sheet-content]");
  if (url && content) load(dialog, content, url, opener);
  if (dialog.open) return;
  for (const other of document.querySelectorAll("dialog[data-sheet][open]")) hide(other);
  openers.set(dialog, opener);
  if ("sheetDock" in dialog.dataset && WIDE.matches) dialog.show();
  else dialog.showModal();
  if (history.state?.sheet) history.replaceState({ sheet: dialog.id }, "", `#${dialog.id}`);
  else history.pushState({ sheet: dialog.id }, "", `#${dialog.id}`);
  dialog.dispatchEvent(new CustomEvent("sheet:opened", { bubbles: true }));
}

export function closeSheet(dialog) {
  if (!dialog.open) return;
  hide(dialog);
  if (history.state?.sheet) {
    leaving = true;
    history.back();
  }
}

function load(dialog, content, url, opener) {
  const waiting = dialog.querySelector("template[data-sheet-waiting]");
  if (waiting) content.replaceChildren(waiting.content.cloneNode(true));
  const source = opener instanceof Element && opener !== document.body ? opener : dialog;
  window.htmx.ajax("GET", url, { source, target: content, swap: window.htmx.config.defaultSwapStyle }); // whatever its form says
}

function hide(dialog) {
  dialog.close();
  const opener = openers.get(dialog);
  if (opener?.isConnected) opener.focus({ preventScroll: true });
  dialog.dispatchEvent(new CustomEvent("sheet:closed", { bubbles: true }));
}

function openSheets() {
  return [...document.querySelectorAll("dialog[data-sheet][open]")];
}

function outside(dialog, { clientX: x, clientY: y }) {
  const box = dialog.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-sheet-close]");
  if (closer) {
    event.preventDefault();
    closeSheet(closer.closest("dialog[data-sheet]"));
    return;
  }
  const opener = event.target.closest("[data-sheet-open]");
  if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    const dialog = document.getElementById(opener.dataset.sheetOpen);
    if (!dialog?.showModal) return; // an old browser follows the link
    event.preventDefault();
    const address = opener.getAttribute("href") ?? "";
    const load = address && !address.startsWith("#") && !opener.hasAttribute("hx-get");
    openSheet(dialog, { opener, url: load ? address : "" });
    return;
  }
  if (event.target.matches?.("dialog[data-sheet]") && outside(event.target, event)) {
    closeSheet(event.target);
  }
});

// Esc: the browser's own way for a modal dialog, ours for a docked one.
document.addEventListener("cancel", (event) => {
  if (!event.target.matches("dialog[data-sheet]")) return;
  event.preventDefault();
  closeSheet(event.target);
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  openSheets().filter((dialog) => !dialog.matches(":modal")).forEach(closeSheet);
});
document.addEventListener("sheet:close", () => openSheets().forEach(closeSheet));

// Back closes. htmx must not hear of it: it would restore, that is reload, the page under the sheet.
window.addEventListener("popstate", (event) => {
  if (leaving) {
    leaving = false;
    event.stopImmediatePropagation();
    return;
  }
  const open = openSheets();
  if (open.length) {
    event.stopImmediatePropagation();
    open.forEach(hide);
    return;
  }
  openNamed(event.state?.sheet);
}, true);

// New content inside an open sheet: the focus goes to its heading, unless it asked for a field.
document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
  const dialog = target?.closest?.("dialog[data-sheet][open]");
  if (!dialog || dialog.contains(document.activeElement) && document.activeElement !== dialog
      && document.activeElement.matches("input, textarea, select")) return;
  const first = dialog.querySelector('[autofocus], [aria-invalid="true"]') ?? dialog.querySelector("h2");
  if (first && !first.matches("a, button, input, select, textarea")) first.tabIndex = -1;
  first?.focus({ preventScroll: true });
});

// An address with #goods: open it if it has its content in the page, else drop the hash.
function openNamed(id) {
  const dialog = id && document.getElementById(id);
  if (!dialog?.matches?.("dialog[data-sheet]")) return;
  const content = dialog.querySelector("[data-sheet-content]");
  if (content && !content.children.length) {
    history.replaceState(null, "", location.pathname + location.search);
    return;
  }
  history.replaceState({ sheet: id }, "", `#${id}`);
  openers.set(dialog, document.body);
  if (!dialog.open) dialog.showModal();
}

openNamed(decodeURIComponent(location.hash.slice(1)));
