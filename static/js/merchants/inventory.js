// The inventory: ticking many goods, and the keys of the list. Works on what htmx brings in too, for
// it listens on the card. On it: [data-row] rows with [data-tick] and [data-open]; [data-all]
// ticks the page; the bar [data-bar] shows [data-count] once anything is ticked; [data-whole] in it
// means everything that the filters match.

const PAUSE = 700; // after the last press of + or −, before the number is sent
const TYPING = "input:not([type=checkbox]), select, textarea";

export default function start(card) {
  let last = null; // where a tick with Shift begins
  const resting = new WeakMap(); // fields whose number is sent in a moment
  const changed = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));
  const ticks = () => [...card.querySelectorAll("[data-tick]")];

  function count() {
    const bar = card.querySelector("[data-bar]");
    if (!bar) return;
    const all = ticks();
    const ticked = all.filter((one) => one.checked).length;
    bar.toggleAttribute("data-any", ticked > 0);
    bar.querySelector("[data-count]").textContent = ticked;
    const head = card.querySelector("[data-all]");
    head.checked = ticked > 0 && ticked === all.length;
    head.indeterminate = ticked > 0 && ticked < all.length;
    const whole = bar.querySelector("[data-whole]");
    if (whole && !head.checked) whole.checked = false;
  }

  card.addEventListener("click", (event) => {
    const tick = event.target.closest("[data-tick]");
    if (!tick) return;
    const all = ticks();
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(tick)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach((one) => { one.checked = tick.checked; });
    }
    last = tick;
  });
  card.addEventListener("change", ({ target }) => {
    if (target.matches("[data-all]")) ticks().forEach((one) => { one.checked = target.checked; });
    if (target.matches("[data-whole]") && target.checked) ticks().forEach((one) => { one.checked = true; });
    if (target.matches("[data-all], [data-tick], [data-whole]")) count();
  });
  card.addEventListener("htmx:afterSettle", () => {
    for (const one of card.querySelectorAll("[data-tick], [data-whole]")) one.checked ||= kept?.has(one.value) ?? false;
    kept = null;
    count();
  });

  // One more, one less: the number is sent once the finger rests, or leaves the row.
  card.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-step]");
    const field = button?.closest("[data-left]").querySelector("[name=left]");
    if (!field || field.form.classList.contains("htmx-request")) return; // its answer brings a new row
    const typed = Number.parseInt(field.value, 10);
    const from = Number.isNaN(typed) ? Number(field.form.elements.seen.value) : typed;
    field.value = String(Math.max(0, from + Number(button.dataset.step)));
    clearTimeout(resting.get(field));
    resting.set(field, setTimeout(() => changed(field), PAUSE));
  });
  card.addEventListener("focusin", ({ target }) => target.matches("[name=left]") && target.select());
  // A correction was taken back: the list as it is called now, its page too. What somebody is about to
  // search for is not sent, and what she ticked stays ticked, here and where a row comes back alone.
  let again = false;
  let kept = null; // what to tick once the fresh rows are there
  document.addEventListener("undone", () => {
    again = true;
    window.htmx.ajax("GET", location.pathname + location.search, { source: card.querySelector("[data-again]"), target: "#goods" });
  });
  card.addEventListener("htmx:beforeSwap", ({ target }) => {
    if (!again && !target.closest("[data-row]")) return;
    kept = new Set([...card.querySelectorAll("[data-tick]:checked, [data-whole]:checked")].map((one) => one.value));
    again = false;
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.matches?.(TYPING);
    const search = card.querySelector("#q");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "ArrowDown" && (event.target === search || event.target === document.body)) {
      step(0, event);
    } else if (!typing && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      step(event.key === "ArrowDown" ? 1 : -1, event);
    } else if (!typing && event.key.toLowerCase() === "x") {
      event.target.closest?.("[data-row]")?.querySelector("[data-tick]")?.click();
    }
  });

  // From the row that has the focus to its neighbour; 0 is the first row.
  function step(by, event) {
    const rows = [...card.querySelectorAll("[data-row]")];
    const at = rows.indexOf(document.activeElement.closest("[data-row]"));
    if (by && at < 0) return;
    event?.preventDefault();
    rows[by ? at + by : 0]?.querySelector("[data-open]").focus();
  }

  count();
}
