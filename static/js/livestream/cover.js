// <div data-module="livestream/cover" data-chosen="The cover that you have chosen"><img><input type=file></div>
// What is chosen is seen before it is sent. A picture that this browser cannot show (HEIC) leaves what
// was there: the server reads it all the same.

export default function start(place) {
  const picture = place.querySelector("img");
  const input = place.querySelector("input[type=file]");
  const before = { src: picture.src, alt: picture.alt };
  let chosen = "";
  const put = ({ src, alt }) => {
    if (chosen && src !== chosen) URL.revokeObjectURL(chosen);
    Object.assign(picture, { src, alt });
  };
  picture.addEventListener("error", () => picture.src !== before.src && put(before));
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (!file) return put(before);
    const src = URL.createObjectURL(file);
    put({ src, alt: place.dataset.chosen });
    chosen = src;
  });
}
