// How many are watching.
//
//   <span class="num" data-module="livestream/presence">{{ viewers }}</span>
//   <span data-peak="{{ peak }}">{{ peak }}</span>   never less than what was shown
//
// Only the number is replaced; the words around it stay the template's.
import { hear } from "guitai/livestream/socket";

const format = new Intl.NumberFormat(document.documentElement.lang || "zh-CN");
let viewers = null;
let peak = 0;

function show(count) {
  viewers = count;
  for (const place of document.querySelectorAll('[data-module~="livestream/presence"]')) {
    place.textContent = format.format(count);
  }
  peak = Math.max(peak, count);
  for (const place of document.querySelectorAll("[data-peak]")) {
    if (Number(place.dataset.peak) < peak) place.textContent = format.format(peak);
  }
}

hear("seat.taken", (seat) => show(seat.viewers));
hear("viewers.counted", ({ count }) => show(count));
hear("room.state", () => { peak = 0; }); // a rehearsal's crowd is none of the show's

// Panels that htmx brings in later show at once what is known, before they are painted.
export default function start() {
  if (viewers !== null) show(viewers);
}
for (const swap of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.addEventListener(swap, start);
