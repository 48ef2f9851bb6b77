// How many are watching.
//
//   <span class="num" data-module="livestream/presence">{{ viewers }}</span>
//
// Only the number is replaced; the words around it stay the template's.
import { hear } from "guitai/livestream/socket";

const format = new Intl.NumberFormat(document.documentElement.lang || "zh-CN");
let viewers = null;

function show(count) {
  viewers = count;
  for (const place of document.querySelectorAll('[data-module~="livestream/presence"]')) {
    place.textContent = format.format(count);
  }
}

hear("seat.taken", (seat) => show(seat.viewers));
hear("viewers.counted", ({ count }) => show(count));

// Panels that htmx brings in later show at once what is known.
export default function start() {
  if (viewers !== null) show(viewers);
}
