// The draw of a room: its chip with the time left by the server's clock, whether she is in, the result.
//
//   <div data-module="livestream/draw" data-sheet-url="…/draws/x/sheet/" data-text-draw data-text-in
//        data-text-closed data-text-result data-text-won data-text-said="%(prize)s: %(names)s" data-text-nobody>
//     <a data-draw="id" data-state data-closes data-handle data-won><b data-clock></b><span data-word></span></a>
//   </div>
//   <template id="draw-template"><a data-sheet-open="sheet">…</a></template>
//
// Anywhere: [data-draw-count="id"] shows how many take part. When the draw has moved on, `draw:moved`
// on the document makes an open sheet fetch itself again, each viewer at her own moment.
import { asClock, serverNow } from "guitai/countdown";
import { hear } from "guitai/livestream/socket";
import { toast } from "guitai/toast";

const SPREAD = 3000; // ms over which the sheets of a room come back

export default function start(element) {
  const { sheetUrl, textDraw, textIn, textClosed, textResult, textWon, textSaid, textNobody } = element.dataset;
  const chipOf = (id) => element.querySelector(`[data-draw="${CSS.escape(id)}"]`);
  const marks = new Map(); // draw -> her mark in its list
  for (const chip of element.querySelectorAll("[data-draw]")) marks.set(chip.dataset.draw, chip.dataset.handle);

  function show(draw) {
    let chip = chipOf(draw.id);
    if (!chip) {
      chip = document.getElementById("draw-template").content.firstElementChild.cloneNode(true);
      chip.dataset.draw = draw.id;
      chip.href = sheetUrl.replace("/x/", `/${draw.id}/`);
      element.replaceChildren(chip);
    }
    chip.dataset.state = draw.state;
    chip.dataset.closes = draw.closes_at;
    chip.dataset.handle = marks.get(draw.id) ?? "";
    if (draw.won.some(({ handle }) => handle === chip.dataset.handle)) chip.dataset.won = "1";
    count(draw);
    tick();
  }

  function count({ id, entries }) {
    for (const place of document.querySelectorAll(`[data-draw-count="${CSS.escape(id)}"]`)) place.textContent = entries;
  }

  function tick() {
    for (const chip of element.querySelectorAll("[data-draw]")) {
      const left = Date.parse(chip.dataset.closes) - serverNow();
      const open = chip.dataset.state === "open" && left > 0;
      const { state, handle, won } = chip.dataset;
      chip.querySelector("[data-clock]").textContent = open ? asClock(left) : "";
      chip.classList.toggle("is-won", Boolean(won));
      chip.querySelector("[data-word]").textContent = won ? textWon
        : state === "drawn" ? textResult : !open ? textClosed : handle ? textIn : textDraw;
    }
  }

  function moved() {
    setTimeout(() => document.dispatchEvent(new CustomEvent("draw:moved")), Math.random() * SPREAD);
  }

  function said({ prize, won }) {
    const names = won.map(({ name }) => name).join(", ");
    toast(textSaid.replace("%(prize)s", prize).replace("%(names)s", names || textNobody), { icon: "gift" });
  }

  function mine({ draw, handle }) {
    marks.set(draw, handle);
    const chip = chipOf(draw);
    if (!chip || chip.dataset.handle === handle) return;
    chip.dataset.handle = handle;
    tick();
  }

  hear("room.state", ({ draw }) => (draw ? show(draw) : element.replaceChildren()));
  hear("draw.opened", ({ draw }) => show(draw));
  hear("draw.entered", count);
  hear("draw.closed", ({ draw }) => {
    if (chipOf(draw.id)) show(draw);
    moved();
  });
  hear("draw.drawn", ({ draw }) => {
    if (chipOf(draw.id)) show(draw);
    said(draw);
    moved();
  });
  hear("draw.mine", mine);
  document.addEventListener("draw:mine", ({ detail }) => mine(detail));
  setInterval(tick, 1000);
  tick();
}
