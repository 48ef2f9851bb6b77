// The flash sales of a room: a chip each, with its warm-up, then its minutes, by the server's clock.
//
//   <div data-module="livestream/flash" data-product-url="…/0/" data-text-soon="in %(time)s" data-text-out="…">
//     <a data-flash="id" data-starts="…" data-ends="…" data-left="5"><b data-price></b><small data-clock></small></a>
//   </div>
//   <template id="flash-template"><a data-sheet-open="sheet">…</a></template>
import { asClock, serverNow } from "guitai/countdown";
import { hear } from "guitai/livestream/socket";
import { currencyOf, money } from "guitai/money";

export default function start(element) {
  const { productUrl, textSoon, textOut } = element.dataset;
  const price = (amount) => money(amount, currencyOf(element));
  const chipOf = (id) => element.querySelector(`[data-flash="${CSS.escape(id)}"]`);

  function show(sale) {
    let chip = chipOf(sale.id);
    if (!chip) {
      chip = document.getElementById("flash-template").content.firstElementChild.cloneNode(true);
      chip.dataset.flash = sale.id;
      chip.href = `${productUrl.replace("/0/", `/${sale.item}/`)}?variant=${sale.variant}`;
      chip.querySelector("[data-price]").textContent = price(sale.price);
      element.append(chip);
    }
    chip.dataset.starts = sale.starts_at;
    chip.dataset.ends = sale.ends_at;
    chip.dataset.left = sale.left;
    chip.querySelector("[data-name]").textContent = sale.name;
    tick();
  }

  function tick() {
    const now = serverNow();
    for (const chip of element.querySelectorAll("[data-flash]")) {
      const starts = Date.parse(chip.dataset.starts);
      const ends = Date.parse(chip.dataset.ends);
      if (now >= ends) {
        chip.remove();
        continue;
      }
      const out = Number(chip.dataset.left) <= 0;
      chip.classList.toggle("is-out", out);
      const clock = chip.querySelector("[data-clock]");
      if (out) clock.textContent = textOut;
      else if (now < starts) clock.textContent = textSoon.replace("%(time)s", asClock(starts - now));
      else clock.textContent = asClock(ends - now);
    }
  }

  hear("room.state", ({ flash }) => {
    const open = new Set(flash.map(({ id }) => id));
    for (const chip of element.querySelectorAll("[data-flash]")) if (!open.has(chip.dataset.flash)) chip.remove();
    flash.forEach(show);
  });
  hear("flash.changed", ({ sale }) => show(sale));
  hear("flash.closed", ({ id }) => chipOf(id)?.remove());
  setInterval(tick, 1000);
  tick();
}
