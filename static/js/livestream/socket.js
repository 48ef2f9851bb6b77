// The one socket of a room page. Others listen on the document and never open their own:
//
//   <div data-module="livestream/socket" data-path="/ws/live/<room>/" data-last-id="<last chat id>" hidden></div>
//
//   document.addEventListener("live:chat.said", ({ detail }) => …)    every event of docs/events.md
//   document.addEventListener("live:connection", ({ detail }) => …)   {state: "open"|"lost"|"refused", code}
//   import { say, renew } from "guitai/livestream/socket";            say(frame) is true if it went out
//
// htmx hears them too: hx-trigger="live:shelf.changed from:document".
// Chat is resumed from the last id; a line may come twice after that, and listeners know it by its id.
import { connect } from "guitai/socket";

let line = null;
let lastId = null;
let connection = "";

export function say(frame) {
  return line?.send(frame) ?? false;
}

export function renew() {
  line?.renew();
}

// "" before the first connection, then "open", "lost" or "refused".
export function connectionState() {
  return connection;
}

export function tell(type, detail) {
  document.dispatchEvent(new CustomEvent(`live:${type}`, { detail }));
}

export default function start(element) {
  lastId = element.dataset.lastId ? Number(element.dataset.lastId) : null;
  line = connect(element.dataset.path, {
    resume: () => lastId,
    onEvent: (event) => {
      if (event.type === "chat.said") lastId = Math.max(lastId ?? 0, event.id);
      tell(event.type, event);
    },
    onState: (state, code) => {
      connection = state;
      tell("connection", { state, code });
    },
  });
}
