// Checkout: parcel or pick-up changes what is asked and what it costs. The sum always comes from the
// server; what was typed stays where it is.
const ASKED = [
  "variant", "quantity", "cart", "method", "store", "saved", "region", "without",
  "voucher", "extra", "coupons", "chosen",
];

export default function start(form) {
  function show() {
    const method = form.querySelector("[name=method]:checked")?.value ?? "delivery";
    for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== method;
  }

  let asking = new AbortController();

  async function price() {
    // Only what the price depends on: a street in a query string would end in a log.
    const data = new URLSearchParams();
    const typed = new FormData(form);
    for (const name of ASKED) {
      for (const value of typed.getAll(name)) data.append(name, value);
    }
    asking.abort(); // who changes her mind twice wants the second answer
    asking = new AbortController();
    const { signal } = asking;
    const text = await fetch(`${form.getAttribute("action")}?${data}`, {
      headers: { "HX-Request": "true" }, signal,
    }).then((answer) => (answer.ok ? answer.text() : ""), () => "");
    if (!text || signal.aborted) return;
    const page = new DOMParser().parseFromString(text, "text/html");
    const open = form.querySelector("[data-coupons]")?.open;
    const chose = document.activeElement?.name === "coupons" && form.contains(document.activeElement);
    for (const selector of ["[data-sum]", "footer"]) {
      const fresh = page.querySelector(`form ${selector}`);
      if (fresh) form.querySelector(selector).replaceWith(document.importNode(fresh, true));
    }
    const coupons = form.querySelector("[data-coupons]");
    if (coupons && open) coupons.open = true; // she may want to look at another one
    if (chose) form.querySelector("[name=coupons]:checked")?.focus();
  }

  form.addEventListener("change", ({ target }) => {
    if (!["method", "store", "saved", "region", "coupons"].includes(target.name)) return;
    show();
    price();
  });
  show();
}
