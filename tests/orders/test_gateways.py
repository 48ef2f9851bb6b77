"""WeChat Pay and Alipay over real HTTP, against stand-ins that sign as documented."""

from __future__ import annotations

import json
import re
import time
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from merchants.models import Merchant
from orders.models import GatewayAccount, Order, Payment, Refund
from orders.payments import alipay, connected, gateway_of, wechatpay
from orders.payments.alipay import subject_of
from orders.payments.gateway import GatewayTrouble, Refused, Visit
from orders.payments.keys import Unreadable, read_private, read_public
from orders.payments.vault import seal, unseal
from orders.rules.line import LineState
from orders.rules.payment import PaymentState, Standing
from orders.rules.refund import Leg, RefundKind
from orders.rules.yuan import to_fen, to_yuan
from orders.services.gateway import connect_gateway
from orders.services.order import move_order
from orders.services.payment import open_payment
from orders.services.refund import approve_refund, request_refund
from orders.tasks import ask_gateways, expire_orders, send_refunds
from tests.orders import providers as there
from tests.orders.test_pay import books, due, now, run_out, sound

VISIT = Visit(
    back="https://shop.example/back/", notify="https://shop.example/n/", address="1.2.3.4"
)
NAMES = ["wechatpay", "alipay"]
FORMS = {"wechatpay": there.WECHAT_FORM, "alipay": there.ALIPAY_FORM}
URLS = {"wechatpay": "WECHATPAY_URL", "alipay": "ALIPAY_URL"}
SERVERS = {"wechatpay": there.WeChat, "alipay": there.Alipay}
FIRST_WAY = {"wechatpay": "native", "alipay": "precreate"}


def connect(shop: Merchant, name: str, by, **other: str) -> None:
    told = FORMS[name] | other
    number = told["mchid" if name == "wechatpay" else "appid"]
    connect_gateway(merchant=shop, gateway=name, number=number, sealed=seal(told), by=by)


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


@pytest.fixture
def bank(name, shop, alice, settings):
    """The provider on loopback, with the shop's account there."""
    served = there.opened(SERVERS[name])
    provider = next(served)
    setattr(settings, URLS[name], provider.url)
    connect(shop, name, alice)
    yield provider
    served.close()


@pytest.fixture
def payment(name, order) -> Payment:
    payment = open_payment(order=order, gateway=name, way=FIRST_WAY[name])
    return Payment.objects.select_related("order__merchant").get(pk=payment.pk)


@pytest.fixture
def trade(name, bank, payment) -> there.Trade:
    """Started there, and not paid yet."""
    gateway_of(name).start(payment, VISIT)
    return bank.trades[payment.public_id]


def callback(name: str, trade: there.Trade, **other) -> tuple[bytes, dict, str]:
    """Body, headers and content type, as the provider sends them."""
    if name == "alipay":
        kind = "application/x-www-form-urlencoded; charset=utf-8"
        return there.alipay_callback(trade, **other), {}, kind
    body = there.wechat_callback(there.wechat_trade(trade, **other))
    return body, there.wechat_headers(body), "application/json"


def tell(name: str, shop: Merchant, body: bytes, headers: dict, kind: str) -> int:
    url = reverse("track:notify", args=[name, shop.slug])
    client = Client(enforce_csrf_checks=True)
    return client.post(url, body, content_type=kind, headers=headers)


# --- one payment's way ----------------------------------------------------------------------------


def test_a_payment_is_started_paid_and_told(name, bank, order, shop, trade):
    assert trade.amount == order.total
    trade.pay()
    for _time in range(2):  # they say it until they are heard, and once more
        answer = tell(name, shop, *callback(name, trade))
        assert (answer.status_code, answer.text) == {
            "wechatpay": (204, ""),
            "alipay": (200, "success"),
        }[name]
    assert now(order) == "paid"
    paid = Payment.objects.get()
    assert (paid.state, paid.transaction) == (PaymentState.SETTLED, trade.transaction)
    sound()


