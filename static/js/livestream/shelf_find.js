// <input id="shelf-find" data-module="livestream/shelf_find" hx-preserve>: of a long shelf only the rows
// whose name holds what is typed. News bring the rows anew, the field stays as it is.
const folded = (text) => text.normalize("NFKC").toLowerCase();

export default function start(field) {
  function find() {
    const words = folded(field.value).split(/\s+/).filter(Boolean);
    for (const row of document.querySelectorAll("#shelf .cs-it")) {
      const name = folded(row.querySelector("b").textContent);
      row.classList.toggle("is-elsewhere", !words.every((word) => name.includes(word)));
    }
  }
  field.addEventListener("input", find);
  document.addEventListener("htmx:oobAfterSwap", ({ detail }) => {
    if (detail.target.id === "shelf") find();
  });
}
