// Checkout: parcel or pick-up changes what is asked and what it costs. The sum always comes from the
// server; what was typed stays where it is.
export default function start(form) {
  function show() {
    const method = form.querySelector("[name=method]:checked")?.value ?? "delivery";
    for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== method;
  }

  async function price() {
    // Only what the price depends on: an address in a query string would end in a log.
    const data = new URLSearchParams();
    for (const name of ["variant", "quantity", "method", "voucher"]) {
      data.set(name, new FormData(form).get(name) ?? "");
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
    if (target.name !== "method") return;
    show();
    price();
  });
  show();
}
