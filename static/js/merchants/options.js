// One option of a product: its values as chips below the field in which they are written.
//
//   <div data-module="merchants/options" data-remove="Leave out %s">
//     <input data-values value="red, blue">  <ul data-chips></ul>
const BETWEEN = /[,，、;；]+/;

export default function start(option) {
  const field = option.querySelector("[data-values]");
  const chips = option.querySelector("[data-chips]");

  function values() {
    const seen = new Map();
    for (const part of field.value.split(BETWEEN)) {
      const value = part.trim().replace(/\s+/g, " ");
      if (value && !seen.has(value.toLowerCase())) seen.set(value.toLowerCase(), value);
    }
    return [...seen.values()];
  }

  function draw() {
    chips.replaceChildren(...values().map((value) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "chip";
      button.textContent = `${value} ×`;
      button.setAttribute("aria-label", option.dataset.remove.replace("%s", value));
      button.addEventListener("click", () => {
        field.value = values().filter((other) => other !== value).join(", ");
        draw();
        field.focus();
      });
      item.append(button);
      return item;
    }));
  }

  field.addEventListener("input", draw);
  draw();
}
