// Fair claims: what the picture shows now, proved to the server, and what became of a claim.
//
//   <div hidden data-module="livestream/fair" data-text-won data-text-lost></div>
//   import { untilSeen } from "guitai/livestream/fair";
//     untilSeen(iso)      milliseconds until the picture on this page reaches that moment of the programme
//
// Every few seconds the player's moment goes to the server, which signs it; a form with
// [data-proof] takes the newest signature along. When the copies are given out, `drop:allotted` on the
// document makes an open sheet fetch itself again.
import { hear, say } from "guitai/livestream/socket";
import { toast } from "guitai/toast";

const PROVE = 20000; // ms between two proofs: one must be older than the offer, and not a minute old
const FAR = 12000; // ms behind which no picture is live
const SPREAD = 1500; // ms over which open sheets come back
let shown = null; // {at, heard}: the moment of the programme, and when we heard of it
let token = "";
let proved = -Infinity;

export function untilSeen(iso) {
  if (!shown) return 0;
  const now = shown.at + performance.now() - shown.heard;
  return Math.min(Math.max(Date.parse(iso) - now, 0), FAR);
}

export default function start(element) {
  const asked = new Map(); // drop -> the mark of her claim
  document.addEventListener("player:at", ({ detail: { at } }) => {
    shown = { at, heard: performance.now() };
    if (performance.now() - proved > PROVE && say({ type: "play.at", at: Math.round(at) })) proved = performance.now();
  });
  hear("play.proved", ({ token: signed }) => { token = signed; });
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.querySelector?.("[data-proof]")) detail.parameters.proof = token;
  });
  document.addEventListener("drop:asked", ({ detail: { id, handle } }) => asked.set(id, handle));
  hear("drop.allotted", ({ drop, won }) => {
    const mark = asked.get(drop.id);
    if (!mark) return;
    const mine = won.includes(mark);
    toast(mine ? element.dataset.textWon : element.dataset.textLost, { icon: "ticket" });
    if (mine) document.dispatchEvent(new CustomEvent("drop:held", { detail: { id: drop.id } }));
    setTimeout(() => document.dispatchEvent(new CustomEvent("drop:allotted")), Math.random() * SPREAD);
  });
}
