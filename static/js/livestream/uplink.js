// The camera's WebSocket. It comes back by itself, notices when the other end has gone although the
// socket looks open, and stays away when the server has refused for good.

const WATCH = 500; // ms between two looks
const SILENT = 2_500; // ms without an ack while bytes are on the way
const OPENING = 4_000; // ms that a connection may take
const SHORTEST = 300; // ms before the first new try
const LONGEST = 4_000;

export class Uplink {
  #socket = null;
  #timer = 0;
  #watch = 0;
  #wait = SHORTEST;
  #wanted = false;
  #takeover = false;
  #since = 0; // when the socket was made, or something last came from the server
  #sent = 0;
  #acked = 0;

  // hello(): what to introduce ourselves with. heard: { open, ack, restart, lost, refused }.
  constructor(path, hello, heard) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.url = `${scheme}://${location.host}${path}`;
    Object.assign(this, { hello, heard, ready: false });
    addEventListener("online", () => this.#wanted && !this.ready && this.#open());
  }

  connect({ takeover = false } = {}) {
    this.#wanted = true;
    this.#takeover = takeover;
    this.#wait = SHORTEST;
    this.#open();
  }

  say(frame) {
    if (this.ready) this.#socket.send(JSON.stringify(frame));
  }

  send(blob) {
    if (!this.ready) return;
    if (this.#sent === this.#acked) this.#since = performance.now(); // idle until now
    this.#sent += blob.size;
    this.#socket.send(blob);
  }

  // Leaves on purpose: the server flushes what it has and expects nobody back.
  bye() {
    this.#wanted = false;
    clearTimeout(this.#timer);
    if (this.ready) this.say({ type: "publish.bye" });
    else this.#drop();
    this.ready = false;
  }

  #open() {
    this.#drop();
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.url);
    socket.onopen = () => {
      const hello = { type: "publish.hello", takeover: this.#takeover, ...this.hello() };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => this.#closed(code);
    this.#socket = socket;
    this.#since = performance.now();
    this.#sent = this.#acked = 0;
    this.#watch = setInterval(() => this.#look(), WATCH);
  }

  #hear(frame) {
    this.#since = performance.now();
    if (frame.type === "publish.open") {
      this.ready = true;
      this.#takeover = false; // once: a later reconnect must not steal the room back
      this.#wait = SHORTEST;
      this.heard.open(frame);
    } else if (frame.type === "publish.ack") {
      this.#acked = frame.bytes;
      this.heard.ack(frame);
    } else if (frame.type === "publish.restart") {
      this.heard.restart();
    } else if (frame.type === "publish.refused") {
      this.refusal = frame;
    }
  }

  #look() {
    const silence = performance.now() - this.#since;
    const waiting = this.ready && this.#sent > this.#acked;
    // A socket can look open for minutes after its network has gone.
    if (waiting ? silence > SILENT : !this.ready && silence > OPENING) this.#closed(0);
  }

  #closed(code) {
    const { refusal } = this;
    this.refusal = undefined;
    const was = this.#wanted;
    this.#drop();
    if (!was) return;
    if (code === 1000 || (code >= 4400 && code < 4600 && code !== 4408)) {
      this.#wanted = false;
      this.heard.refused(code, refusal);
      return;
    }
    this.heard.lost();
    this.#timer = setTimeout(() => this.#open(), this.#wait * (0.5 + Math.random()));
    this.#wait = Math.min(this.#wait * 2, LONGEST);
  }

  #drop() {
    clearInterval(this.#watch);
    this.ready = false;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