@pytest.mark.parametrize(
    ("name", "way", "kind"),
    [
        ("wechatpay", "native", "code"),
        ("wechatpay", "h5", "page"),
        ("wechatpay", "jsapi", "bridge"),
        ("alipay", "wap", "page"),
        ("alipay", "page", "page"),
        ("alipay", "precreate", "code"),
    ],
)
def test_each_way_leads_somewhere(bank, name, order, way, kind):
    payment = open_payment(order=order, gateway=name, way=way)
    visit = Visit(VISIT.back, VISIT.notify, VISIT.address, openid="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")
    step = gateway_of(name).start(payment, visit)
    assert step.kind == kind
    json.dumps(step.as_json())
    if kind == "bridge":
        said = step.value
        text = f"{said['appId']}\n{said['timeStamp']}\n{said['nonceStr']}\n{said['package']}\n"
        assert there.rsa_holds(there.SHOP, text.encode(), said["paySign"])
    if name == "alipay" and kind == "page":
        told = dict(parse_qsl(urlsplit(step.value).query))
        sign = told.pop("sign")
        assert there.rsa_holds(there.SHOP, there.alipay_text(told), sign)
        asked = json.loads(told["biz_content"])
        assert asked["total_amount"] == to_yuan(order.total)
        assert told["notify_url"] == VISIT.notify
        expires = time.strptime(asked["time_expire"], "%Y-%m-%d %H:%M:%S")
        local = order.pay_by.astimezone(alipay.line.THERE)
        assert (expires.tm_hour, expires.tm_min) == (local.hour, local.minute)
    if way == "h5":
        assert parse_qs(urlsplit(step.value).query)["redirect_url"] == [VISIT.back]
        assert bank.bodies[-1]["scene_info"]["payer_client_ip"] == "1.2.3.4"


def test_started_twice_it_is_one_trade(name, bank, payment):
    steps = [gateway_of(name).start(payment, VISIT) for _time in range(2)]
    assert steps[0] == steps[1]
    assert len(bank.trades) == 1


def test_what_was_paid_and_never_told_is_found(name, bank, order, trade):  # P3
    trade.pay()
    due()
    ask_gateways()
    assert now(order) == "paid"
    sound()


def test_an_order_that_ran_out_is_closed_there_first(name, bank, order, trade, payment):
    run_out(order)
    expire_orders()
    assert now(order) == "expired"
    assert trade.state == "CLOSED"
    payment.refresh_from_db()
    assert (payment.state, payment.next_ask_at) == (PaymentState.FAILED, None)


def test_paid_in_the_last_second_it_is_not_expired_but_paid(name, bank, order, trade):  # P5
    trade.pay()
    run_out(order)
    expire_orders()
    assert now(order) == "paid"
    sound()


def test_what_was_never_opened_there_ends_with_the_time_to_pay(name, bank, order, payment):
    assert gateway_of(name).ask(payment).standing == Standing.UNKNOWN
    run_out(order, ago=60)
    expire_orders()
    due()
    ask_gateways()
    payment.refresh_from_db()
    assert payment.next_ask_at is not None, "its page may still be open"
    run_out(order, ago=300)
    due()
    ask_gateways()
    payment.refresh_from_db()
    assert payment.next_ask_at is None


def test_a_payment_given_up_for_another_way_is_closed_there(name, bank, order, trade, payment):
    open_payment(order=order, gateway="sandbox")
    due()
    ask_gateways()
    assert trade.state == "CLOSED"
    payment.refresh_from_db()
    assert payment.next_ask_at is None


# --- money back -----------------------------------------------------------------------------------


@pytest.fixture
def refund(name, bank, order, shop, trade, alice) -> Refund:
    """Of an order that was paid there, agreed and not sent yet."""
    trade.pay()
    tell(name, shop, *callback(name, trade))
    order.refresh_from_db()
    pieces = {line.pk: 1 for line in order.lines.all()}
    asked = request_refund(order=order, pieces=pieces, kind=RefundKind.MONEY)
    return approve_refund(refund=asked, version=1, by=alice)


