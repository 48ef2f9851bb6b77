// The shopper's room as the show goes on: the pinned card, offers, stock, and the states of the room.
//
// On the <main>: data-state, data-product-url and data-drop-url (with 0 and x to be replaced),
// data-symbol, data-digits, data-text-left ("%(count)s left"), data-text-out, data-text-from
// ("from %(price)s"), data-text-say and data-text-shows (with %(host)s). Inside: [data-pin] with
// its parts, [data-drops], [data-banner="<state>"] and [data-state-pill="<state>"]; anywhere: [data-item]
// rows of the shelf.
// A room that starts or ends is another page: it is loaded again, each viewer at her own moment.
import { serverNow } from "guitai/countdown";
import { untilSeen } from "guitai/livestream/fair";
import { hear } from "guitai/livestream/socket";
import { money } from "guitai/money";

const WATCHING = new Set(["live", "paused", "interrupted"]);

export default function start(element) {
  const { symbol, digits, productUrl, dropUrl, textLeft, textOut, textFrom } = element.dataset;
  const price = (amount) => money(amount, { symbol, digits: Number(digits) });
  const from = ({ price: amount, dearer }) => (dearer ? textFrom.replace("%(price)s", price(amount)) : price(amount));
  // Of several sizes the sum would promise what one of them has not.
  const left = ({ left: count, several }) =>
    (count <= 0 ? textOut : several ? "" : textLeft.replace("%(count)s", count));
  const pin = element.querySelector("[data-pin]");
  const drops = element.querySelector("[data-drops]");

  function showState(state) {
    if (WATCHING.has(state) !== WATCHING.has(element.dataset.state)) {
      element.querySelector("video")?.dispatchEvent(new CustomEvent("room:over"));
      setTimeout(() => location.reload(), 600 + Math.random() * 2400);
    }
    element.dataset.state = state;
    for (const banner of element.querySelectorAll("[data-banner]")) {
      banner.hidden = banner.dataset.banner !== state;
    }
    for (const pill of element.querySelectorAll("[data-state-pill]")) {
      pill.hidden = pill.dataset.statePill !== state;
    }
  }

  function showCard(card) {
    pin.hidden = !card;
    for (const row of document.querySelectorAll("[data-shelf] [data-item]")) {
      const on = Boolean(card) && row.dataset.item === String(card.item);
      row.classList.toggle("on", on);
      row.querySelector("[data-on-now]").hidden = !on;
      showLeft(row);
    }
    if (!card) return;
    pin.dataset.item = card.item;
    pin.classList.toggle("out", card.left <= 0);
    pin.querySelector("[data-pin-name]").textContent = card.name;
    showPinned(card);
    pin.querySelector("[data-pin-left]").textContent = left(card);
    pin.querySelector("[data-pin-picture]").src = card.picture;
    pin.querySelector("[data-pin-link]").href = productUrl.replace("/0/", `/${card.item}/`);
  }

  // Red is what is cheaper now, and nothing else.
  function showPinned(offer) {
    const amount = pin.querySelector("[data-pin-price]");
    amount.textContent = from(offer);
    amount.classList.toggle("money--now", offer.was !== null);
    pin.querySelector("[data-pin-was]").textContent = offer.was ? price(offer.was) : "";
  }

  function showStock(offer) {
    const { item, price: amount, was, left: count } = offer;
    if (pin.dataset.item === String(item)) {
      pin.classList.toggle("out", count <= 0);
      pin.querySelector("[data-pin-left]").textContent = left(offer);
      showPinned(offer);
    }
    for (const row of document.querySelectorAll(`[data-shelf] [data-item="${item}"]`)) {
      row.dataset.pieces = count;
      row.dataset.low = offer.low ? "1" : "";
      showLeft(row);
      const shown = row.querySelector("[data-price]");
      shown.textContent = from(offer);
      shown.classList.toggle("money--now", was !== null);
      row.querySelector("[data-was]").textContent = was ? price(was) : "";
    }
  }

  // How many are left is worth a word where few are, and of what is being explained.
  function showLeft(row) {
    const { pieces, several, low } = row.dataset;
    const worth = low || row.classList.contains("on") || Number(pieces) <= 0;
    row.classList.toggle("out", Number(pieces) <= 0);
    row.querySelector("[data-left]").textContent = worth ? left({ left: Number(pieces), several }) : "";
  }

  function showCount({ target }) {
    if (!target.matches("[data-shelf]")) return;
    const count = target.querySelectorAll("[data-item]").length;
    for (const place of document.querySelectorAll("[data-shelf-count]")) place.textContent = count;
  }

  function showHost(name) {
    const { textSay, textShows } = element.dataset;
    const asked = textSay.replace("%(host)s", name);
    document.querySelector("[data-say-open]").textContent = asked;
    for (const field of document.querySelectorAll("[data-chat-input]")) field.placeholder = asked;
    element.querySelector("video").ariaLabel = textShows.replace("%(host)s", name);
  }

  function showDrop(drop) {
    if (drops.querySelector(`[data-drop="${drop.id}"]`)) return;
    const chip = document.getElementById("drop-template").content.firstElementChild.cloneNode(true);
    chip.dataset.drop = drop.id;
    chip.href = dropUrl.replace("/x/", `/${drop.id}/`);
    chip.dataset.ends = drop.ends_at;
    const language = document.documentElement.lang.startsWith("zh") ? "zh-hans" : "en";
    chip.querySelector("[data-amount]").textContent = drop.worth?.[language] ?? price(drop.amount);
    drops.replaceChildren(chip);
  }

  // What nobody may claim any more calls nobody: the chip goes by the server's clock.
  function tick() {
    for (const chip of drops.children) if (Date.parse(chip.dataset.ends) <= serverNow()) chip.remove();
  }

  // She has it: the chip stays, to read the terms again, and no longer calls her to claim.
  function holdDrop({ id }) {
    const chip = drops.querySelector(`[data-drop="${id}"]`);
    if (!chip) return;
    chip.querySelector("[data-claim]").hidden = true;
    chip.querySelector("[data-got]").hidden = false;
  }

  function hideDrop({ id }) {
    drops.querySelector(`[data-drop="${id}"]`)?.remove();
  }

  function showAll({ state, card, host, drops: open }) {
    showState(state);
    showCard(card);
    showHost(host);
    if (open.length) showDrop(open[0]);
    else drops.replaceChildren();
  }

  hear("room.state", showAll);
  hear("room.moved", ({ state }) => showState(state));
  hear("item.pinned", ({ card }) => showCard(card));
  hear("stock.changed", showStock);
  // A fair offer comes with the picture: who is behind sees it later, and has as long.
  hear("drop.opened", ({ drop }) => {
    if (drop.fair) setTimeout(() => showDrop(drop), untilSeen(drop.opened_at));
    else showDrop(drop);
  });
  hear("drop.closed", hideDrop);
  hear("host.changed", ({ name }) => showHost(name));
  document.addEventListener("htmx:afterSwap", showCount);
  setInterval(tick, 1000);
  document.addEventListener("drop:held", ({ detail }) => holdDrop(detail));
}
