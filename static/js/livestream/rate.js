// How much picture the line carries, learnt from the server's acks. No browser in here: numbers in,
// numbers out, and the time is told.
//
// A recorder never drops a frame, it queues. So what has been sent and not been acked is the delay
// of every viewer, and the only cure is to record less.

const BEHIND = 500; // ms of data on the way that are too many
const LOWEST = 200_000; // bits a second
const CLEAN = 10_000; // ms without trouble until we dare more
const REST = 4_000; // ms that a change gets to work
const MEMORY = 3_000; // ms of acks that we measure the line by

export class Rate {
  constructor(highest) {
    this.highest = highest;
    this.bits = highest;
    this.reset(0);
  }

  // A new connection: nothing is on the way.
  reset(now) {
    this.sent = 0;
    this.acked = 0;
    this.acks = [];
    this.changedAt = now;
    this.cleanSince = now;
  }

  send(bytes) {
    this.sent += bytes;
  }

  // The server has `total` bytes of this connection.
  ack(total, now) {
    this.acked = total;
    this.acks.push({ total, now });
    while (this.acks.length > 2 && now - this.acks[0].now > MEMORY) this.acks.shift();
  }

  // Milliseconds of data that are on the way.
  get behind() {
    return ((this.sent - this.acked) * 8000) / this.bits;
  }

  // Bits a second that arrived lately; null until that is known.
  get measured() {
    if (this.acks.length < 2) return null;
    const first = this.acks[0];
    const last = this.acks.at(-1);
    return last.now > first.now ? ((last.total - first.total) * 8000) / (last.now - first.now) : null;
  }

  // The bit rate to record at from now, or null to leave it.
  advice(now) {
    if (this.behind > BEHIND) {
      this.cleanSince = now;
      return now - this.changedAt > REST ? this.#change(this.#lower(), now) : null;
    }
    const dare = now - this.cleanSince > CLEAN && now - this.changedAt > CLEAN;
    return dare ? this.#change(this.bits * 1.5, now) : null;
  }

  #lower() {
    return Math.min(this.bits * 0.6, (this.measured ?? this.bits) * 0.7);
  }

  #change(wanted, now) {
    const bits = Math.round(Math.max(LOWEST, Math.min(this.highest, wanted)));
    if (bits === this.bits) return null;
    this.bits = bits;
    this.changedAt = now;
    this.cleanSince = now;
    return bits;
  }
}
