"""Paying: the practice bank with every ending, the waiting page, and asking what became of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as house
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from merchants.models import Customer, Stock
from merchants.selectors.invariant import offenders
from orders.errors import BadCallback, CannotPay, WrongState
from orders.models import BankEntry, LedgerEntry, Order, Payment
from orders.payments import sandbox
from orders.payments.gateway import GatewayTrouble
from orders.rules.line import LineState
from orders.rules.payment import LONGEST_ASK, Charge, PaymentState, Standing, next_ask
from orders.rules.way import Browser, browser_of, offered
from orders.selectors.invariant import INVARIANTS
from orders.services.charge import hear_charge
from orders.services.order import move_order, place_order
from orders.services.payment import open_payment, settle_payment
from orders.tasks import ask_gateways, expire_orders
from tests.conftest import DAN

IN_ROOM = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def url(order) -> str:
    return reverse("track:pay", args=[order.number])


def now(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


def due(**fields) -> None:
    """Let the time come to ask about every payment."""
    Payment.objects.filter(next_ask_at__isnull=False).update(
        next_ask_at=timezone.now() - timedelta(seconds=1), **fields
    )


def run_out(order: Order, ago: int = 1) -> None:
    """The time to pay was over so many seconds ago."""
    at = timezone.now()
    Order.objects.filter(pk=order.pk).update(
        placed_at=at - timedelta(hours=1), pay_by=at - timedelta(seconds=ago)
    )


def books() -> list:
    """Everything that a callback could move, row by row."""
    return [
        list(LedgerEntry.objects.order_by("pk").values()),
        list(Payment.objects.order_by("pk").values()),
        list(Order.objects.order_by("pk").values()),
        list(Stock.objects.order_by("pk").values()),
    ]


def sound() -> None:
    assert [str(one) for one in offenders(INVARIANTS, timezone.now())] == []


# --- the practice bank ----------------------------------------------------------------------------


def told(queries) -> int:
    marks = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return sum(not query["sql"].startswith(marks) for query in queries)


MOST = 12  # queries of each of the three requests


def wanted(variant, **more: object) -> dict[str, object]:
    return {
        "variant": variant.pk,
        "quantity": 1,
        "name": "沈梅",
        "phone": "13800138000",
        "method": "delivery",
        "region": "CN-ZJ",
        "city": "杭州",
        "address": "清河坊 12 号",
        "expected_total": 16800,
        "key": str(uuid.uuid4()),
    } | more


def from_form_to_paid(client, address: str, form: dict[str, object]) -> list[int]:
    """The queries of the three requests."""
    with CaptureQueriesContext(connection) as placing:
        answer = client.post(address, form)
    order = Order.objects.latest("pk")
    pay = reverse("track:pay", args=[order.number])
    assert answer["Location"] == pay
    with CaptureQueriesContext(connection) as looking:
        page = client.get(pay)
    with CaptureQueriesContext(connection) as paying:
        done = client.post(pay, {"way": "sandbox:"})
    assert page.status_code == 200
    assert done["Location"] == reverse("track:order", args=[order.number])
    assert now(order) == LineState.PAID
    return [told(placing), told(looking), told(paying)]


def test_from_the_form_to_paid_are_three_requests_of_few_queries(client, shop, variant):
    address = reverse("track:checkout", args=[shop.slug])
    client.get(address, {"variant": variant.pk, "quantity": 1})
    counts = from_form_to_paid(client, address, wanted(variant))
    assert max(counts) <= MOST, counts
    saved = {"saved": Order.objects.get().address_key, "name": "", "phone": ""}
    counts = from_form_to_paid(client, address, wanted(variant, **saved))
    assert max(counts) <= MOST, counts


@pytest.mark.parametrize("sheet", [False, True])
@pytest.mark.parametrize(
    ("ending", "state", "paid", "charged"),
    [
        ("success", "paid", PaymentState.SETTLED, 1),
        ("nonsense", "paid", PaymentState.SETTLED, 1),
        ("failure", "pending_payment", PaymentState.FAILED, 0),
        ("late", "paid", PaymentState.SETTLED, 1),
        ("duplicate", "paid", PaymentState.SETTLED, 1),
        ("lost", "pending_payment", PaymentState.CREATED, 1),
        ("forged", "pending_payment", PaymentState.CREATED, 0),
    ],
)
def test_each_ending_can_be_chosen_on_page_and_sheet(  # P4, P5
    client, order, url, ending, state, paid, charged, sheet
):
    headers = IN_ROOM if sheet else {}
    page = client.get(url, headers=headers).text
    assert ("<html" in page) is not sheet
    for one in ("failure", "late", "duplicate", "lost", "forged"):
        assert f'value="{one}"' in page
    answer = client.post(url, {"ending": ending}, headers=headers)
    assert answer.status_code == (302 if state == "paid" and not sheet else 200)
    assert now(order) == state
    assert Payment.objects.get().state == paid
    assert BankEntry.objects.count() == charged
    assert LedgerEntry.objects.filter(account="gateway").count() == (state == "paid")
    sound()


def test_after_the_bank_declined_she_reads_so_and_pays_again(client, order, url):
    page = client.post(url, {"ending": "failure"}).text
    assert "The bank declined. Nothing was charged." in page
    assert "The bank declined" in client.get(reverse("track:order", args=[order.number])).text
    assert "The bank declined" in client.get(url).text
    client.post(url)
    assert now(order) == "paid"
    assert Payment.objects.filter(state=PaymentState.SETTLED).count() == 1
    sound()


def test_a_forged_message_changes_not_one_byte(client, order, url):  # P4
    client.get(url)
    before = books()
    page = client.post(url, {"ending": "forged"}).text
    assert "It changed nothing" in page
    assert books() == before


def test_pressed_twice_it_is_charged_and_booked_once(client, order, url):  # P2
    client.get(url)
    for _press in range(2):
        assert client.post(url).status_code == 302
    assert BankEntry.objects.count() == 1
    assert LedgerEntry.objects.filter(account="gateway").count() == 1


def test_the_practice_bank_charges_nobody_where_it_is_closed(order, settings):
    payment = open_payment(order=order, gateway="sandbox")
    settings.SANDBOX_PAYMENTS = False
    with pytest.raises(CannotPay):
        sandbox.charge(payment)
    assert not BankEntry.objects.exists()


def test_a_page_without_a_way_to_pay_says_so(client, order, url, settings):
    settings.SANDBOX_PAYMENTS = False
    assert "This shop cannot take payments just now." in client.get(url).text


@pytest.mark.parametrize(
    ("debug", "allowed", "found"),
    [(True, False, []), (False, False, ["guitai.E002"]), (False, True, ["guitai.W002"])],
)
def test_the_operator_is_told_of_a_practice_bank_in_production(settings, debug, allowed, found):
    from orders.checks import practice_bank

    settings.DEBUG, settings.SANDBOX_IN_PRODUCTION = debug, allowed
    assert [one.id for one in practice_bank()] == found
    settings.SANDBOX_PAYMENTS = False
    assert practice_bank() == []


@pytest.mark.parametrize("allowed", ["", "1"])
def test_production_opens_the_practice_bank_only_when_told_twice(allowed, tmp_path):
    env = {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "x" * 60,
        "SANDBOX_PAYMENTS": "1",
        "VAR_DIR": str(tmp_path),
    }
    if allowed:
        env["SANDBOX_IN_PRODUCTION"] = allowed
    started = subprocess.run(
        [sys.executable, "manage.py", "check"], env=env, capture_output=True, text=True
    )
    assert (started.returncode == 0) is bool(allowed)
    assert ("guitai.W002" if allowed else "SANDBOX_PAYMENTS") in started.stderr


# --- its callback ---------------------------------------------------------------------------------


@pytest.fixture
def hook(shop) -> str:
    return reverse("track:notify", args=["sandbox", shop.slug])


def post(url: str, body: bytes, kind: str = "application/json"):
    return Client(enforce_csrf_checks=True).post(url, body, content_type=kind)


def test_the_bank_calls_back_without_a_form_of_ours(order, hook):
    message = sandbox.charge(open_payment(order=order, gateway="sandbox"))
    for _time in range(2):
        assert post(hook, message.heard().body).status_code == 200
    assert now(order) == "paid"
    assert LedgerEntry.objects.filter(account="gateway").count() == 1


def test_where_the_practice_bank_is_closed_nobody_speaks_for_it(order, hook, settings):
    message = sandbox.charge(open_payment(order=order, gateway="sandbox"))
    settings.SANDBOX_PAYMENTS = False
    before = books()
    assert post(hook, message.heard().body).status_code == 400
    assert books() == before


def resigned(message: sandbox.Callback, **other) -> sandbox.Callback:
    """A message that the bank itself signed, about something else."""
    said = replace(message, **other)
    fields = (said.payment, said.transaction, said.amount, said.currency)
    about = (said.merchant, said.standing, said.at)
    genuine = sandbox.signature(house.SANDBOX_SECRET, *fields, *about)
    return replace(said, signature=genuine)


NOT_GENUINE = {
    "bad signature": lambda m: replace(m, signature="0" * 64).heard().body,
    "half a letter": lambda m: replace(m, payment="\ud800").heard().body,
    "no signature": lambda m: replace(m, signature="").heard().body,
    "signed with letters": lambda m: replace(m, signature="签" * 64).heard().body,
    "old": lambda m: resigned(m, at=m.at - 301).heard().body,
    "from tomorrow": lambda m: resigned(m, at=m.at + 301).heard().body,
    "another merchant": lambda m: resigned(m, merchant="other").heard().body,
    "another payment": lambda m: resigned(m, payment="zzzzzzzzzzzzzzzz").heard().body,
    "another amount": lambda m: resigned(m, amount=m.amount - 1).heard().body,
    "another currency": lambda m: resigned(m, currency="USD").heard().body,
    "no transaction": lambda m: resigned(m, transaction="").heard().body,
    "amount as text": lambda m: json.dumps(vars(m) | {"amount": str(m.amount)}).encode(),
    "amount as truth": lambda m: json.dumps(vars(m) | {"amount": True}).encode(),
    "a field more": lambda m: json.dumps(vars(m) | {"extra": 1}).encode(),
    "truncated": lambda m: m.heard().body[:-9],
    "a list": lambda m: b"[]",
    "nested": lambda m: b"[" * 30_000,
    "nothing": lambda m: b"",
    "not text": lambda m: b"\xff\xfe",
}


@pytest.mark.parametrize("how", NOT_GENUINE)
def test_what_is_not_genuine_changes_not_one_byte(order, hook, how):  # P4
    message = sandbox.charge(open_payment(order=order, gateway="sandbox"))
    before = books()
    assert post(hook, NOT_GENUINE[how](message)).status_code == 400
    assert books() == before


def test_nor_what_is_too_much_or_comes_in_another_way(order, hook, other_shop, client):  # P4
    message = sandbox.charge(open_payment(order=order, gateway="sandbox"))
    body = message.heard().body
    before = books()
    assert post(hook, body + b" " * 70_000).status_code == 413
    assert post(hook, body, "text/plain").status_code == 400
    for method in ("get", "put", "delete", "patch"):
        assert getattr(client, method)(hook).status_code == 405
    theirs = reverse("track:notify", args=["sandbox", other_shop.slug])
    assert post(theirs, body).status_code == 400
    assert books() == before


@pytest.mark.parametrize("standing", [Standing.REFUSED, Standing.CLOSED, Standing.OPEN])
def test_what_was_paid_stays_paid_whatever_is_said_afterwards(paid, hook, standing):  # P4
    payment = paid.payments.get()
    before = books()
    message = sandbox.signed(payment, "", standing)
    assert post(hook, message.heard().body).status_code == 200
    assert books() == before


def test_refused_first_and_paid_afterwards_is_paid(order, hook):
    payment = open_payment(order=order, gateway="sandbox")
    assert post(hook, sandbox.signed(payment, "", Standing.REFUSED).heard().body).status_code == 200
    assert now(order) == "pending_payment"
    assert post(hook, sandbox.charge(payment).heard().body).status_code == 200
    assert now(order) == "paid"
    sound()


def test_money_for_a_cancelled_order_goes_back(order, hook):  # P5
    message = sandbox.charge(open_payment(order=order, gateway="sandbox"))
    move_order(order=order, to=LineState.CANCELLED, by=None)
    assert post(hook, message.heard().body).status_code == 200
    assert now(order) == "cancelled"
    assert order.refunds.get().kind == "surplus"
    sound()


# --- asking what became of it ---------------------------------------------------------------------


def test_what_was_charged_and_never_told_is_found(client, order, url):  # P3
    client.post(url, {"ending": "lost"})
    ask_gateways()
    assert now(order) == "pending_payment", "it was opened just now"
    due()
    ask_gateways()
    assert now(order) == "paid"
    due()
    ask_gateways()
    assert LedgerEntry.objects.filter(account="gateway").count() == 1
    sound()


def test_an_open_payment_is_asked_about_more_and_more_seldom(order):
    payment = open_payment(order=order, gateway="sandbox")
    waits = []
    for _time in range(4):
        due()
        ask_gateways()
        payment.refresh_from_db()
        waits.append(round((payment.next_ask_at - timezone.now()).total_seconds() / 10))
    assert waits == [4, 8, 12, 12]
    assert payment.asks == 4
    waits = [next_ask(asks) for asks in range(60)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_ASK


def test_an_order_that_ran_out_is_closed_at_the_bank_before_its_goods_go_back(order, variant):
    payment = open_payment(order=order, gateway="sandbox")
    run_out(order)
    expire_orders()
    assert now(order) == "expired"
    payment.refresh_from_db()
    assert (payment.state, payment.next_ask_at) == (PaymentState.FAILED, None)
    assert Stock.objects.get(variant=variant).reserved == 0
    sound()


def test_an_order_that_ran_out_and_was_paid_in_time_is_paid(order):
    sandbox.charge(open_payment(order=order, gateway="sandbox"))
    run_out(order)
    expire_orders()
    assert now(order) == "paid"
    sound()


def silent(payment):
    raise GatewayTrouble("no answer")


def test_a_silent_bank_keeps_the_goods_half_a_minute_not_longer(order, monkeypatch):
    payment = open_payment(order=order, gateway="sandbox")
    monkeypatch.setattr(sandbox, "close", silent)
    run_out(order, ago=5)
    expire_orders()
    assert now(order) == "pending_payment"
    run_out(order, ago=31)
    expire_orders()
    assert now(order) == "expired"
    payment.refresh_from_db()
    assert (payment.trouble, payment.next_ask_at is None) == ("GatewayTrouble", False)
    monkeypatch.undo()
    due()
    ask_gateways()
    payment.refresh_from_db()
    assert payment.next_ask_at is None


def test_a_silent_bank_is_left_alone_after_two_questions(
    shop, dan, variant, cup, monkeypatch, order
):
    from orders.services.order import place_order
    from tests.conftest import DAN

    more = [
        place_order(merchant=shop, customer=dan, basket=b, contact=DAN, language="en")
        for b in ({variant.pk: 1}, {cup.variants.get().pk: 1}, {variant.pk: 1})
    ]
    for one in [order, *more]:
        open_payment(order=one, gateway="sandbox")
    asked = []
    monkeypatch.setattr(sandbox, "ask", lambda payment: asked.append(payment) or silent(payment))
    due()
    ask_gateways()
    assert len(asked) == 2
    assert not Payment.objects.to_ask(timezone.now()).exists(), "the rest stands in nobody's way"


def connect(shop, *gateways: str) -> None:
    for gateway in gateways:
        shop.gateways.create(gateway=gateway, number="1", sealed="x", connected_at=timezone.now())


def test_a_payment_given_up_in_vain_is_not_said_to_be_declined(
    client, shop, order, url, monkeypatch
):
    connect(shop, "alipay")
    open_payment(order=order, gateway="sandbox")
    monkeypatch.setattr(sandbox, "ask", silent)
    due()
    ask_gateways()
    open_payment(order=order, gateway="alipay", way="page")
    assert "The bank declined" not in client.get(url, {"way": "sandbox:"}).text


def test_of_two_workers_one_asks(order, monkeypatch):
    from orders.services.charge import lease

    payment = open_payment(order=order, gateway="sandbox")
    assert lease(payment=payment, now=timezone.now())
    assert not lease(payment=payment, now=timezone.now())


def test_another_amount_at_the_bank_is_never_booked(order):  # P4
    payment = open_payment(order=order, gateway="sandbox")
    sandbox.charge(payment)
    BankEntry.objects.update(amount=1)
    due()
    ask_gateways()
    payment.refresh_from_db()
    assert (payment.state, payment.trouble) == (PaymentState.CREATED, "BadCallback")
    assert not LedgerEntry.objects.exists()


KILLED = """
import os, signal, sys
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
import uuid
from merchants.models import Customer, User
from merchants.services.merchant import open_merchant
from merchants.services.product import VariantData, save_product
from merchants.services.stock import change_stock
from merchants.rules.stock import Reason
from orders.services.order import Contact, place_order
from orders.services import payment as verbs
from orders.payments.sandbox import bank
owner = User.objects.create_user("a@example.com", "p")
shop = open_merchant(owner=owner, name="T", slug="t", store="S", city="C")
kinds = [VariantData(name="", sku="T", price=500)]
product = save_product(merchant=shop, name="Tea", variants=kinds)
tea = product.variants.get()
change_stock(variant=tea, store=shop.stores.get(), delta=5, reason=Reason.RECEIVED, by=None)
dan = Customer.objects.create(merchant=shop, device=uuid.uuid4())
order = place_order(merchant=shop, customer=dan, basket={tea.pk: 1}, language="en",
                    contact=Contact("n", "+8613800000000", address="somewhere"))
