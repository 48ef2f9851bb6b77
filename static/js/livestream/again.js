// Loads the page again, unless a form that moves the room has left it: what comes then is a page
// of its own (the score of a rehearsal, say), and a reload would cut it off.
//
//   import { again } from "guitai/livestream/again";
let leaving = false;

document.addEventListener("submit", ({ target }) => {
  leaving ||= target.getAttribute("action")?.endsWith("/console/move/") ?? false;
});
addEventListener("pageshow", () => { leaving = false; });

export function again() {
  if (!leaving) location.reload();
}
