// <p data-module="livestream/prompter" data-since="…" data-minutes="5" data-long="%(m)s min %(s)s s"
//    data-short="%(s)s s" data-free="%(time)s so far" data-planned="…" data-over="… %(over)s over">
// How long this item has been explained, in words, by the server's clock; over its time it says by how much.
const skew = Date.parse(document.documentElement.dataset.now ?? "") - performance.timing.responseStart || 0;

export default function start(element) {
  const { since, minutes, long, short, free, planned, over } = element.dataset;
  const begun = Date.parse(since);
  const plan = Number(minutes) * 60;

  const words = (seconds) => (seconds < 60 ? short : long)
    .replace("%(m)s", Math.floor(seconds / 60)).replace("%(s)s", seconds % 60);

  function show() {
    if (!element.isConnected) return clearInterval(timer);
    const spent = Math.max(0, Math.floor((Date.now() + skew - begun) / 1000));
    const late = plan > 0 && spent > plan;
    element.classList.toggle("is-over", late);
    element.textContent = (late ? over : plan ? planned : free)
      .replace("%(time)s", words(spent)).replace("%(planned)s", minutes).replace("%(over)s", words(spent - plan));
    return undefined;
  }

  const timer = setInterval(show, 1000);
  show();
}
