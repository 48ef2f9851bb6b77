// Starts the page. Every element with data-module="livestream/chat" is handed to the default
// export of static/js/livestream/chat.js, once: now, and again for whatever htmx brings in.
//
//   export default function start(element) { … }     what a module looks like
//   import { toast } from "guitai/toast";             how one module calls another
//
// Bare names only. A relative import would miss the hashed file names of production.
import "guitai/busy";
import "guitai/dialog";
import "guitai/failure";
import "guitai/sheet";

const started = new WeakSet();

async function start(element) {
  if (started.has(element)) return;
  started.add(element);
  for (const name of element.dataset.module.split(" ")) {
    try {
      const module = await import(`guitai/${name}`);
      module.default(element);
    } catch (trouble) {
      console.error(`guitai/${name}`, trouble); // one broken part leaves the rest of the page alive
    }
  }
}

function startWithin(root) {
  const found = [...(root.querySelectorAll?.("[data-module]") ?? [])];
  if (root.matches?.("[data-module]")) found.unshift(root);
  return Promise.all(found.map(start));
}

document.documentElement.dataset.js = "on";
document.addEventListener("htmx:configRequest", ({ detail }) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token && detail.verb !== "get") detail.headers["X-CSRFToken"] = token;
});
document.addEventListener("htmx:load", ({ detail }) => startWithin(detail.elt));
startWithin(document).then(() => {
  document.documentElement.dataset.started = "";
  setTimeout(() => import("guitai/offline"), 3000); // when the page has all it needs
});
