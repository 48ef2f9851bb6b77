// A WebSocket that comes back.
//
//   import { connect } from "guitai/socket";
//   const line = connect("/ws/live/abc/", { onEvent, onState, resume: () => lastId });
//   line.send({ type: "ping" })    true if it went out
//   line.renew()                   leave and come back: the cookies have changed
//   line.close()
//
// onEvent(event) gets every event once per arrival; frames that carry several are unpacked here.
// onState("open" | "lost" | "refused", code). It comes back with jitter, at once when the network
// does, and asks for what it missed by adding ?after=<resume()>. A 44xx code refuses for good, except
// 4408 (did not keep up) and 4429 (too many frames).

const FIRST_WAIT = 400;
const LONGEST_WAIT = 1600; // with jitter and a handshake within 3 s of the network's return
const HIDDEN_WAIT = 15_000; // nobody is looking
const PENALTY = 15_000; // after 4429
const QUIET = 10_000; // without a frame for so long we ask whether anybody is there
const PATIENCE = 5000; // for the answer
const HANDSHAKES = [3000, 6000, 12_000]; // a slow network gets longer with each attempt

export function connect(path, { onEvent = () => {}, onState = () => {}, resume = () => null } = {}) {
  let socket = null;
  let wait = FIRST_WAIT;
  let failed = 0;
  let state = "";
  let heardAt = 0;
  let timer = 0;
  let done = false;

  function address() {
    const url = new URL(path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const after = resume();
    if (after !== null && after !== undefined) url.searchParams.set("after", after);
    return url;
  }

  function open() {
    clearTimeout(timer);
    drop();
    const mine = new WebSocket(address());
    socket = mine;
    timer = setTimeout(() => { failed += 1; lose(); }, HANDSHAKES[Math.min(failed, 2)]);
    mine.onopen = () => {
      clearTimeout(timer);
      failed = 0;
      heardAt = Date.now();
      tell("open");
    };
    mine.onmessage = ({ data }) => {
      heardAt = Date.now();
      wait = FIRST_WAIT; // it works, not only opens
      for (const event of unpack(data)) if (event.type !== "pong") onEvent(event);
    };
    mine.onclose = ({ code }) => lose(code);
  }

  // Forget the present socket without waiting for a network that may be gone.
  function drop() {
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    socket = null;
  }

  function lose(code = 1006) {
    clearTimeout(timer);
    drop();
    if (done) return;
    if (code >= 4400 && code < 4500 && code !== 4408 && code !== 4429) {
      done = true;
      return tell("refused", code);
    }
    tell("lost", code);
    const calm = code === 4429 ? PENALTY : document.hidden ? HIDDEN_WAIT : wait;
    timer = setTimeout(open, calm * (0.5 + Math.random()));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  function tell(now, code = 0) {
    if (now === state) return;
    state = now;
    onState(now, code);
  }

  // The network is back, or somebody looks again: do not sit out the wait.
  function hurry() {
    if (done || document.hidden || state === "open") return;
    wait = FIRST_WAIT;
    clearTimeout(timer);
    timer = setTimeout(open, Math.random() * FIRST_WAIT);
  }

  function feelPulse() {
    if (state !== "open") return;
    const silence = Date.now() - heardAt;
    if (silence > QUIET + PATIENCE) lose();
    else if (silence > QUIET) send({ type: "ping" });
  }

  function send(frame) {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }

  function look() {
    if (!document.hidden) feelPulse(), hurry();
  }

  function leave() {
    done = true;
    clearTimeout(timer);
    clearInterval(pulse);
    removeEventListener("online", hurry);
    removeEventListener("offline", noticeLoss);
    document.removeEventListener("visibilitychange", look);
    drop();
  }

  function noticeLoss() {
    if (state === "open") lose();
  }

  const pulse = setInterval(feelPulse, PATIENCE);
  addEventListener("online", hurry);
  addEventListener("offline", noticeLoss);
  document.addEventListener("visibilitychange", look);
  open();
  return { send, close: leave, renew: () => { if (!done) open(); } };
}

// A frame is one event or an array of the events of one moment.
function unpack(data) {
  let content;
  try {
    content = JSON.parse(data);
  } catch {
    return [];
  }
  if (Array.isArray(content)) return content;
  return content.type === "batch" ? content.events : [content];
}
