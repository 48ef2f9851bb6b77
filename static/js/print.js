// <button data-module="print">: asks the browser to print this page.
export default function start(button) {
  button.addEventListener("click", () => window.print());
}
