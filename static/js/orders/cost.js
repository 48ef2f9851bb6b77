// <form data-module="orders/cost">: what a coupon costs at most, copies × amount, while it is typed,
// and how it will look. The sentences come from data attributes with %s for the number.
import { money } from "guitai/money";

// "¥1,380.50", "１３８" as minor units; null if it is no amount. The server decides; this only shows.
function amount(text) {
  const plain = text.normalize("NFKC").replace(/[¥￥,\s]/g, "");
  return /^\d{1,9}(\.\d{1,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : null;
}

const said = (sentence, value) => (sentence ?? "").replace("%s", value);

export default function start(form) {
  const part = (name) => form.querySelector(`[data-${name}]`);
  const typed = (name) => form.elements.namedItem(name)?.value ?? "";

  function show() {
    const off = amount(typed("amount"));
    const from = amount(typed("threshold"));
    const copies = Number.parseInt(typed("issued"), 10);
    const days = Number.parseInt(typed("days"), 10);
    part("amount").textContent = money(off ?? 0);
    const { from: sentence, any } = part("threshold").dataset;
    part("threshold").textContent = from ? said(sentence, money(from)) : any;
    part("name").textContent = typed("name");
    const { one, some } = part("days").dataset;
    part("days").textContent = days > 0 ? said(days === 1 ? one : some, days) : "";
    part("cost").hidden = !(off && copies > 0);
    if (off && copies > 0) {
      part("cost-text").textContent = said(part("cost-text").dataset.most, money(off * copies));
    }
  }

  form.addEventListener("input", show);
  show();
}
