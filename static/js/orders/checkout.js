// Checkout: parcel or pick-up changes what is asked and what it costs. The sum always comes from the
// server; what was typed stays where it is.
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
    for (const name of ["variant", "quantity", "cart", "method", "voucher", "saved", "region", "without"]) {
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
    for (const selector of ["[data-sum]", "[name=expected_total]", "[name=voucher]", "footer"]) {
      const fresh = page.querySelector(`form ${selector}`);
      if (fresh) form.querySelector(selector).replaceWith(document.importNode(fresh, true));
    }
  }

  form.addEventListener("change", ({ target }) => {
    if (!["method", "saved", "region", "without"].includes(target.name)) return;
    show();
    price();
  });
  show();
}
