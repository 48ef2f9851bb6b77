// What staff may do about the chat: take a line away, close the chat for guests, open it again.
//
//   <section data-module="livestream/chat livestream/moderation" data-moderate="/…/console/chat/">
//     <form method="post" action="…" data-mute hx-post="…" hx-swap="none">
//       <button name="do" value="mute">…</button> <button name="do" value="unmute" hidden>…</button>
//     </form>
//     <ol data-chat-lines>…</ol>
//   </section>
//   <template id="chat-tools"><button type="button" data-hide-line aria-label="…">…</button></template>
import { hear } from "guitai/livestream/socket";
import { send } from "guitai/request";

const LINE = "li[data-id]:not(.sys)";

export default function start(element) {
  const lines = element.querySelector("[data-chat-lines]");
  const complaint = element.querySelector("[data-chat-error]");
  const tools = document.getElementById("chat-tools").content.firstElementChild;

  function equip(item) {
    if (item.matches?.(LINE) && !item.querySelector("[data-hide-line]")) item.append(tools.cloneNode(true));
  }

  async function hide(item, button) {
    button.disabled = true;
    try {
      await send(element.dataset.moderate, {
        data: new URLSearchParams({ do: "hide", message: item.dataset.id }),
      });
      item.remove(); // the socket says so too
    } catch (refusal) {
      button.disabled = false;
      complaint.textContent = refusal.message;
      complaint.hidden = false;
    }
  }

  function showMuted(muted) {
    for (const button of element.querySelectorAll("[data-mute] button")) {
      button.hidden = (button.value === "mute") === muted;
    }
  }

  for (const item of lines.children) equip(item);
  new MutationObserver((changes) => {
    for (const change of changes) change.addedNodes.forEach(equip);
  }).observe(lines, { childList: true });
  lines.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-hide-line]");
    if (button) hide(button.closest("li"), button);
  });
  hear("chat.muted", ({ muted }) => showMuted(muted));
  hear("room.state", ({ muted }) => showMuted(Boolean(muted)));
}
