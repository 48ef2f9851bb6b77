// How many are watching.
//
//   <span class="num" data-module="livestream/presence">{{ viewers }}</span>
//
// Only the number is replaced; the words around it stay the template's.
const format = new Intl.NumberFormat(document.documentElement.lang || "zh-CN");

export default function start(element) {
  const show = (count) => { element.textContent = format.format(count); };
  document.addEventListener("live:seat.taken", ({ detail }) => show(detail.viewers));
  document.addEventListener("live:viewers.counted", ({ detail }) => show(detail.count));
}
