// Choosing a specification by its options: colour, then size. The plain radios stay what is sent;
// they only go out of sight.
//
//   <div data-options hidden> <fieldset data-option> <input type=radio value="red"> … <small data-out>
//   <… data-plain> <input type=radio name="variant" data-left="3" data-values="red\nL">
//
// A value of which nothing is left cannot be chosen; one that is sold out only together with the other
// choices is marked, and choosing it moves those to what is there.

export function chooseByOption(form) {
  const box = form.querySelector("[data-options]");
  const variants = [...form.querySelectorAll('[name="variant"]')].map((radio) => ({
    radio, left: Number(radio.dataset.left), values: (radio.dataset.values ?? "").split("\n"),
  }));
  const groups = [...(box?.querySelectorAll("[data-option]") ?? [])].map((group) => [...group.querySelectorAll("input")]);
  // One that was added by hand has no values: then the plain list is the only whole one.
  if (!box || variants.some(({ values }) => values.length !== groups.length || !values[0])) return;

  const there = ({ left }) => left > 0;
  const chosen = () => groups.map((group) => group.find((input) => input.checked)?.value ?? null);
  const fits = (variant, wanted) => wanted.every((value, at) => value === null || variant.values[at] === value);

  function mark() {
    const now = chosen();
    groups.forEach((group, at) => {
      for (const input of group) {
        const anywhere = variants.some((one) => there(one) && one.values[at] === input.value);
        const here = variants.some((one) => there(one) && fits(one, now.map((value, place) => (place === at ? input.value : value))));
        const label = input.closest("label");
        input.disabled = !anywhere;
        label.classList.toggle("chip--out", !here);
        label.querySelector("[data-out]").hidden = here;
      }
    });
  }

  function choose(at, value) {
    const wanted = chosen();
    const open = variants.filter((one) => there(one) && one.values[at] === value);
    const same = (one) => one.values.filter((other, place) => other === wanted[place]).length;
    const best = open.sort((a, b) => same(b) - same(a))[0];
    if (!best) return;
    show(best);
    best.radio.checked = true;
    best.radio.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function show({ values }) {
    groups.forEach((group, at) => {
      for (const input of group) input.checked = input.value === values[at];
    });
    mark();
  }

  groups.forEach((group, at) => {
    for (const input of group) input.addEventListener("change", () => choose(at, input.value));
  });
  box.hidden = false;
  form.querySelector("[data-plain]").hidden = true;
  const first = variants.find(({ radio }) => radio.checked);
  if (first) show(first);
  else mark();
}
