// The shopper's room as the show goes on: the pinned card, offers, stock, and the states of the room.
//
// On the <main>: data-state, data-product-url and data-drop-url (with 0 and x to be replaced),
// data-symbol, data-digits, data-text-left ("%(count)s left"), data-text-out, data-text-from
// ("from %(price)s"). Inside: [data-pin] with
// its parts, [data-drops], [data-banner="<state>"]; anywhere: [data-item] rows of the shelf.
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
  }

  function showCard(card) {
    pin.hidden = !card;
    for (const row of document.querySelectorAll("[data-shelf] [data-item]")) {
      const on = Boolean(card) && row.dataset.item === String(card.item);
      row.classList.toggle("on", on);
      row.querySelector("[data-on-now]").hidden = !on;
    }
    if (!card) return;
    pin.dataset.item = card.item;
    pin.querySelector("[data-pin-name]").textContent = card.name;
    pin.querySelector("[data-pin-price]").textContent = from(card);
    pin.querySelector("[data-pin-was]").textContent = card.was ? price(card.was) : "";
    pin.querySelector("[data-pin-left]").textContent = left(card);
    pin.querySelector("[data-pin-picture]").src = card.picture;
    pin.querySelector("[data-pin-link]").href = productUrl.replace("/0/", `/${card.item}/`);
  }

  function showStock(offer) {
    const { item, price: amount, was, left: count } = offer;
    if (pin.dataset.item === String(item)) {
      pin.querySelector("[data-pin-left]").textContent = left(offer);
      pin.querySelector("[data-pin-price]").textContent = from(offer);
      pin.querySelector("[data-pin-was]").textContent = was ? price(was) : "";
    }
    for (const row of document.querySelectorAll(`[data-shelf] [data-item="${item}"]`)) {
      const text = row.querySelector("[data-left]");
      if (count <= 0 || text.textContent) text.textContent = left(offer);
      const shown = row.querySelector("[data-price]");
      if (shown && shown.dataset.price !== String(amount)) {
        shown.dataset.price = amount;
        shown.textContent = from(offer);
      }
    }
  }

  function showDrop(drop) {
    if (drops.querySelector(`[data-drop="${drop.id}"]`)) return;
    const chip = document.getElementById("drop-template").content.firstElementChild.cloneNode(true);
    chip.dataset.drop = drop.id;
    chip.href = dropUrl.replace("/x/", `/${drop.id}/`);
    chip.querySelector("[data-amount]").textContent = price(drop.amount);
    drops.replaceChildren(chip);
    leaveAt(chip, drop.ends_at);
  }

  // What nobody may claim any more calls nobody: the chip goes by the server's clock.
  function leaveAt(chip, ends) {
    setTimeout(() => chip.remove(), Math.max(Date.parse(ends) - serverNow(), 0));
  }

  // She has it: the chip stays, to read the terms again, and no longer calls her to claim.
  function holdDrop({ id }) {
    const chip = drops.querySelector(`[data-drop="${id}"]`);
    if (!chip) return;
    chip.querySelector("[data-claim]").hidden = true;
    chip.querySelector("[data-got]").hidden = false;
  }

  for (const chip of drops.querySelectorAll("[data-ends]")) leaveAt(chip, chip.dataset.ends);

  function hideDrop({ id }) {
    drops.querySelector(`[data-drop="${id}"]`)?.remove();
  }

  function showAll({ state, card, drops: open }) {
    showState(state);
    showCard(card);
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
  document.addEventListener("drop:held", ({ detail }) => holdDrop(detail));
}