verbs.post = lambda **more: os.kill(os.getpid(), signal.SIGKILL)  # all written, nothing committed
bank.press(verbs.open_payment(order=order, gateway="sandbox"), bank.Ending.SUCCESS)
"""
FOUND = """
import django; django.setup()
from django.core.management import call_command
from orders.models import LedgerEntry, Order, Payment
from orders.tasks import ask_gateways
assert Order.objects.get().state == "pending_payment"
Payment.objects.update(next_ask_at=Payment.objects.get().created_at)
ask_gateways()
assert Order.objects.get().state == "paid"
assert LedgerEntry.objects.filter(account="gateway").count() == 1
call_command("check_invariants")
"""


@pytest.mark.slow
def test_killed_between_the_charge_and_our_commit_the_payment_is_found(tmp_path):  # P3
    env = os.environ | {
        "DEBUG": "1",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'shop.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "REDIS_URL": "",
    }
    killed = subprocess.run([sys.executable, "-c", KILLED], env=env, capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    found = subprocess.run([sys.executable, "-c", FOUND], env=env, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr


# --- waiting, and other ways ----------------------------------------------------------------------


def test_the_waiting_page_goes_on_by_itself(client, order, url):
    wait = reverse("track:wait", args=[order.number])
    page = client.post(url, {"ending": "lost"}).text
    assert f'hx-get="{wait}?poll=page"' in page
    assert client.get(wait, {"poll": "page"}, headers=IN_ROOM).status_code == 204
    client.post(wait)  # "I have paid"
    due()
    ask_gateways()
    answer = client.get(wait, {"poll": "page"}, headers=IN_ROOM)
    assert answer["HX-Redirect"] == reverse("track:order", args=[order.number])
    assert "data-paid" in client.get(wait, {"poll": "sheet"}, headers=IN_ROOM).text
    assert client.get(wait).status_code == 302


def test_who_says_that_she_has_paid_is_not_kept_waiting(client, order, url):
    client.post(url, {"ending": "lost"})
    Payment.objects.update(created_at=timezone.now() - timedelta(seconds=5))
    assert client.post(reverse("track:wait", args=[order.number])).status_code == 200
    ask_gateways()
    assert now(order) == "paid"


def test_a_way_whose_account_is_gone_opens_no_payment(shop, order):
    connect(shop, "wechatpay")
    shop.gateways.all().delete()
    with pytest.raises(WrongState):
        open_payment(order=order, gateway="wechatpay", way="native")
    assert not order.payments.exists()


def test_what_paid_one_order_pays_no_other_and_another_shop_is_not_kept_from_it(
    shop, order, dan, variant, other_shop, foreign_product
):
    def placed(merchant, goods):
        who = Customer.objects.create(merchant=merchant)
        basket = {goods.pk: 1}
        return place_order(
            merchant=merchant, customer=who, basket=basket, contact=DAN, language="en"
        )

    first, again = order, placed(shop, variant)
    elsewhere = placed(other_shop, foreign_product.variants.get())
    one, two, three = (open_payment(order=o, gateway="sandbox") for o in (first, again, elsewhere))
    settle_payment(payment=one, transaction_id="tx", amount=one.amount, currency="CNY")
    with pytest.raises(BadCallback):
        settle_payment(payment=two, transaction_id="tx", amount=two.amount, currency="CNY")
    settle_payment(payment=three, transaction_id="tx", amount=three.amount, currency="CNY")
    assert [now(o) for o in (first, again, elsewhere)] == ["paid", "pending_payment", "paid"]
    sound()


@pytest.mark.parametrize("number", ["", "a" * 65, "tx\0", "tx 1", "流水"])
def test_a_number_that_cannot_be_kept_is_not_believed(order, shop, number):
    payment = open_payment(order=order, gateway="sandbox")
    charge = Charge(payment.public_id, Standing.PAID, number, payment.amount, "CNY")
    with pytest.raises(BadCallback):
        hear_charge(gateway="sandbox", merchant=shop, charge=charge)
    assert now(order) == "pending_payment"


def test_another_way_gives_up_the_first_and_money_for_both_is_not_lost(shop, order):  # P5
    connect(shop, "wechatpay")
    first = open_payment(order=order, gateway="wechatpay", way="native")
    assert open_payment(order=order, gateway="wechatpay", way="native") == first
    second = open_payment(order=order, gateway="sandbox")
    first.refresh_from_db()
    assert (first.state, first.next_ask_at is None) == (PaymentState.FAILED, False)
    real = {"amount": order.total, "currency": "CNY"}
    settle_payment(payment=first, transaction_id="one", **real)
    assert now(order) == "paid"
    assert settle_payment(payment=second, transaction_id="two", **real).refund_due
    sound()


def test_looking_at_another_way_gives_nothing_up(client, shop, order, url):
    connect(shop, "wechatpay", "alipay")
    payment = open_payment(order=order, gateway="wechatpay", way="native")
    assert "alipay:page" in client.get(url, {"way": "alipay:page"}).text
    payment.refresh_from_db()
    assert payment.state == PaymentState.CREATED


@pytest.mark.parametrize(
    ("agent", "browser", "keys"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64)", Browser.DESK, ["native", "page", "precreate"]),
        ("Mozilla/5.0 (iPhone) Mobile/15E148", Browser.PHONE, ["h5", "wap"]),
        ("Mozilla/5.0 (Linux; Android 14)", Browser.PHONE, ["h5", "wap"]),
        ("… Mobile MicroMessenger/8.0", Browser.WECHAT, ["native", "precreate"]),
        ("", Browser.DESK, ["native", "page", "precreate"]),
    ],
)
def test_each_browser_is_offered_what_works_in_it(agent, browser, keys):
    assert browser_of(agent) == browser
    assert [way.name for way in offered(["wechatpay", "alipay"], browser)] == keys
    told = offered(["wechatpay"], browser, told=True)
    assert ("jsapi" in [way.name for way in told]) is (browser == Browser.WECHAT)
