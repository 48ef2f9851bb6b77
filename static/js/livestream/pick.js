// <form data-module="livestream/pick">: find goods by name and see how many are chosen.
//   [data-pick-search] the field, [data-pick-row] with [data-pick-name] the rows, [data-pick-none] what
//   stands there when none fits, [data-pick-go] the button, its data-some the sentence with %s.

const folded = (text) => text.normalize("NFKC").toLowerCase();

export default function start(form) {
  const field = form.querySelector("[data-pick-search]");
  const rows = [...form.querySelectorAll("[data-pick-row]")];
  const none = form.querySelector("[data-pick-none]");
  const go = form.querySelector("[data-pick-go]");
  const plain = go.textContent;

  function find() {
    const words = folded(field.value).split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const name = folded(row.querySelector("[data-pick-name]").textContent);
      row.hidden = !words.every((word) => name.includes(word));
    }
    none.hidden = rows.some((row) => !row.hidden);
  }

  function count() {
    const chosen = form.querySelectorAll("input[type=checkbox]:checked").length;
    go.textContent = chosen ? go.dataset.some.replace("%s", chosen) : plain;
    go.disabled = !chosen;
  }

  field.addEventListener("input", find);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it searches; it must not send half a choice
  });
  form.addEventListener("change", count);
  count();
}
