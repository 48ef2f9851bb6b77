// Loads the page again, unless a form that moves the room has left it: what comes then is a page
// of its own (the score of a rehearsal, say), and a reload would cut it off. If nothing has come by
// then, the form was stopped or the network is gone, and the page is loaded after all.
//
//   import { again, goes } from "guitai/livestream/again";
//   goes(): whether the page leaves by itself, so that nobody has to be asked whether she means it.
const PATIENCE = 8000; // ms
let leaving = false;
let reloads = false;

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  leaving ||= event.target.getAttribute("action")?.endsWith("/console/move/") ?? false;
});
document.addEventListener("htmx:beforeOnLoad", ({ detail: { xhr } }) => {
  reloads ||= Boolean(xhr.getResponseHeader("HX-Refresh") ?? xhr.getResponseHeader("HX-Redirect"));
});
addEventListener("pageshow", () => { leaving = reloads = false; });

export function goes() {
  return leaving || reloads;
}

export function again() {
  setTimeout(() => {
    reloads = true;
    location.reload();
  }, leaving ? PATIENCE : 0);
}
