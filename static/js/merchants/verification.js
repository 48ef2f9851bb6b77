// The form of the brand verification: shows what was chosen, and only the paper that the claim needs.
//
//   <form data-module="merchants/verification">
//     <input type="radio" name="claim" value="own|authorised">
//     <div data-paper="licence|trademark|authorisation"> <input type=file> <img data-paper-picture>
//       <small data-paper-name>
const SHOWS = { trademark: "own", authorisation: "authorised" };

export default function start(form) {
  const papers = [...form.querySelectorAll("[data-paper]")];

  function choose() {
    const claim = form.querySelector('[name="claim"]:checked')?.value;
    for (const paper of papers) {
      const needs = SHOWS[paper.dataset.paper];
      // A certificate that is there already, or has trouble, stays in sight.
      const full = paper.querySelector(".up__pic--ok, .error");
      paper.hidden = Boolean(needs && claim && needs !== claim && !full);
    }
  }

  for (const paper of papers) {
    const picture = paper.querySelector("[data-paper-picture]");
    paper.querySelector("input[type=file]").addEventListener("change", ({ target }) => {
      const file = target.files[0];
      if (!file) return;
      paper.querySelector("[data-paper-name]").textContent = file.name;
      const address = URL.createObjectURL(file);
      picture.addEventListener("load", () => {
        picture.hidden = false;
        picture.previousElementSibling?.remove(); // the drawing of a camera
        URL.revokeObjectURL(address);
      }, { once: true });
      picture.addEventListener("error", () => { picture.hidden = !picture.complete; }, { once: true }); // HEIC
      picture.src = address;
    });
  }
  form.addEventListener("change", choose);
  choose();
}
