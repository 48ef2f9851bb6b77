// Photos in an order of one's own: drag with mouse or finger. The buttons beside do the same.
//
//   <ul data-module="merchants/photos">
//     <li data-photo data-move="/…/move/"> … <span data-photo-drag> … </li>
//
// The new place is saved as soon as the photo is let go; the server answers the whole section.
const NEAR = 6; // px before a press becomes a drag

export default function start(list) {
  let held = null;

  function photos() {
    return [...list.querySelectorAll("[data-photo]")];
  }

  function over(x, y) {
    return document.elementsFromPoint(x, y).find((one) => one.matches("[data-photo]") && one.parentElement === list);
  }

  function move({ clientX, clientY }) {
    if (!held) return;
    if (!held.moving && Math.hypot(clientX - held.x, clientY - held.y) < NEAR) return;
    held.moving = true;
    held.photo.classList.add("p-photo--held");
    const other = over(clientX, clientY);
    if (!other || other === held.photo) return;
    const all = photos();
    const later = all.indexOf(other) > all.indexOf(held.photo);
    other[later ? "after" : "before"](held.photo);
  }

  function drop(event) {
    if (!held) return;
    const { photo, from, moving } = held;
    held = null;
    photo.classList.remove("p-photo--held");
    const to = photos().indexOf(photo);
    if (!moving || to === from) return;
    if (event.type === "pointercancel") return back(photo, from);
    // Where the answer goes stands on the photo (hx-target, hx-swap).
    window.htmx.ajax("POST", photo.dataset.move, { source: photo, values: { to } }).catch(() => back(photo, from));
  }

  // Where it was, if the place could not be saved.
  function back(photo, from) {
    photo.remove();
    list.insertBefore(photo, photos()[from] ?? null);
  }

  list.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-photo-drag]");
    if (!handle || event.button > 0) return;
    const photo = handle.closest("[data-photo]");
    held = { photo, from: photos().indexOf(photo), x: event.clientX, y: event.clientY, moving: false };
    handle.setPointerCapture(event.pointerId);
  });
  list.addEventListener("pointermove", move);
  list.addEventListener("pointerup", drop);
  list.addEventListener("pointercancel", drop);
}
