// The product sheet: which specification, how many. Works as a plain form without this file.
import { chooseByOption } from "guitai/livestream/options";
import { currencyOf, money } from "guitai/money";

export default function start(form) {
  const quantity = form.elements.quantity;
  const text = form.querySelector("[data-left-text]");
  const price = form.querySelector("[data-price]");
  const most = form.querySelector("[data-most]");
  const sum = form.querySelector("[data-sum]"); // on the button: what so many cost

  // Never more than there are, and never without saying so.
  function bound() {
    const limit = Number(quantity.max) || 1;
    const wanted = Math.max(Math.trunc(Number(quantity.value)) || 1, 1);
    quantity.value = Math.min(wanted, limit);
    most.hidden = wanted <= limit;
    most.textContent = most.hidden ? "" : most.dataset.sentence.replace("%(count)s", limit);
    const chosen = form.querySelector("[name=variant]:checked")?.dataset.amount;
    if (!sum || !chosen) return;
    sum.hidden = false;
    sum.textContent = money(chosen * quantity.value, currencyOf(form));
  }

  function step(by) {
    quantity.value = Math.trunc(Number(quantity.value) || 0) + by;
    bound();
  }

  chooseByOption(form);
  form.querySelector("[data-less]").addEventListener("click", () => step(-1));
  form.querySelector("[data-more]").addEventListener("click", () => step(1));
  quantity.addEventListener("change", bound);
  form.addEventListener("change", ({ target }) => {
    if (target.name !== "variant") return;
    const { left, priceText, wasText } = target.dataset;
    quantity.max = left;
    bound();
    text.textContent = text.dataset.sentence.replace("%(count)s", left);
    const now = document.createElement("span");
    now.className = wasText ? "money money--now" : "money";
    now.textContent = priceText;
    const was = document.createElement("span");
    was.className = "was num";
    was.textContent = wasText;
    price.replaceChildren(now, " ", was);
  });
  bound();
}
