// <form data-module="orders/cost" data-symbol="¥" data-digits="2">: what a coupon costs at most,
// copies × amount, or × the price of the gift, while it is typed, and how it will look. The sentences come from data attributes
// with %s for the number.
import { amount, currencyOf, money } from "guitai/money";

const said = (sentence, value) => (sentence ?? "").replace("%s", value);

export default function start(form) {
  const part = (name) => form.querySelector(`[data-${name}]`);
  const typed = (name) => form.elements.namedItem(name)?.value ?? "";
  const currency = currencyOf(form);
  const price = (minor) => money(minor, currency);

  function show() {
    const off = amount(typed("amount"), currency);
    const from = amount(typed("threshold"), currency);
    const copies = Number.parseInt(typed("issued"), 10);
    const days = Number.parseInt(typed("days"), 10);
    const kind = form.querySelector("[name=kind]:checked")?.value ?? "amount";
    const looks = { amount: price(off ?? 0), percent: `−${typed("percent") || 0}%`, shipping: part("amount").dataset.free, gift: part("amount").dataset.gift };
    part("amount").textContent = looks[kind];
    const { from: sentence, any } = part("threshold").dataset;
    part("threshold").textContent = from ? said(sentence, price(from)) : any;
    part("name").textContent = typed("name");
    const { one, some } = part("days").dataset;
    part("days").textContent = days > 0 ? said(days === 1 ? one : some, days) : "";
    const gift = Number(part("gift-found")?.querySelector("[data-price]")?.dataset.price);
    const each = { amount: off, percent: amount(typed("cap"), currency), gift }[kind]; // what one copy costs at most
    part("cost").hidden = !(each && copies > 0);
    if (each && copies > 0) {
      part("cost-text").textContent = said(part("cost-text").dataset.most, price(each * copies));
    }
  }

  form.addEventListener("input", show);
  form.addEventListener("htmx:afterSwap", show); // the gift that was typed has been found
  show();
}
