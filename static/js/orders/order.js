// <div data-module="orders/order" data-number="…" hx-trigger="order:moved">: an order's page fetches
// itself again when this order was paid, shipped or cancelled elsewhere. After a cut something may have
// been missed: then too, unless somebody is typing here, for what is typed must not go.
export default function start(element) {
  const { number } = element.dataset;
  const typed = () => [...element.querySelectorAll("input:not([type=hidden], [type=checkbox])")].some((field) => field.value);

  function refresh() {
    window.htmx.trigger(element, "order:moved");
  }

  function whenMoved({ detail }) {
    if (!element.isConnected) return leave();
    if (detail.number === number) refresh();
  }

  function whenBack() {
    if (!element.isConnected) return leave();
    if (!typed()) refresh();
  }

  function leave() {
    document.removeEventListener("news:orders", whenMoved);
    document.removeEventListener("news:caught-up", whenBack);
  }

  document.addEventListener("news:orders", whenMoved);
  document.addEventListener("news:caught-up", whenBack);
}
