// Checkout: parcel or pick-up changes what is asked and what it costs. The sum always comes from the
// server; what was typed stays where it is.
export default function start(form) {
  function show() {
    const method = form.querySelector("[name=method]:checked")?.value ?? "delivery";
    for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== method;
  }

  async function price() {
    // Only what the price depends on: a street in a query string would end in a log.
    const data = new URLSearchParams();
    const typed = new FormData(form);
    for (const name of ["variant", "quantity", "cart", "method", "voucher", "saved", "region"]) {
      for (const value of typed.getAll(name)) data.append(name, value);
    }
    const answer = await fetch(`${form.getAttribute("action")}?${data}`, {
      headers: { "HX-Request": "true" },
    });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const selector of ["[data-sum]", "[name=expected_total]", "[name=voucher]", "footer"]) {
      const fresh = page.querySelector(`form ${selector}`);
      if (fresh) form.querySelector(selector).replaceWith(document.importNode(fresh, true));
    }
  }

  form.addEventListener("change", ({ target }) => {
    if (!["method", "saved", "region"].includes(target.name)) return;
    show();
    price();
  });
  show();
}