def test_money_goes_back_once_however_often_it_is_asked_for(name, bank, trade, refund):  # P6
    for _time in range(3):
        assert gateway_of(name).refund(refund).leg == Leg.DONE
    send_refunds()
    assert trade.refunds == {refund.public_id: refund.amount}
    refund.refresh_from_db()
    assert (refund.money, refund.state) == (Leg.DONE, "refunded")
    assert gateway_of(name).ask_refund(refund).leg == Leg.DONE
    sound()


def test_more_than_is_left_there_is_refused_in_their_words(name, bank, trade, refund):
    trade.refunds["elsewhere"] = trade.amount
    send_refunds()
    refund.refresh_from_db()
    assert (refund.money, "超限" in refund.trouble) == (Leg.FAILED, True)
    sound()


def test_a_refund_of_another_amount_under_our_number_is_none(name, bank, trade, refund):
    trade.refunds[refund.public_id] = refund.amount - 1
    assert gateway_of(name).refund(refund).leg == Leg.FAILED


@pytest.mark.parametrize("name", ["wechatpay"])
def test_a_refund_that_wechat_works_at_is_asked_for_again(name, bank, trade, refund):
    bank.refunds_pending = True
    send_refunds()
    refund.refresh_from_db()
    assert refund.money == Leg.PROCESSING
    bank.refunds_pending = False
    Refund.objects.update(next_try_at=timezone.now())
    send_refunds()
    refund.refresh_from_db()
    assert refund.money == Leg.DONE


# --- callbacks that are not what they say ---------------------------------------------------------


def wechat(said: dict, **how) -> tuple[bytes, dict, str]:
    body = there.wechat_callback(said, v3_key=how.pop("v3_key", there.V3_KEY))
    return body, there.wechat_headers(body, **how), "application/json"


def without(pair: tuple[bytes, dict, str], header: str) -> tuple[bytes, dict, str]:
    body, headers, kind = pair
    return body, {k: v for k, v in headers.items() if k != header}, kind


