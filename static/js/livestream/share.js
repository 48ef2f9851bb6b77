// <button data-module="livestream/share" data-title="…" data-url="…" hidden>: the phone's own share
// sheet; the button stays away where there is none.
export default function start(button) {
  if (!navigator.share) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const { title, url } = button.dataset;
    navigator.share({ title, url }).catch(() => {}); // she thought better of it
  });
}
