// Says that the connection is lost, and only then: the one role="alert" of the console.
//
//   <p role="alert" data-module="livestream/connection"
//      data-lost="The connection is gone. We keep trying; what you wrote is safe."
//      data-refused="This room is closed to you now." hidden></p>
//
// A cut of less than two seconds is not worth a word.
import { hear } from "guitai/livestream/socket";

const WORTH_SAYING = 2000;

export default function start(element) {
  let timer = 0;
  hear("connection", ({ state }) => {
    clearTimeout(timer);
    if (state === "open") {
      element.hidden = true;
      element.textContent = "";
      return;
    }
    const sentence = state === "lost" ? element.dataset.lost : element.dataset.refused;
    timer = setTimeout(() => {
      element.textContent = sentence ?? "";
      element.hidden = !sentence;
    }, state === "lost" ? WORTH_SAYING : 0);
  });
}
