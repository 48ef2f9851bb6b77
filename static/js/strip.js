// A strip that scrolls sideways on a phone begins with the part one is in, not with the first.
export default function start(strip) {
  const here = strip.querySelector("[aria-current]");
  if (!here || strip.scrollWidth <= strip.clientWidth) return;
  const from = here.getBoundingClientRect().left - strip.getBoundingClientRect().left;
  strip.scrollLeft += from - (strip.clientWidth - here.offsetWidth) / 2;
}
