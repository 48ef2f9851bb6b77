// <span data-module="livestream/elapsed" data-since="…">: the time since then, by the server's clock.
const skew = Date.parse(document.documentElement.dataset.now ?? "") - performance.timing.responseStart || 0;

export default function start(element) {
  const since = Date.parse(element.dataset.since);

  function show() {
    if (!element.isConnected) return clearInterval(timer);
    const total = Math.max(0, Math.floor((Date.now() + skew - since) / 1000));
    const parts = [Math.floor(total / 60) % 60, total % 60].map((n) => String(n).padStart(2, "0"));
    const hours = Math.floor(total / 3600);
    element.textContent = hours ? `${hours}:${parts.join(":")}` : parts.join(":");
    return undefined;
  }

  const timer = setInterval(show, 1000);
  show();
}
