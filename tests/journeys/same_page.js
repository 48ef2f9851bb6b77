// What a shopper's page shows, as data: whatever two pages of one room must agree on.
() => {
  const text = (element) => element?.textContent.replace(/\s+/g, " ").trim() ?? "";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const shown = (selector, root = document) => {
    const element = root.querySelector(selector);
    return element && !element.hidden ? text(element.querySelector("[data-text]") ?? element) : null;
  };
  const path = (link) => link && new URL(link.getAttribute("href"), location).pathname + new URL(link.getAttribute("href"), location).search;
  const main = document.querySelector("main[data-room]");
  const pin = document.querySelector("[data-pin]");
  const talk = document.querySelector(".lr-talk");
  const video = document.querySelector("video");
  return {
    state: main.dataset.state,
    banners: all("[data-banner]").filter((one) => !one.hidden).map((one) => one.dataset.banner),
    lamp: all("[data-state-pill]").filter((one) => !one.hidden).map((one) => one.dataset.statePill),
    note: shown("[data-chat-pinned]", talk),
    closed: shown("[data-chat-closed]", talk),
    chat: all("[data-chat-lines] [data-id]", talk).map((line) => [
      line.dataset.id, ["host", "staff", "regular", "q", "sys"].filter((one) => line.classList.contains(one)),
      text(line.querySelector("[data-name]")), text(line.querySelector("[data-text]") ?? line), shown("[data-reply]", line),
    ]),
    card: pin.hidden ? null : {
      item: pin.dataset.item,
      name: text(pin.querySelector("[data-pin-name]")),
      price: text(pin.querySelector("[data-pin-price]")),
      was: text(pin.querySelector("[data-pin-was]")),
      left: text(pin.querySelector("[data-pin-left]")),
      picture: new URL(pin.querySelector("[data-pin-picture]").src).pathname,
      link: path(pin.querySelector("[data-pin-link]")),
      out: pin.classList.contains("out"),
    },
    shelf: all("aside [data-shelf] [data-item]").map((row) => [
      row.dataset.item, text(row.querySelector("b")), text(row.querySelector("[data-price]")), row.querySelector("[data-price]").classList.contains("money--now"),
      text(row.querySelector("[data-left]")), row.classList.contains("on"), row.classList.contains("out"), shown("[data-on-now]", row),
    ]),
    counts: all("[data-shelf-count]").map(text),
    drops: all("[data-drop]").map((chip) => [chip.dataset.drop, text(chip.querySelector("[data-amount]")), path(chip), shown("[data-got]", chip)]),
    flash: all("[data-flash]").map((chip) => [chip.dataset.flash, text(chip.querySelector("[data-price]")), path(chip), chip.dataset.left,
      Date.parse(chip.dataset.starts), Date.parse(chip.dataset.ends)].map((one) => (typeof one === "number" ? Math.floor(one / 1000) : one))),
    draw: all("[data-draws] [data-draw]").map((chip) => [chip.dataset.draw, chip.dataset.state, Math.floor(Date.parse(chip.dataset.closes) / 1000), path(chip)]),
    likes: text(document.querySelector("[data-likes]")),
    host: [text(document.querySelector("[data-say-open]")), video.getAttribute("aria-label")],
    fields: all("[data-chat-input]").map((field) => field.placeholder),
  };
}
