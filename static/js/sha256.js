// SHA-256 of ASCII text or of bytes, in hex, at once (FIPS 180-4).
//
//   import { hex, sha256, sha256After } from "guitai/sha256";
//   sha256("abc")  sha256(new Uint8Array(…))
//   const after = sha256After("the same beginning|");    for many texts that begin alike
//   hex(after("one"))                                     eight words, good until the next call
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

function make(size) {
  if (buffer.length < size) buffer = new Uint8Array(size);
}

function write(data, at) {
  if (typeof data === "string") for (let i = 0; i < data.length; i += 1) buffer[at + i] = data.charCodeAt(i);
  else buffer.set(data, at);
}

// Closes what stands in the buffer, `length` bytes of a message of `total`, and takes it in.
function finish(length, total) {
  const size = ((length + 72) >> 6) << 6;
  buffer.fill(0, length, size);
  buffer[length] = 0x80;
  for (let i = 0; i < 4; i += 1) {
    buffer[size - 1 - i] = (total << 3) >>> (i * 8);
    buffer[size - 5 - i] = Math.floor(total / 2 ** 29) >>> (i * 8);
  }
  for (let at = 0; at < size; at += 64) block(at);
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
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
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

export function hex(words) {
  return Array.from(words, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

export function sha256(data) {
  make(data.length + 72);
  write(data, 0);
  state.set(START);
  finish(data.length, data.length);
  return hex(state);
}

export function sha256After(prefix) {
  const whole = prefix.length - (prefix.length % 64);
  const rest = prefix.slice(whole);
  make(prefix.length + 72);
  write(prefix, 0);
  state.set(START);
  for (let at = 0; at < whole; at += 64) block(at);
  const middle = state.slice();
  return (text) => {
    make(rest.length + text.length + 72);
    write(rest, 0);
    write(text, rest.length);
    state.set(middle);
    finish(rest.length + text.length, prefix.length + text.length);
    return state;
  };
}
