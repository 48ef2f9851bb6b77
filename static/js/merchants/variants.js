// The specifications of a product: another row, or leave a new one out.
//
//   <section data-module="merchants/variants">
//     <input name="variants-TOTAL_FORMS">             Django's count; the server trusts only what it finds
//     <div data-variants> [data-variant] … </div>
//     <template data-variant-template>                a row whose numbers read __prefix__
//     <div data-same> [data-same-price] [data-same-put]   one price into every row
//     <button data-variant-add>   [data-variant-remove] inside a row
//
// Rows stay numbered without a gap: Django reads variants-0- to variants-(TOTAL-1)-.
const NUMBERED = ["name", "id", "for", "aria-describedby"];
const MOST = 100;

function renumber(row, number) {
  for (const part of row.querySelectorAll("*")) {
    for (const name of NUMBERED) {
      const value = part.getAttribute(name);
      if (value) part.setAttribute(name, value.replace(/variants-(\d+|__prefix__)-/g, `variants-${number}-`));
    }
  }
}

export default function start(section) {
  const list = section.querySelector("[data-variants]");
  const total = section.querySelector('[name="variants-TOTAL_FORMS"]');
  const template = section.querySelector("[data-variant-template]");
  const add = section.querySelector("[data-variant-add]");
  const same = section.querySelector("[data-same]");

  function count() {
    const rows = [...list.querySelectorAll("[data-variant]")];
    rows.forEach(renumber);
    total.value = String(rows.length);
    add.disabled = rows.length >= MOST;
    for (const button of list.querySelectorAll("[data-variant-remove]")) button.hidden = rows.length < 2;
    if (same) same.hidden = rows.length < 2;
  }

  add.addEventListener("click", () => {
    list.append(template.content.cloneNode(true));
    count();
    list.lastElementChild.querySelector("input:not([type=hidden])")?.focus();
  });
  list.addEventListener("click", ({ target }) => {
    const row = target.closest("[data-variant-remove]")?.closest("[data-variant]");
    if (!row) return;
    row.remove();
    count();
    add.focus();
  });
  same?.querySelector("[data-same-put]").addEventListener("click", () => {
    const price = same.querySelector("[data-same-price]").value.trim();
    if (!price) return;
    for (const field of list.querySelectorAll('[name$="-price"]')) {
      field.value = price;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
  // Enter in it must not send the form.
  same?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    same.querySelector("[data-same-put]").click();
  });
  count();
}
