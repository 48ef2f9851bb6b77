// <button data-module="again"> … <span data-module="countdown" data-until>: asks for another code.
// It waits for its clock, by the server's time; without this script the server says how long it is.

export default function start(button) {
  button.disabled = true;
  button.addEventListener("countdown:over", ({ target }) => {
    button.disabled = false;
    target.remove();
  });
}
