// <button data-module="merchants/whereabouts" data-into="id" data-denied="…" hidden>: writes where
// this device is into a field. Without an answer of the device the field stays as it was.
import { toast } from "guitai/toast";

export default function start(button) {
  if (!navigator.geolocation) return;
  const field = document.getElementById(button.dataset.into);
  button.hidden = false;
  button.addEventListener("click", () => {
    button.setAttribute("aria-busy", "true");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        button.removeAttribute("aria-busy");
        field.value = `${coords.latitude.toFixed(6)}, ${coords.longitude.toFixed(6)}`;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.focus();
      },
      () => {
        button.removeAttribute("aria-busy");
        toast(button.dataset.denied, { icon: "warn" });
      },
      { enableHighAccuracy: true, timeout: 10_000 },
    );
  });
}
