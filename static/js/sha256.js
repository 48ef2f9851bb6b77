// SHA-256 of ASCII text or of bytes, in hex, at once (FIPS 180-4).
//
//   import { sha256 } from "guitai/sha256";
//   sha256("abc")  sha256(new Uint8Array(…))
//
// crypto.subtle answers later and, on a page without TLS, not at all; a hundred thousand short texts
// take it longer than this.
const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n += 1) if (PRIMES.every((prime) => n % prime)) PRIMES.push(n);
const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const ROUND = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const w = new Int32Array(64);
const state = new Int32Array(8);
let buffer = new Uint8Array(1024);

function padded(data) {
  const length = data.length;
  const size = ((length + 72) >> 6) << 6;
  if (buffer.length < size) buffer = new Uint8Array(size);
  if (typeof data === "string") for (let i = 0; i < length; i += 1) buffer[i] = data.charCodeAt(i);
  else buffer.set(data);
  buffer.fill(0, length, size);
  buffer[length] = 0x80;
  const bits = new DataView(buffer.buffer);
  bits.setUint32(size - 8, Math.floor(length / 2 ** 29));
  bits.setUint32(size - 4, length << 3);
  return size;
}

function block(at) {
  for (let i = 0; i < 16; i += 1) {
    const p = at + i * 4;
    w[i] = (buffer[p] << 24) | (buffer[p + 1] << 16) | (buffer[p + 2] << 8) | buffer[p + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const x = w[i - 15];
    const y = w[i - 2];
    const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + small0 + w[i - 7] + small1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + big1 + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) | 0;
    const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

export function sha256(data) {
  const size = padded(data);
  state.set(START);
  for (let at = 0; at < size; at += 64) block(at);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}
