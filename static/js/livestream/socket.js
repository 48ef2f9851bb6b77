// The one socket of a room page. Others listen and never open their own:
//
//   <div data-module="livestream/socket" data-path="/ws/live/<room>/" data-last-id="<last chat id>" hidden></div>
//
//   document.addEventListener("live:chat.said", ({ detail }) => …)    every event of docs/events.md
//   document.addEventListener("live:connection", ({ detail }) => …)   {state: "open"|"lost"|"refused", code}
//   import { hear, say, renew } from "guitai/livestream/socket";
//     hear("viewers.counted", (event) => …)   the same, and at once for what is known already
//     say(frame)                              true if it went out
//     renew()                                 leave and come back: the cookies have changed
//
// htmx hears them too: hx-trigger="live:shelf.changed from:document".
// Chat is resumed from the last id; a line may come twice after that, and listeners know it by its id.
// It connects when every module of the page has started, so that none of them misses the first events.
import { connect } from "guitai/socket";

const LASTING = new Set(["connection", "likes.counted", "room.state", "seat.taken", "viewers.counted"]);
const known = new Map();
let line = null;
let lastId = null;

export function say(frame) {
  return line?.send(frame) ?? false;
}

export function renew() {
  line?.renew();
}

// "" before the first connection, then "open", "lost" or "refused".
export function connectionState() {
  return known.get("connection")?.state ?? "";
}

export function hear(type, act) {
  document.addEventListener(`live:${type}`, ({ detail }) => act(detail));
  if (known.has(type)) act(known.get(type));
}

function tell(type, detail) {
  if (LASTING.has(type)) known.set(type, detail);
  document.dispatchEvent(new CustomEvent(`live:${type}`, { detail }));
}

async function everyoneListens() {
  const names = [...document.querySelectorAll("[data-module]")].flatMap(({ dataset }) => dataset.module.split(" "));
  await Promise.allSettled(names.map((name) => import(`guitai/${name}`)));
  await new Promise((listening) => { setTimeout(listening); });
}

export default async function start(element) {
  document.addEventListener("nickname:taken", renew); // elsewhere than in the chat
  await everyoneListens();
  lastId = element.dataset.lastId ? Number(element.dataset.lastId) : null;
  line = connect(element.dataset.path, {
    resume: () => lastId,
    onEvent: (event) => {
      if (event.type === "chat.said") lastId = Math.max(lastId ?? 0, event.id);
      tell(event.type, event);
    },
    onState: (state, code) => tell("connection", { state, code }),
  });
}
