"""Buttons that move money, goods or coupons, pressed several times at the same moment on the same
page, over real HTTP: done once, and every press is told so (P2, P6, P8).

Of two presses of one browser its last answer is what shows; here each has a session of its own,
of the same person on the same device, so that what every single one is told can be read.
"""

from __future__ import annotations

import html
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Sum
from django.test import Client

from livestream.models import FlashPurchase, FlashSale, Room
from merchants.models import Stock, StockMovement, User, Variant
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock
from orders.models import BankEntry, CounterUse, Coupon, Order, Payment, Refund, Voucher
from orders.payments import sandbox
from orders.rules.refund import RefundKind
from orders.services.coupon import claim_coupon
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.refund import approve_refund, request_refund
from orders.services.shipment import ship_order
from tests.conftest import DAN
from tests.livestream.test_flash import announce, begin
from tests.races.shopper import Answer, Shopper, at_once, nothing_is_broken, statuses
from tests.servers import Server, database_url, running, session_of

pytestmark = pytest.mark.slow
PRESSES = 4
MOVED = ("Somebody has answered this refund meanwhile", "This refund is “")


def staff(server: Server, user: User, presses: int = PRESSES) -> list[Shopper]:
    found = []
    for _press in range(presses):
        client = Client()
        client.force_login(user)
        found.append(Shopper(server, signed(session_of(client)), htmx=False))
    return found


def buyer(server: Server, device: uuid.UUID, *, htmx: bool = False) -> list[Shopper]:
    found = []
    for _press in range(PRESSES):
        session = SessionStore()
        session["device"] = str(device)
        session.save()
        found.append(Shopper(server, signed(session.session_key or ""), htmx=htmx))
    return found


def signed(session: str) -> dict[str, str]:
    return {settings.SESSION_COOKIE_NAME: session}


def press(hands: list[Shopper], path: str, form: dict[str, str]) -> list[Answer | Exception]:
    """The same form from every hand at the same moment."""
    return at_once([lambda one=one: one.post(path, form) for one in hands])


def told(hands: list[Shopper], answers: list[Answer | Exception]) -> list[str]:
    """What each reads then: the page that came, or the one it was sent on to. None is broken."""
    assert set(statuses(answers)) <= {200, 302, 409, 422}
    pages = []
    for one, answer in zip(hands, answers, strict=True):
        assert isinstance(answer, Answer)
        page = one.get(answer.to).text if answer.to else answer.text
        pages.append(" ".join(re.sub(r"<[^>]+>", " ", html.unescape(page)).split()))
    return pages


def one_of(pages: list[str], done: str, *otherwise: str) -> bool:
    """One reads that it is done, every other one why her press was none."""
    assert [done in page for page in pages].count(True) == 1
    others = [page for page in pages if done not in page]
    assert all(any(words in page for words in otherwise) for page in others), others
    return True


@pytest.fixture
def large(transactional_db, variant, store) -> Variant:
    """Another size of the tea, of which there is enough to do wrong twice."""
    facts = {"merchant": variant.merchant, "product": variant.product, "price": variant.price}
    other = Variant.objects.create(name="Large", sku="large", **facts)
    change_stock(variant=other, store=store, delta=9, reason=Reason.RECEIVED, by=None)
    return other


@pytest.fixture
def sent(large, shop, dan, variant, alice) -> Order:
    """Two pieces, paid, and on their way."""
    facts = {"merchant": shop, "customer": dan, "contact": DAN, "language": "en"}
    order = place_order(**facts, basket={variant.pk: 2}, device=dan.device)
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    ship_order(order=order, carrier="sf", tracking_number="SF123456", by=alice)
    return order


@pytest.fixture
def asked(sent, large) -> Refund:
    return ask(sent, large)


def ask(order: Order, wanted: Variant) -> Refund:
    """One piece is to be exchanged."""
    line = order.lines.get()
    instead = {line.pk: wanted.pk}
    return request_refund(
        order=order, pieces={line.pk: 1}, kind=RefundKind.EXCHANGE, wanted=instead
    )


@pytest.fixture
def agreed(asked, alice) -> Refund:
    return approve_refund(refund=asked, version=asked.version, by=alice)


@pytest.fixture
def sale(live: Room, longjing) -> FlashSale:
    """Two pieces for whoever pays first, both for one buyer if she likes."""
    found = announce(
        live, live.items.get(product=longjing), longjing.variants.get(), quota=2, pay_first=True
    )
    begin(found)
    found.refresh_from_db()
    return found


