// The service worker. It answers one thing: when no page comes because the network is gone, the page that
// guitai/offline has put aside says so. All else is the browser's business, and never waits for us.
const KEPT = "offline";
const pieces = new Set(); // the addresses of what that page is drawn with

async function page() {
  const kept = await (await caches.open(KEPT)).keys();
  for (const { url } of kept) pieces.add(url);
  return kept.length ? caches.match(kept[0]) : undefined; // it was put there first
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), self.registration.navigationPreload?.enable()]));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") event.respondWith(navigate(event));
  else if (pieces.has(request.url)) event.respondWith(fetch(request).catch(() => caches.match(request.url)));
});

async function navigate({ request, preloadResponse }) {
  try {
    return (await preloadResponse) ?? (await fetch(request));
  } catch (trouble) {
    const kept = await page();
    if (kept) return kept;
    throw trouble;
  }
}