def sm2(pair: tuple[bytes, dict, str]) -> tuple[bytes, dict, str]:
    body, headers, kind = pair
    return body, headers | {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"}, kind


def money(trade: there.Trade, **other) -> dict:
    said = there.wechat_trade(trade)
    return said | {"amount": said["amount"] | other}


def plain(body: bytes) -> tuple[bytes, dict, str]:
    """Signed by WeChat, whatever it says."""
    return body, there.wechat_headers(body), "application/json"


def unsealed(trade: there.Trade) -> tuple[bytes, dict, str]:
    return plain(json.dumps({"resource": there.wechat_trade(trade)}).encode())


FALSE_WECHAT = {
    "bad signature": lambda t: wechat(there.wechat_trade(t), key=there.STRANGER),
    "no signature": lambda t: without(wechat(there.wechat_trade(t)), "Wechatpay-Signature"),
    "old": lambda t: wechat(there.wechat_trade(t), at=int(time.time()) - 301),
    "a day old": lambda t: wechat(there.wechat_trade(t), at=int(time.time()) - 86_400),
    "from tomorrow": lambda t: wechat(there.wechat_trade(t), at=int(time.time()) + 360),
    "no time": lambda t: without(wechat(there.wechat_trade(t)), "Wechatpay-Timestamp"),
    "wrong serial": lambda t: wechat(there.wechat_trade(t), serial="PUB_KEY_ID_0000000000000000"),
    "another kind of signature": lambda t: sm2(wechat(there.wechat_trade(t))),
    "no serial": lambda t: without(wechat(there.wechat_trade(t)), "Wechatpay-Serial"),
    "another APIv3 key": lambda t: wechat(there.wechat_trade(t), v3_key="x" * 32),
    "another merchant": lambda t: wechat(there.wechat_trade(t, mchid="1900000110")),
    "another app": lambda t: wechat(there.wechat_trade(t, appid="wx0000000000000000")),
    "another order": lambda t: wechat(there.wechat_trade(t, out_trade_no="zzzzzzzzzzzzzzzz")),
    "one fen less": lambda t: wechat(money(t, total=t.amount - 1)),
    "one fen more": lambda t: wechat(money(t, total=t.amount + 1)),
    "amount as text": lambda t: wechat(money(t, total=str(t.amount))),
    "another currency": lambda t: wechat(money(t, currency="USD")),
    "no amount": lambda t: wechat(there.wechat_trade(t, amount=None)),
    "no transaction": lambda t: wechat(there.wechat_trade(t, transaction_id="")),
    "a state of its own": lambda t: wechat(there.wechat_trade(t, trade_state="HAPPY")),
    "not sealed": unsealed,
    "truncated": lambda t: plain(there.wechat_callback(there.wechat_trade(t))[:-20]),
    "a list": lambda t: plain(b"[]"),
    "nested": lambda t: plain(b"[" * 30_000),
    "nothing": lambda t: plain(b""),
    "wrong content type": lambda t: (*wechat(there.wechat_trade(t))[:2], "text/plain"),
    "the other provider's": lambda t: callback("alipay", t),
}
FORM = "application/x-www-form-urlencoded"


def twice(trade: there.Trade) -> bytes:
    return there.alipay_callback(trade) + b"&total_amount=0.01"


FALSE_ALIPAY = {
    "bad signature": lambda t: there.alipay_callback(t, key=there.STRANGER),
    "no signature": lambda t: there.alipay_callback(t).rpartition(b"&")[0],
    "two days old": lambda t: there.alipay_callback(t, at=time.time() - 2 * 86_400),
    "no time": lambda t: there.alipay_callback(t, notify_time=""),
    "another seller": lambda t: there.alipay_callback(t, seller_id="2088000000000000"),
    "another app": lambda t: there.alipay_callback(t, app_id="2021000000000000"),
    "another order": lambda t: there.alipay_callback(t, out_trade_no="zzzzzzzzzzzzzzzz"),
    "one fen less": lambda t: there.alipay_callback(t, total_amount=there.yuan(t.amount - 1)),
    "one fen more": lambda t: there.alipay_callback(t, total_amount=there.yuan(t.amount + 1)),
    "an amount in words": lambda t: there.alipay_callback(t, total_amount="1e3"),
    "another currency": lambda t: there.alipay_callback(t, trans_currency="USD"),
    "no transaction": lambda t: there.alipay_callback(t, trade_no=""),
    "a state of its own": lambda t: there.alipay_callback(t, trade_status="HAPPY"),
    "a field changed": lambda t: there.alipay_callback(t).replace(b"version=1.0", b"version=2.0"),
    "a field twice": twice,
    "another kind of signature": lambda t: there.alipay_callback(t).replace(b"RSA2", b"RSA1"),
    "truncated": lambda t: there.alipay_callback(t)[:-20],
    "nothing": lambda t: b"",
    "not text": lambda t: b"\xff\xfe=\xff",
    "many fields": lambda t: there.alipay_callback(t) + b"&a=1" * 200,
}
FALSE = [("wechatpay", how) for how in FALSE_WECHAT] + [("alipay", how) for how in FALSE_ALIPAY]


@pytest.mark.parametrize(("name", "how"), FALSE)
def test_what_is_not_genuine_changes_not_one_byte(bank, name, how, shop, trade):  # P4
    trade.pay()
    before = books()
    build = (FALSE_WECHAT if name == "wechatpay" else FALSE_ALIPAY)[how]
    message = build(trade)
    parts = message if isinstance(message, tuple) else (message, {}, FORM)
    answer = tell(name, shop, *parts)
    assert answer.status_code == {"wechatpay": 401, "alipay": 400}[name]
    assert books() == before


@pytest.mark.parametrize("shop_name", ["A&B=C/茶 <行>", "&/=", "茶" * 300])
def test_alipay_is_told_only_signs_that_it_takes(shop_name):
    subject = subject_of(shop_name, "k7m2pq9x")
    assert subject.endswith("K7M2PQ9X")
    assert len(subject) <= 256
    assert not set("&=/<>").intersection(subject)


def test_nor_what_is_huge_for_another_shop_or_of_another_method(
    bank, name, shop, other_shop, mallory, trade, client
):  # P4
    trade.pay()
    connect(other_shop, name, mallory)  # even one with the very same keys
    before = books()
    body, headers, kind = callback(name, trade)
    assert tell(name, shop, body + b" " * 70_000, headers, kind).status_code == 413
    assert tell(name, shop, body, headers, "multipart/form-data").status_code in {400, 401}
    assert tell(name, other_shop, body, headers, kind).status_code in {400, 401}
    url = reverse("track:notify", args=[name, shop.slug])
    for method in ("get", "put", "delete", "patch"):
        assert getattr(client, method)(url).status_code == 405
    assert books() == before


def test_nor_one_for_a_shop_that_is_not_connected(name, bank, shop, trade):
    trade.pay()
    GatewayAccount.objects.all().delete()
    before = books()
    assert tell(name, shop, *callback(name, trade)).status_code in {400, 401}
    assert books() == before


def test_reordered_and_replayed_messages_change_not_one_byte(name, bank, shop, trade):  # P4
    early = callback(name, trade)  # "waits for the buyer", told late
    closed = callback(name, there.Trade(trade.number, trade.amount, state="CLOSED"))
    trade.pay()
    message = callback(name, trade)
    tell(name, shop, *message)
    before = books()
    for again in (message, early, closed, message):
        assert tell(name, shop, *again).status_code in {200, 204}
    assert books() == before
    sound()


def test_closed_first_and_paid_afterwards_is_money_all_the_same(name, bank, shop, order, trade):
    closed = callback(name, there.Trade(trade.number, trade.amount, state="CLOSED"))
    tell(name, shop, *closed)
    trade.pay()
    tell(name, shop, *callback(name, trade))
    assert now(order) == "paid"
    sound()


def test_money_for_a_cancelled_order_goes_back_there(name, bank, shop, order, trade):  # P5
    move_order(order=order, to=LineState.CANCELLED, by=None)
    trade.pay()
    assert tell(name, shop, *callback(name, trade)).status_code in {200, 204}
    send_refunds()
    assert list(trade.refunds.values()) == [trade.amount]
    assert order.refunds.get().state == "refunded"
    sound()


# --- a provider in trouble ------------------------------------------------------------------------


def test_an_answer_that_is_not_signed_by_them_is_believed_by_nobody(name, bank, order, trade):
    trade.pay()
    bank.key = there.STRANGER
    due()
    before = Order.objects.values().get()
    ask_gateways()
    assert Order.objects.values().get() == before
    payment = Payment.objects.get()
    assert (payment.state, payment.trouble) == (PaymentState.CREATED, "GatewayTrouble")


def test_a_provider_that_is_down_is_asked_again(name, bank, order, trade):
    bank.broken = True
    trade.pay()
    due()
    ask_gateways()
    assert now(order) == "pending_payment"
    bank.broken = False
    due()
    ask_gateways()
    assert now(order) == "paid"


def test_nobody_there_is_trouble_and_no_error_page(name, bank, order, settings, client):
    setattr(settings, URLS[name], "http://127.0.0.1:9")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    url = reverse("track:pay", args=[order.number])
    page = client.post(url, {"way": f"{name}:{FIRST_WAY[name]}"})
    assert page.status_code == 200
    assert "This way to pay does not answer just now. Nothing was charged." in page.text
    assert now(order) == "pending_payment"


def test_keys_of_somebody_else_are_refused_when_checked(name, bank, shop, alice):
    assert gateway_of(name).check(shop) is None
    connect(shop, name, alice, private_key=there.pem(there.STRANGER))
    with pytest.raises(Refused):
        gateway_of(name).check(shop)


# --- on the page ----------------------------------------------------------------------------------


def test_she_chooses_scans_and_the_page_goes_on(name, bank, order, client, settings):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    settings.SANDBOX_PAYMENTS = False
    url = reverse("track:pay", args=[order.number])
    way = f"{name}:{FIRST_WAY[name]}"
    assert f'value="{way}"' in client.get(url).text
    assert not Payment.objects.exists(), "looking starts nothing"
    for _press in range(2):
        page = client.post(url, {"way": way}, headers={"HX-Request": "true"}).text
        assert "<svg width=" in page
        assert "Waiting for the bank" in page
    assert len(bank.trades) == 1
    bank.trades[Payment.objects.get().public_id].pay()
    due()
    ask_gateways()
    wait = reverse("track:wait", args=[order.number])
    assert "data-paid" in client.get(wait, {"poll": "sheet"}, headers={"HX-Request": "true"}).text


@pytest.mark.parametrize("way", ["wechatpay:native", "nonsense", "wechatpay:jsapi", "alipay:wap"])
def test_a_way_that_is_not_offered_starts_nothing(client, order, way):
    answer = client.post(reverse("track:pay", args=[order.number]), {"way": way})
    assert answer.status_code == 200
    assert not Payment.objects.exists()


def test_a_shop_with_another_currency_is_not_offered_them(name, bank, shop):
    assert name in connected(shop)
    shop.currency = "EUR"
    assert name not in connected(shop)


# --- yuan, keys, sealing --------------------------------------------------------------------------


@given(st.integers(0, 10**15))
def test_yuan_and_back_is_the_same(fen):
    text = to_yuan(fen)
    assert to_fen(text) == fen
    assert text.count(".") == 1
    assert len(text.split(".")[1]) == 2


@given(st.text(max_size=12))
def test_what_is_not_an_amount_is_refused_and_never_guessed(text):
    try:
        fen = to_fen(text)
    except ValueError:
        return
    assert float(text) * 100 == pytest.approx(fen)
    assert text.isascii()


NO_AMOUNTS = ["-1.00", "1.234", "1,00", "01.00", "1e3", " 1.00", "1.00 ", "１.00", ".5", "1.", "x"]


@pytest.mark.parametrize("text", NO_AMOUNTS)
def test_these_are_no_amounts(text):
    with pytest.raises(ValueError, match=re.escape(text)):
        to_fen(text)


def test_what_is_owed_is_no_amount():
    with pytest.raises(ValueError, match="-1"):
        to_yuan(-1)


def test_keys_are_read_as_people_paste_them():
    for text in (
        there.pem(there.SHOP),
        bare(there.pem(there.SHOP)),
        f"\n {there.pem(there.SHOP)} ",
    ):
        assert read_private(text).key_size == 2048
    for text in (there.public_pem(there.SHOP), bare(there.public_pem(there.SHOP))):
        assert read_public(text).key_size == 2048


def bare(text: str) -> str:
    """Without its frame and its lines, as Alipay's tool gives it."""
    return "".join(text.split("-----")[2].split())


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN", "-----BEGIN PRIVATE KEY-----", "签名"])
def test_what_is_no_key_is_unreadable(text):
    for read in (read_private, read_public):
        with pytest.raises(Unreadable):
            read(text)


def test_the_wrong_half_of_a_key_is_named():
    with pytest.raises(Unreadable, match="kind"):
        read_private(there.public_pem(there.SHOP))
    with pytest.raises(Unreadable, match="kind"):
        read_public(there.pem(there.SHOP))


def test_what_is_sealed_says_nothing_and_opens_with_an_old_secret_too(settings):
    settings.PAYMENT_SECRETS = ["first"]
    sealed = seal(there.WECHAT_FORM)
    assert there.V3_KEY not in sealed
    settings.PAYMENT_SECRETS = ["second", "first"]
    assert unseal(sealed) == there.WECHAT_FORM
    settings.PAYMENT_SECRETS = ["second"]
    with pytest.raises(GatewayTrouble):
        unseal(sealed)


def test_each_gateway_fits_the_interface():
    for gateway in (alipay, wechatpay, gateway_of("sandbox")):
        for word in ("start", "hear", "reply", "ask", "close", "refund", "ask_refund", "check"):
            assert callable(getattr(gateway, word))
        assert gateway_of(gateway.NAME) is gateway
