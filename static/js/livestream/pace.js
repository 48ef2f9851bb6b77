// How fast to play so that little is kept in hand and yet never nothing. No browser in here: seconds
// in, a speed out.
//
// The stock of picture falls while we play and jumps up with every part. Its lowest point is what we
// could do without, so that is what we hold near `floor`. A stall shows that the line needs more.

const FLOOR = 0.45; // seconds that should be in hand even just before the next part
const STALL = 0.35; // more of them after each stall
const HIGHEST = 2.5;
const CALM = 20; // seconds without a stall until the floor sinks again
const WINDOW = 1.2; // seconds in which we look for the lowest point: several parts

export class Pace {
  constructor() {
    this.floor = FLOOR;
    this.looks = [];
    this.calmSince = 0;
  }

  // The speed to play at, `ahead` seconds being in hand at `now` (seconds of any steady clock).
  look(ahead, now) {
    this.looks.push({ ahead, now });
    while (now - this.looks[0].now > WINDOW) this.looks.shift();
    if (now - this.calmSince > CALM && this.floor > FLOOR) {
      this.floor = Math.max(FLOOR, this.floor - STALL);
      this.calmSince = now;
    }
    const spare = Math.min(...this.looks.map((look) => look.ahead)) - this.floor;
    if (spare > 1.5) return 1.3;
    if (spare > 0.5) return 1.15;
    if (spare > 0.12) return 1.05;
    return spare < -0.3 ? 0.95 : 1;
  }

  stalled(now) {
    this.floor = Math.min(HIGHEST, this.floor + STALL);
    this.calmSince = now;
    this.looks = [];
  }
}
