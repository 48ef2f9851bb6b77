// A pressed button is busy until the answer: it keeps its label, shows that it works, and a second
// press does nothing. The server is idempotent anyway; this spares the person the doubt.
//
// Covers plain forms and htmx. A form that a module takes over (preventDefault) is that module's.

const working = new Map(); // form -> timer that gives up waiting
const PATIENCE = 10000; // a download or a lost answer must not lock the form

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (working.has(form)) {
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  form.lastSubmitter = submitter;
  // Looked at when everybody has had the event: a button busy earlier would not send its value.
  setTimeout(() => {
    if (!event.defaultPrevented && form.method !== "dialog") hold(form);
  });
}, true);

function hold(form) {
  working.set(form, setTimeout(() => release(form), PATIENCE));
  form.lastSubmitter?.setAttribute("aria-busy", "true");
}

function release(form) {
  clearTimeout(working.get(form));
  working.delete(form);
  form.lastSubmitter?.removeAttribute("aria-busy");
}

document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (elt.matches("form")) hold(elt);
  else if (elt.matches("button, a.btn")) elt.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt } }) => {
  if (elt.matches("form")) release(elt);
  else elt.removeAttribute("aria-busy");
});
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) [...working.keys()].forEach(release); // back to a page that was left by submitting
});
