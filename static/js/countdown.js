// <output data-module="countdown" data-until="2026-03-26T19:30:00+08:00">: the time left, by the
// server's clock (<html data-now> says how late it was there when the page was written).
// At the end the element tells it: a "countdown:over" event that bubbles.

// Against the moment the page's answer came, not against now: a sheet may bring the first countdown
// long after the page was written.
const answered = performance.getEntriesByType("navigation")[0]?.responseStart ?? 0;
const skew = Date.parse(document.documentElement.dataset.now ?? "") - performance.timeOrigin - answered;
const ahead = Number.isFinite(skew) ? skew : Date.now() - performance.timeOrigin - performance.now();

// Milliseconds of the server's clock, as good as the page's own journey allows.
export function serverNow() {
  return performance.timeOrigin + performance.now() + ahead;
}

// 1:02:03 above the hour, 02:03 below it.
export function asClock(milliseconds) {
  const total = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const rest = `${two(Math.floor((total % 3600) / 60))}:${two(total % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

export default function start(element) {
  const until = Date.parse(element.dataset.until);
  const tick = () => {
    if (!element.isConnected) return clearInterval(timer);
    const left = until - serverNow();
    element.textContent = asClock(left);
    if (left > 0) return;
    clearInterval(timer);
    element.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
  };
  const timer = setInterval(tick, 1000);
  tick();
}
