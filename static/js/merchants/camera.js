// <input type=file capture data-module="merchants/camera" data-taken="Taken: %s">: the button before it
// says which photo was taken, for the field itself is out of sight.
export default function start(input) {
  const button = input.previousElementSibling;
  const text = button.lastChild;
  const before = text.textContent;
  input.addEventListener("change", () => {
    const [file] = input.files;
    text.textContent = file ? input.dataset.taken.replace("%s", file.name) : before;
  });
}
