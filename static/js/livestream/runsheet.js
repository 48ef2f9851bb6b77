// The run sheet: items are dragged to another place by their grip, with finger, pen or mouse. The
// buttons up and down do the same without one.
//
//   <div data-module="livestream/runsheet" data-target="#rs-place">
//     <ol data-items><li data-item="7" data-to="/…/7/"><span data-grip>
const EDGE = 48; // px from the edge of the list from which it scrolls along

export default function start(part) {
  let held = null; // the row in hand

  part.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button) return;
    event.preventDefault();
    held = grip.closest("[data-item]");
    held.dataset.was = held.nextElementSibling?.dataset.item ?? "";
    held.classList.add("is-held");
    part.setPointerCapture(event.pointerId); // not the grip: a row that is moved in the page lets it go
  });

  part.addEventListener("pointermove", (event) => {
    if (!held) return;
    const box = part.getBoundingClientRect();
    if (event.clientY > box.bottom - EDGE) part.scrollBy(0, 12);
    else if (event.clientY < box.top + EDGE) part.scrollBy(0, -12);
    const rows = [...held.parentElement.children];
    const under = rows.find((row) => row !== held && within(row, event.clientY));
    if (!under) return;
    if (rows.indexOf(under) < rows.indexOf(held)) under.before(held);
    else under.after(held);
  });

  part.addEventListener("pointerup", drop);
  part.addEventListener("pointercancel", drop);
  part.addEventListener("lostpointercapture", drop);

  function drop() {
    if (!held) return;
    const row = held;
    held = null;
    row.classList.remove("is-held");
    const before = row.nextElementSibling?.dataset.item ?? "";
    if (before === row.dataset.was) return;
    window.htmx.ajax("POST", row.dataset.to, {
      source: row, target: part.dataset.target, values: { do: "place", before },
    });
  }
}

function within(row, y) {
  const { top, bottom } = row.getBoundingClientRect();
  return y >= top && y <= bottom;
}
