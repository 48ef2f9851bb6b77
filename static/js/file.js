// <input type=file data-module="file" data-choose="Choose a file" data-none="None chosen yet"
//        data-several="Files chosen: %s">
// A browser words this field in its own language; here it speaks the page's, and lies unseen over what
// is drawn. Without scripts it is the plain field.
export default function start(input) {
  const { choose, none, several } = input.dataset;
  const box = drawn("span", "file", "");
  const name = drawn("span", "file__name", none);
  input.before(box);
  box.append(drawn("span", "btn btn--sm", choose), name, input);
  function show() {
    const [first, ...more] = input.files;
    name.textContent = !first ? none : more.length ? several.replace("%s", input.files.length) : first.name;
  }
  input.addEventListener("change", show);
  show(); // chosen before the scripts were there, or kept by the browser
}

function drawn(tag, classes, words) {
  const element = document.createElement(tag);
  element.className = classes;
  element.textContent = words;
  if (words) element.setAttribute("aria-hidden", "true"); // the field itself says it all
  return element;
}
