// The list of orders: ticking many of them. [data-all] ticks the page; what is ticked stays so when the
// rows come anew, as they do whenever an order is placed or moves.
export default function start(card) {
  const ticks = () => [...card.querySelectorAll("[data-tick]")];
  let kept = new Set();
  let last = null; // where a tick with Shift begins

  function show() {
    const head = card.querySelector("[data-all]");
    if (!head) return;
    const all = ticks();
    const ticked = all.filter((one) => one.checked).length;
    head.checked = ticked > 0 && ticked === all.length;
    head.indeterminate = ticked > 0 && ticked < all.length;
  }

  card.addEventListener("click", (event) => {
    const tick = event.target.closest("[data-tick]");
    if (!tick) return;
    const all = ticks();
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(tick)].sort((a, b) => a - b);
      for (const one of all.slice(from, to + 1)) one.checked = tick.checked;
    }
    last = tick;
    show();
  });
  card.addEventListener("change", ({ target }) => {
    if (target.matches("[data-all]")) for (const one of ticks()) one.checked = target.checked;
    show();
  });
  card.addEventListener("htmx:beforeSwap", () => {
    kept = new Set(ticks().filter((one) => one.checked).map((one) => one.value));
  });
  card.addEventListener("htmx:afterSettle", () => {
    for (const one of ticks()) one.checked ||= kept.has(one.value);
    show();
  });
  show();
}
