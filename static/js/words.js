// The sentences of this page, as the server wrote them into <script id="guitai-words">.
const block = document.getElementById("guitai-words");
const words = block ? JSON.parse(block.textContent) : {};

// The sentence of this name, or an empty one.
export function word(name) {
  return words[name] ?? "";
}
