// The list of what goes into the box: Enter in any field adds what was scanned, never moves.
//
//   <form data-module="merchants/transfer"> [name=code] [name=scan] … [name=go]
//
// A browser takes the first button of a form for Enter, which is [name=scan]; what is left to do
// here is the focus, which goes back to the scanner's field whenever the list comes back.

export default function start(form) {
  const field = form.querySelector("[name=code]");
  if (matchMedia("(pointer: fine)").matches) field.focus();
  form.querySelector('[aria-invalid="true"]')?.focus();
}
