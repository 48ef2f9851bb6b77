// <form data-module="form">: the first wrong field has the focus when the page comes back, and an
// error leaves while its field is being mended. Nothing that was typed is ever cleared.

export default function start(form) {
  const summary = form.querySelector("[data-form-errors]");
  const wrong = form.querySelector('[aria-invalid="true"]');
  (summary ?? wrong)?.focus();
  form.addEventListener("input", ({ target }) => {
    const field = target.closest(".field--error");
    if (!field) return;
    field.classList.remove("field--error");
    field.querySelector(".error")?.remove();
    target.removeAttribute("aria-invalid");
  });
}