@pytest.fixture
def voucher(transactional_db, coupon, dan) -> Voucher:
    Coupon.objects.update(per_customer=5)  # not the cap keeps the second out
    return claim_coupon(coupon=coupon, customer=dan)


def ask_form(hand: Shopper, order: Order, wanted: Variant) -> dict[str, str]:
    line = order.lines.get()
    choice = {f"line-{line.pk}": "1", "kind": "exchange", f"for-{line.pk}": str(wanted.pk)}
    return hand.form(f"/orders/{order.number}/refund/", "", reason="broken", words="", **choice)


def at_desk(refund: Refund, verb: str) -> tuple[str, str]:
    """The order's page at the shop, and where a button of its card leads."""
    page = f"/dashboard/tea/orders/{refund.order.number}/"
    return page, f"{page}refunds/{refund.public_id}/{verb}/"


def steps(refund: Refund, state: str) -> int:
    return refund.steps.filter(state=state).count()


# --- the exchange ---------------------------------------------------------------------------------


def test_an_exchange_is_asked_for_once(server, sent, large):
    hands = buyer(server, sent.device)
    form = ask_form(hands[0], sent, large)
    pages = told(hands, press(hands, f"/orders/{sent.number}/refund/", form))
    refund = Refund.objects.get()
    assert refund.pieces.get().wanted == large
    assert all("The shop answers within 48 hours" in page for page in pages)
    assert nothing_is_broken()


def test_it_is_agreed_to_once_and_one_piece_put_aside(server, asked, large, alice):
    hands = staff(server, alice)
    page, action = at_desk(asked, "approve")
    pages = told(hands, press(hands, action, hands[0].form(page, action)))
    assert one_of(pages, "Agreed. The customer is told.", *MOVED)
    assert steps(asked, "approved") == steps(asked, "awaiting_return") == 1
    assert Stock.objects.get(variant=large).reserved == 1
    assert nothing_is_broken()


def test_money_and_goods_for_it_at_once_is_one_of_them(server, asked, large, alice):
    """Two buttons of one card, by two hands each."""
    hands = staff(server, alice)
    page, action = at_desk(asked, "approve")
    goods = hands[0].form(page, action)
    acts = [lambda h=h: h.post(action, goods) for h in hands[:2]]
    acts += [lambda h=h: h.post(action, {**goods, "money": "1"}) for h in hands[2:]]
    assert one_of(told(hands, at_once(acts)), "Agreed. The customer is told.", *MOVED)
    asked.refresh_from_db()
    assert Stock.objects.get(variant=large).reserved == asked.is_exchange
    assert nothing_is_broken()


def test_the_goods_are_back_once_and_one_order_goes_out_for_them(server, agreed, large, bob, store):
    hands = staff(server, bob)
    page, action = at_desk(agreed, "back")
    form = hands[0].form(page, action, store=str(store.pk))
    pages = told(hands, press(hands, action, form))
    assert one_of(pages, "What goes out for it is an order now", *MOVED)
    assert Order.objects.filter(lines__variant=large).count() == 1
    assert StockMovement.objects.filter(reference=agreed.public_id).count() == 1
    assert nothing_is_broken()


def test_she_keeps_it_after_all_once(server, agreed, large):
    hands = buyer(server, agreed.order.device)
    page = f"/orders/{agreed.order.number}/"
    action = f"{page}refunds/{agreed.public_id}/withdraw/"
    pages = told(hands, press(hands, action, hands[0].form(page, action)))
    assert one_of(pages, "Withdrawn. You keep your order as it is.", *MOVED)
    assert steps(agreed, "withdrawn") == 1
    assert Stock.objects.get(variant=large).reserved == 0
    assert Payment.objects.get().paid_back == 0
    assert nothing_is_broken()


# --- first to pay ---------------------------------------------------------------------------------


def test_an_order_that_holds_nothing_is_one_order(server, sale, dan):
    hands = buyer(server, dan.device, htmx=True)
    room = sale.room.public_id
    form = hands[0].sheet(room, sale.variant_id)
    pages = press(hands, f"/live/{room}/checkout/", form)
    assert statuses(pages) == [200] * PRESSES
    order = Order.objects.get()
    assert all(isinstance(one, Answer) and order.number in one.text for one in pages)
    sale.refresh_from_db()
    assert (FlashPurchase.objects.count(), sale.sold) == (1, 0)
    assert nothing_is_broken()


