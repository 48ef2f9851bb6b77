// The product sheet: which specification, how many. Works as a plain form without this file.
export default function start(form) {
  const quantity = form.elements.quantity;
  const text = form.querySelector("[data-left-text]");
  const price = form.querySelector("[data-price]");

  function bound() {
    const most = Number(quantity.max) || 1;
    quantity.value = Math.min(Math.max(Math.trunc(Number(quantity.value)) || 1, 1), most);
  }

  form.querySelector("[data-less]").addEventListener("click", () => { quantity.stepDown(); bound(); });
  form.querySelector("[data-more]").addEventListener("click", () => { quantity.stepUp(); bound(); });
  quantity.addEventListener("blur", bound);
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
}
