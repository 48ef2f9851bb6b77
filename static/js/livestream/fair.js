// Fair claims: what the picture shows now, proved to the server, and what became of a claim.
//
//   <div hidden data-module="livestream/fair" data-text-won data-text-lost data-text-out></div>
//   import { untilSeen } from "guitai/livestream/fair";
//     untilSeen(iso)      milliseconds until the picture on this page reaches that moment of the programme
//
// Every few seconds the player's moment goes to the server, which signs it; a form with
// [data-proof data-opened="2026-…"] takes along the newest signature from before that moment, if there is
// one of its last minute: a later one proves nothing, for then the offer was known. When the copies are given out, `drop:allotted` on the
// document makes an open sheet fetch itself again.
import { serverNow } from "guitai/countdown";
import { hear, say } from "guitai/livestream/socket";
import { toast } from "guitai/toast";

const PROVE = 20000; // ms between two proofs: one must be older than the offer, and not a minute old
const FAR = 12000; // ms behind which no picture is live
const LASTS = 55000; // ms that a proof is good for, a little less than on the server
const KEEP = 6; // proofs
const SPREAD = 1500; // ms over which open sheets come back
let shown = null; // {at, heard}: the moment of the programme, and when we heard of it
let proofs = []; // {token, at}: the newest last, `at` by the server's clock
let proved = -Infinity;

function proofBefore(opened) {
  const good = proofs.filter(({ at }) => at <= opened && at > opened - LASTS);
  return good.at(-1)?.token ?? "";
}

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
  hear("play.proved", ({ token }) => { proofs = [...proofs, { token, at: serverNow() }].slice(-KEEP); });
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const field = detail.elt.querySelector?.("[data-proof]");
    if (field) detail.parameters.proof = proofBefore(Date.parse(field.dataset.opened));
  });
  document.addEventListener("drop:asked", ({ detail: { id, handle } }) => asked.set(id, handle));
  hear("drop.allotted", ({ drop, won }) => {
    const mark = asked.get(drop.id);
    if (!mark) return;
    const mine = won?.includes(mark);
    const { textWon, textLost, textOut } = element.dataset;
    toast(won ? (mine ? textWon : textLost) : textOut, { icon: "ticket" }); // too many to name: the sheet knows
    if (mine) document.dispatchEvent(new CustomEvent("drop:held", { detail: { id: drop.id } }));
    setTimeout(() => document.dispatchEvent(new CustomEvent("drop:allotted")), Math.random() * SPREAD);
  });
}
