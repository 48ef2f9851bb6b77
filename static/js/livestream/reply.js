// A shopper answers a line by choosing it: with a tap, or with the arrows and Enter in the log.
//
//   <section data-module="livestream/chat livestream/reply">
//     <div data-chat-scroll tabindex="0"><ol data-chat-lines><li data-id="7"><b data-name>…</b>…</li></ol></div>
const LINE = "li[data-id]:not(.sys, .notice)"; // what somebody said

export default function start(element) {
  const lines = element.querySelector("[data-chat-lines]");
  const log = element.querySelector("[data-chat-scroll]");

  function answer(item) {
    const name = item.querySelector("[data-name]")?.textContent;
    if (!name) return;
    document.querySelector("[data-say-open]")?.click(); // on a phone the field comes up first
    element.dispatchEvent(new CustomEvent("chat:reply", { detail: { id: Number(item.dataset.id), name } }));
  }

  function step(by) {
    const all = [...lines.querySelectorAll(LINE)];
    const at = all.findIndex((item) => item.classList.contains("sel"));
    all[at]?.classList.remove("sel");
    const next = all.at(at === -1 ? -1 : Math.min(Math.max(at + by, 0), all.length - 1));
    next?.classList.add("sel");
    const status = element.querySelector("[data-chat-status]");
    if (status && next) status.textContent = next.textContent; // read aloud, as focus would be
    next?.scrollIntoView({ block: "nearest" });
  }

  lines.addEventListener("click", ({ target }) => {
    const item = target.closest(LINE);
    if (item) answer(item);
  });
  log.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by) {
      event.preventDefault();
      step(by);
    } else if (event.key === "Enter") {
      event.preventDefault(); // or it would send what the field holds
      const chosen = lines.querySelector(".sel");
      if (chosen) answer(chosen);
    }
  });
}
