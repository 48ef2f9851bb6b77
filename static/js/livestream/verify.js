// Recomputes a draw on the visitor's own device, from the published list alone.
//
//   <article data-module="livestream/verify" data-entries="…/entries.txt" data-commitment data-hash
//            data-count data-seed data-beacon data-winners data-text-good data-text-bad …>
//     <li data-handle="…">                    the winners as the shop names them, in order
//     <li data-step="seed|list|winners">      gets is-good or is-bad
//     <button data-verify> <progress data-progress hidden> <p data-counted hidden>
//     <p role="status" data-verdict hidden>
//
// The same arithmetic as livestream/rules/draw.py; docs/draws.md has it in words.
import { hex, sha256, sha256After } from "guitai/sha256";

const AT_ONCE = 5000; // tickets between two breaths of the page

export default function start(element) {
  const { entries, commitment, hash, count, seed, beacon, winners, textCounted, textGood, textBad, textOffline } = element.dataset;
  const find = (name) => element.querySelector(`[data-${name}]`);
  const button = find("verify");
  if (!button) return;

  async function verify() {
    const began = performance.now();
    const list = new Uint8Array(await (await fetched()).arrayBuffer());
    const marks = new TextDecoder().decode(list).split("\n").slice(0, -1);
    mark("seed", sha256(seed) === commitment);
    mark("list", sha256(list) === hash && marks.length === Number(count) && new Set(marks).size === marks.length);
    const won = await lowest(marks, Number(winners));
    const said = [...element.querySelectorAll("[data-handle]")].map((item) => item.dataset.handle);
    mark("winners", won.join() === said.join());
    const good = !element.querySelector(".is-bad");
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    tell(good ? textGood.replace("%(count)s", marks.length).replace("%(seconds)s", seconds) : textBad, good);
  }

  async function fetched() {
    const answer = await fetch(entries);
    if (!answer.ok) throw new Error(String(answer.status));
    return answer;
  }

  // The marks with the lowest tickets, the lowest first.
  async function lowest(marks, most) {
    const ticketOf = sha256After(`${seed}|${beacon}|${hash}|`);
    const best = [];
    let bound = Infinity; // the first word of the worst of them: most tickets need no other look
    for (let at = 0; at < marks.length; at += AT_ONCE) {
      for (const name of marks.slice(at, at + AT_ONCE)) {
        const words = ticketOf(name);
        if (words[0] >>> 0 > bound) continue;
        best.push({ name, ticket: hex(words) });
        best.sort((a, b) => (a.ticket < b.ticket ? -1 : 1)).splice(most);
        if (best.length === most) bound = parseInt(best.at(-1).ticket.slice(0, 8), 16);
      }
      show(Math.min(at + AT_ONCE, marks.length), marks.length);
      await new Promise((breath) => { setTimeout(breath); });
    }
    return best.map(({ name }) => name);
  }

  function show(done, all) {
    find("progress").hidden = false;
    find("progress").value = done / all;
    find("counted").hidden = false;
    find("counted").textContent = textCounted.replace("%(done)s", done).replace("%(all)s", all);
  }

  function mark(step, good) {
    const item = element.querySelector(`[data-step="${step}"]`);
    item.classList.toggle("is-good", good);
    item.classList.toggle("is-bad", !good);
  }

  function tell(sentence, good) {
    const place = find("verdict");
    place.hidden = false;
    place.textContent = sentence;
    place.classList.toggle("is-good", good);
    place.classList.toggle("is-bad", !good);
  }

  button.addEventListener("click", async () => {
    button.setAttribute("aria-busy", "true");
    try {
      await verify();
    } catch {
      tell(textOffline, false);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