def test_its_payment_takes_one_piece(server, sale, dan):
    hands = buyer(server, dan.device, htmx=True)
    room = sale.room.public_id
    hands[0].post(f"/live/{room}/checkout/", hands[0].sheet(room, sale.variant_id))
    order = Order.objects.get()
    path = f"/orders/{order.number}/pay/"
    form = hands[0].form(path, path)
    pages = press(hands, path, form)
    assert statuses(pages) == [200] * PRESSES
    assert all(isinstance(one, Answer) and "data-paid" in one.text for one in pages)
    sale.refresh_from_db()
    assert sale.sold == 1  # another one was there to be taken
    assert BankEntry.objects.aggregate(n=Sum("amount"))["n"] == order.total
    assert nothing_is_broken()


# --- the shop's own doing -------------------------------------------------------------------------


def test_a_part_of_the_money_is_given_once(server, sent, alice):
    hands = staff(server, alice)
    path, form = give_form(hands[0], sent)
    pages = told(hands, press(hands, path, form))
    assert all("The money goes back." in page for page in pages)
    assert Refund.objects.get().amount == Payment.objects.get().paid_back == 1250
    assert nothing_is_broken()


def test_a_coupon_at_the_counter_is_used_once(server, voucher, store, bob):
    hands = staff(server, bob)
    path = f"/dashboard/tea/vouchers/{voucher.code}/"
    form = hands[0].form(path, "", goods="200", store=str(store.pk))
    pages = told(hands, press(hands, path, form))
    assert one_of(pages, "Take ¥20.00 off.", "Used at the counter")
    use = CounterUse.objects.get()
    assert (use.saving, Coupon.objects.get().redeemed) == (2000, 1)
    assert nothing_is_broken()
    form = hands[0].form(path, f"{path}undo/")
    told(hands, press(hands, f"{path}undo/", form))
    use.refresh_from_db()
    voucher.refresh_from_db()
    assert use.undone_at is not None
    assert (voucher.state, Coupon.objects.get().redeemed) == ("claimed", 0)
    assert nothing_is_broken()


def give_form(hand: Shopper, order: Order) -> tuple[str, dict[str, str]]:
    path = f"/dashboard/tea/orders/{order.number}/refund/"
    wish: dict[str, Any] = {f"line-{order.lines.get().pk}": "1", "amount": "12.50", "words": ""}
    return path, hand.form(path, "", **wish)


# --- the negative control -------------------------------------------------------------------------


def test_without_the_guards_each_kind_of_button_goes_wrong(
    tmp_path: Path, sent, large, voucher, store, alice, bob, live, dan
):
    """A form's key that nobody remembers, a version that nobody compares, a coupon that is looked
    at and written then."""
    with running(
        tmp_path / "server", database_url(), application="tests.races.unguarded_press:application"
    ) as server:
        hands = staff(server, alice)
        path, form = give_form(hands[0], sent)
        press(hands, path, form)
        asked = ask(sent, large)
        page, action = at_desk(asked, "approve")
        press(hands, action, hands[0].form(page, action))
        clerks = staff(server, bob)
        path = f"/dashboard/tea/vouchers/{voucher.code}/"
        used = press(clerks, path, clerks[0].form(path, "", goods="200", store=str(store.pk)))
        guests = buyer(server, dan.device, htmx=True)
        form = guests[0].sheet(live.public_id, large.pk)
        placed = press(guests, f"/live/{live.public_id}/checkout/", form)
    assert Refund.objects.filter(kind="goodwill").count() > 1
    assert steps(asked, "approved") > 1
    log = (tmp_path / "server" / "server.log").read_text()
    assert CounterUse.objects.count() > 1 or locked_out(used, log, "vouchers")
    assert Order.objects.filter(lines__variant=large).count() > 1 or locked_out(
        placed, log, "checkout"
    )


def locked_out(answers: list[Answer | Exception], log: str, page: str) -> bool:
    """The constraint is the second lock on the door: it fails the page, and nothing else did."""
    if 500 not in statuses(answers):
        return False
    failed = [one for one in log.split("Internal Server Error: ")[1:] if page in one.split("\n")[0]]
    assert failed, log[-4000:]
    assert all("IntegrityError" in one for one in failed), failed
    return True
