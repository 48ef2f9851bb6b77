// data-module="livestream/awake": the screen stays on while this page is looked at.
export default function start() {
  async function stay() {
    if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen").catch(() => null);
  }
  document.addEventListener("visibilitychange", stay);
  stay();
}
