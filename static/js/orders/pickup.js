// <div data-module="orders/pickup">: the camera reads a shopper's code into the field [data-scan], and it is
// looked for at once, as a scanner with its Enter does it.
import camera from "guitai/merchants/barcode";

export default function start(part) {
  const form = part.querySelector("[data-scan]");
  camera(part, form, (code) => {
    form.elements.namedItem("code").value = code;
    part.querySelector("[data-scan-dialog]").close();
    form.requestSubmit();
  });
}
