// Shows of the form what the choice above it needs: [data-needs="way"] waits until the field "way" has
// a value, or the one in data-when. What a preview has found is brought into view.

export default function start(form) {
  const parts = [...form.querySelectorAll("[data-needs]")];
  const show = () => {
    for (const part of parts) {
      const value = form.elements[part.dataset.needs]?.value ?? "";
      part.hidden = part.dataset.when ? value !== part.dataset.when : !value;
    }
  };
  form.addEventListener("change", show);
  show();
  form.querySelector("[data-preview]")?.focus();
}
