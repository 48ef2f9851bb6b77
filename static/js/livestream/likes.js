// Likes: taps of half a second go out as one frame; the total comes back folded by the server.
//
//   <button type="button" data-module="livestream/likes" aria-label="…">
//     <svg …> <span class="num" data-likes>{{ room.likes }}</span>
//   </button>
//   <div class="lr-hearts" data-hearts aria-hidden="true"></div>
//   <template id="heart-template"><svg class="i">…</svg></template>
//
// Every [data-likes] of the page shows the total. Hearts rise in [data-hearts]: each gets the custom
// properties --x, --drift, --turn and --hue (0–1) and leaves after its animation, or after three
// seconds. With prefers-reduced-motion there are none.
import { hear, say } from "guitai/livestream/socket";

const FOLD = 500;
const MOST = 20; // the server takes no more in one frame
const MOST_HEARTS = 16; // at a time
const LIFE = 3000;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const format = new Intl.NumberFormat(document.documentElement.lang || "zh-CN", {
  notation: "compact",
  maximumFractionDigits: 1,
});

let total = 0;
let unsent = 0;
let mine = 0; // sent, and not yet counted: its hearts have risen already
let timer = 0;

function show(count) {
  total = count;
  for (const place of document.querySelectorAll("[data-likes]")) place.textContent = format.format(count);
}

function flush() {
  timer = 0;
  const count = Math.min(unsent, MOST);
  if (!count) return;
  if (say({ type: "like", n: count })) {
    unsent -= count;
    mine += count;
  } else unsent = MOST; // no connection: keep a handful, not a flood
  if (unsent) timer = setTimeout(flush, FOLD);
}

function heart() {
  const place = document.querySelector("[data-hearts]");
  const template = document.getElementById("heart-template");
  if (!place || !template || still.matches || document.hidden) return;
  if (place.childElementCount >= MOST_HEARTS) return;
  const one = template.content.firstElementChild.cloneNode(true);
  for (const name of ["--x", "--drift", "--turn", "--hue"]) {
    one.style.setProperty(name, Math.random().toFixed(3));
  }
  one.addEventListener("animationend", () => one.remove());
  setTimeout(() => one.remove(), LIFE);
  place.append(one);
}

function tap() {
  unsent += 1;
  show(total + 1);
  heart();
  timer ||= setTimeout(flush, FOLD);
}

hear("seat.taken", ({ likes }) => show(likes + unsent));
hear("likes.counted", (counted) => {
  show(counted.total + unsent);
  const others = Math.min(Math.max(counted.new - mine, 0), 5);
  mine = Math.max(mine - counted.new, 0);
  for (let number = 0; number < others; number += 1) setTimeout(heart, number * 180);
});
hear("connection", ({ state }) => {
  if (state === "open" && unsent) timer ||= setTimeout(flush, FOLD);
});

export default function start(button) {
  button.addEventListener("click", tap);
}
