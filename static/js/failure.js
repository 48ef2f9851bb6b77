// A request of htmx that failed: the old view stays, and a sentence stands beside the control.
//
// Where: in the [data-trouble] of the same form or [data-troubles] container if there is one, else
// right behind the control. It goes away with the next try. With no control, as a toast.
import { sentenceFor } from "guitai/request";
import { toast } from "guitai/toast";

const said = new WeakMap(); // control -> its sentence

function sentence(xhr) {
  const kind = xhr.getResponseHeader("Content-Type") ?? "";
  if (kind.includes("json")) {
    try {
      const body = JSON.parse(xhr.responseText);
      if (body.sentence ?? body.detail) return String(body.sentence ?? body.detail);
    } catch { /* not ours */ }
  }
  if (kind.startsWith("text/plain") && xhr.responseText.length < 300) return xhr.responseText;
  return sentenceFor(xhr.status);
}

function place(control, text) {
  clear(control);
  if (!control?.isConnected || control === document.body) {
    toast(text, { icon: "warn" });
    return;
  }
  const slot = control.closest("form, [data-troubles]")?.querySelector("[data-trouble]");
  const line = document.createElement("p");
  line.className = "error";
  line.setAttribute("role", "alert");
  line.textContent = text;
  if (slot) slot.replaceChildren(line);
  else if (control.matches("form, dialog")) control.append(line);
  else if (control.parentElement.matches(".btn-row, .row, td")) control.parentElement.append(line);
  else control.after(line);
  said.set(control, line);
}

function clear(control) {
  said.get(control)?.remove();
  said.delete(control);
}

document.addEventListener("htmx:beforeRequest", ({ detail }) => clear(detail.elt));
document.addEventListener("htmx:responseError", ({ detail }) => place(detail.elt, sentence(detail.xhr)));
document.addEventListener("htmx:sendError", ({ detail }) => place(detail.elt, sentenceFor(0)));
document.addEventListener("htmx:timeout", ({ detail }) => place(detail.elt, sentenceFor(0)));
window.addEventListener("offline", () => toast(sentenceFor(0), { icon: "wifi" }));
