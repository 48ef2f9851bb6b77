// News of the shop for every dashboard page: orders arrive without a reload.
//
//   <div data-module="merchants/news" data-path="/ws/dashboard/<merchant>/" hidden></div>
//   <… hx-get="…" hx-trigger="news:order.paid from:document">       a list that fetches itself again
//   <span class="count" data-unread hidden>0</span>                  the bell's number
//
// Every event of docs/events.md that concerns the merchant becomes `news:<type>` on the document, and
// `news:orders` follows when an order was placed, paid or moved, once a second at most. After a cut `news:caught-up` says that
// something may have been missed: lists listen to it too. A notice is shown as a toast.
import { connect } from "guitai/socket";
import { toast } from "guitai/toast";

function tell(type, detail) {
  document.dispatchEvent(new CustomEvent(`news:${type}`, { detail }));
}

function ring() {
  for (const place of document.querySelectorAll("[data-unread]")) {
    place.textContent = String(Number(place.textContent || 0) + 1);
    place.hidden = false;
  }
}

const OFTEN = 1000; // ms between two words about orders: in a rush there are hundreds of events

export default function start(element) {
  let cut = false;
  let resting = false;
  let moved = false;

  // At once, and again after the rest if more has moved meanwhile: the last word is never left out.
  function tellOrders() {
    moved = resting;
    if (resting) return;
    resting = true;
    tell("orders", {});
    setTimeout(() => {
      resting = false;
      if (moved) tellOrders();
    }, OFTEN);
  }

  const heard = new Set();
  connect(element.dataset.path, {
    onEvent: (event) => {
      if (event.type === "notice.created") {
        if (heard.has(event.id)) return;
        heard.add(event.id);
        ring();
        toast(event.subject, { icon: "bell" });
      }
      tell(event.type, event);
      if (event.type.startsWith("order.")) tellOrders();
    },
    onState: (state) => {
      if (state === "lost") cut = true;
      if (state === "open" && cut) {
        cut = false;
        tell("caught-up", {});
      }
      tell("connection", { state });
    },
  });
}
