// Loads the page again, unless a form that moves the room has left it: what comes then is a page
// of its own (the score of a rehearsal, say), and a reload would cut it off. If nothing has come by
// then, the form was stopped or the network is gone, and the page is loaded after all.
//
//   import { again } from "guitai/livestream/again";
const PATIENCE = 8000; // ms
let leaving = false;

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  leaving ||= event.target.getAttribute("action")?.endsWith("/console/move/") ?? false;
});
addEventListener("pageshow", () => { leaving = false; });

export function again() {
  setTimeout(() => location.reload(), leaving ? PATIENCE : 0);
}
