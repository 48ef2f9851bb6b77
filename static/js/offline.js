// Puts the page for when the network is gone aside, with what it is drawn with, and starts the service
// worker that shows it. boot.js loads this when all else is done. The address is in the head:
//
//   <meta name="offline" content="/offline/" data-worker="/static/js/worker.js" data-language="en">
//
// Anew for each visit and language: the page speaks as the others do.
const KEPT = "offline";

async function keep(address) {
  const answer = await fetch(address);
  if (!answer.ok) return;
  const html = new DOMParser().parseFromString(await answer.clone().text(), "text/html");
  const drawn = [...html.querySelectorAll('link[rel="stylesheet"], link[rel="icon"]')].map(({ href }) => href);
  await caches.delete(KEPT);
  const cache = await caches.open(KEPT);
  await cache.put(new URL(address, location.origin).href, answer); // first: the worker takes it for the page
  await cache.addAll(drawn);
}

async function start() {
  const { content, dataset } = document.querySelector('meta[name="offline"]') ?? {};
  if (!content || !("serviceWorker" in navigator) || !globalThis.caches) return;
  await navigator.serviceWorker.register(dataset.worker, { scope: "/" });
  if (sessionStorage.getItem("offline") === dataset.language) return;
  await keep(content);
  sessionStorage.setItem("offline", dataset.language);
}

start().catch((trouble) => console.info("no page for when the network is gone", trouble));
