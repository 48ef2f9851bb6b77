"""Where a parcel is: asked of a provider over HTTP, told by its callbacks, written down once."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from livestream.selectors.invariant import ALL
from merchants.selectors.invariant import offenders
from orders import tasks
from orders.models import GatewayAccount, Order, ParcelEvent, Shipment
from orders.payments import sandbox
from orders.payments.gateway import Refused
from orders.payments.vault import seal, unseal
from orders.rules.shipment import CARRIERS
from orders.rules.tracking import LEAST_WAIT, TOLD_WAIT, ParcelState, Seen
from orders.selectors.tracking import parcels_to_ask
from orders.services.gateway import connect_gateway
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.shipment import confirm_delivery, ship_order
from orders.services.tracking import connect_tracker, lease, note_events
from orders.tasks import ask_trackers
from orders.tracking import kuaidi100
from tests.conftest import DAN

CUSTOMER, KEY, SALT = "CUSTOMER0001", "key00001", "salt0001"
NUMBER = "SF1234567890"


def md5(*parts: str) -> str:
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest().upper()


def line(words: str, hour: int) -> dict[str, str]:
    time = f"2026-11-28 {hour:02}:30:00"
    return {"context": words, "time": time, "ftime": time, "status": "在途"}


def told(state: str, *lines: dict[str, str], number: str = NUMBER) -> dict[str, object]:
    """A parcel as it describes one: in an answer, or within a callback."""
    return {
        "message": "ok",
        "nu": number,
        "ischeck": "1" if state == "3" else "0",
        "com": "shunfeng",
        "status": "200",
        "state": state,
        "data": list(lines),
    }


class StandIn(ThreadingHTTPServer):
    """Kuaidi100 on loopback: it verifies signatures as documented, and remembers who asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.asked: list[dict[str, str]] = []
        self.subscribed: list[dict[str, object]] = []
        self.answer: object = told("0", line("到达杭州转运中心", 6))
        self.status = 200
        self.takes_subscriptions = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Desk(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = dict(parse_qsl(body))
        param = json.loads(fields["param"])
        if self.path == "/poll/query.do":
            answer = self._query(fields, param)
        else:
            self.server.subscribed.append(param)
            taken = self.server.takes_subscriptions and fields["schema"] == "json"
            answer = {"result": taken, "returnCode": "200" if taken else "600", "message": ""}
        text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(text)

    def _query(self, fields: dict[str, str], param: dict[str, str]) -> object:
        if fields["sign"] != md5(fields["param"], KEY, CUSTOMER) or fields["customer"] != CUSTOMER:
            return {"result": False, "returnCode": "503", "message": "验证签名失败"}
        self.server.asked.append(param)
        return self.server.answer

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _in_english(as_bob, client):
    for one in (as_bob, client):
        one.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    with override("en"):
        yield


@pytest.fixture
def there(settings) -> Iterator[StandIn]:
    desk = StandIn()
    threading.Thread(target=desk.serve_forever, daemon=True).start()
    settings.KUAIDI100_URL = desk.url
    yield desk
    desk.shutdown()
    desk.server_close()


@pytest.fixture
def account(shop, alice) -> GatewayAccount:
    sealed = seal({"customer": CUSTOMER, "key": KEY, "salt": SALT})
    return connect_gateway(
        merchant=shop, gateway="kuaidi100", number=CUSTOMER, sealed=sealed, by=alice
    )


@pytest.fixture
def parcel(paid, bob) -> Shipment:
    return ship_order(order=paid, carrier="sf", tracking_number=NUMBER, by=bob)


def state_of(parcel: Shipment) -> str:
    return Order.objects.get(pk=parcel.order_id).state


def later(parcel: Shipment, by: timedelta) -> None:
    Shipment.objects.filter(pk=parcel.pk).update(asked_at=timezone.now() - by)


def call_back(client, said: object, /, *, salt: str = SALT, shop: str = "tea", **changes: str):
    text = said if isinstance(said, str) else json.dumps(said)
    fields = {"sign": md5(text, salt), "param": text} | changes
    return client.post(
        reverse("track:parcel_news", args=["kuaidi100", shop]),
        urlencode(fields),
        content_type="application/x-www-form-urlencoded",
    )


def news(state: str, *lines: dict[str, str], number: str = NUMBER) -> dict[str, object]:
    return {"status": "polling", "message": "", "lastResult": told(state, *lines, number=number)}


def sound() -> None:
    assert [str(one) for one in offenders(ALL, timezone.now())] == []


# --- asked ----------------------------------------------------------------------------------------


def test_a_question_is_signed_and_its_answer_is_written_down(there, account, parcel):
    there.answer = told("5", line("快递员正在派件", 9), line("到达杭州转运中心", 6))
    ask_trackers()
    (asked,) = there.asked
    assert (asked["com"], asked["num"], asked["phone"]) == ("shunfeng", NUMBER, "2688")
    first, second = parcel.events.all()
    assert (first.text, first.state) == ("快递员正在派件", ParcelState.DELIVERING)
    assert second.text == "到达杭州转运中心"
    assert first.at.isoformat() == "2026-11-28T01:30:00+00:00"  # half past nine over there
    assert state_of(parcel) == "shipped"
    sound()


def test_no_parcel_is_asked_about_more_often_than_each_half_hour(there, account, parcel):
    there.takes_subscriptions = False
    for _time in range(3):
        ask_trackers()
    assert len(there.asked) == 1
    later(parcel, LEAST_WAIT - timedelta(seconds=5))
    ask_trackers()
    assert len(there.asked) == 1
    later(parcel, LEAST_WAIT)
    ask_trackers()
    assert len(there.asked) == 2


def test_of_two_sweeps_one_asks(parcel):
    now = timezone.now()
    assert [lease(shipment=parcel, now=now) for _time in range(2)] == [True, False]


def test_what_its_provider_tells_by_itself_is_asked_about_seldom(there, account, parcel, settings):
    settings.SITE_URL = "https://shop.example"
    ask_trackers()
    (wanted,) = there.subscribed
    assert (wanted["company"], wanted["number"], wanted["key"]) == ("shunfeng", NUMBER, KEY)
    assert wanted["parameters"]["salt"] == SALT
    hook = "https://shop.example/orders/parcels/kuaidi100/tea/news/"
    assert wanted["parameters"]["callbackurl"] == hook
    later(parcel, LEAST_WAIT * 2)
    ask_trackers()
    assert len(there.asked) == 1
    later(parcel, TOLD_WAIT)
    ask_trackers()
    assert (len(there.asked), len(there.subscribed)) == (2, 1)


def test_delivered_the_order_is_once(there, account, parcel):
    there.answer = told("3", line("已签收，签收人：门卫", 10), line("到达杭州转运中心", 6))
    ask_trackers()
    assert state_of(parcel) == "delivered"
    later(parcel, TOLD_WAIT * 2)
    ask_trackers()
    assert len(there.asked) == 1  # it has arrived: nobody asks any more
    steps = parcel.order.steps.filter(state="delivered")
    assert (steps.count(), steps.get().by) == (1, None)
    sound()


def test_what_a_clerk_has_marked_before_stays_as_it_is(parcel, bob):
    confirm_delivery(order=parcel.order, by=bob)
    note_events(shipment=parcel, seen=[Seen(timezone.now(), "已签收", ParcelState.DELIVERED)])
    assert parcel.order.steps.filter(state="delivered").count() == 1
    sound()


@pytest.mark.parametrize("state", ["2", "4", "6", "14", "99"])
def test_refused_or_sent_back_is_no_delivery(there, account, parcel, state):
    there.answer = told(state, line("收件人拒收", 10))
    ask_trackers()
    assert parcel.events.get().state == ParcelState.TROUBLE
    assert state_of(parcel) == "shipped"


def test_what_is_not_known_yet_is_no_trouble(there, account, parcel):
    there.answer = {"result": False, "returnCode": "500", "message": "查询无结果"}
    assert kuaidi100.ask(parcel) == []


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"[]",
        b"[" * 3000,
        told("3", line("已签收", 10), number="SF0000000000"),  # of another parcel
        {**told("3"), "data": [{"context": "已签收", "ftime": "yesterday"}]},
        {**told("3"), "data": "已签收"},
        {**told("3"), "data": [None]},
        {"result": False, "returnCode": "601", "message": "POLL:KEY已过期"},
        b"x" * 70_000,
    ],
)
def test_an_answer_that_cannot_be_believed_changes_nothing(there, account, parcel, answer):
    there.answer = answer
    ask_trackers()
    assert not ParcelEvent.objects.exists()
    assert state_of(parcel) == "shipped"


def test_a_wrong_key_is_refused_there(there, account, parcel):
    account.sealed = seal({"customer": CUSTOMER, "key": "another1", "salt": SALT})
    account.save()
    with pytest.raises(Refused):
        kuaidi100.ask(parcel)


@pytest.fixture
def parcels(shop, dan, variant, bob) -> list[Shipment]:
    """Four orders on their way."""
    found = []
    for number in range(4):
        order = place_order(
            merchant=shop,
            customer=dan,
            basket={variant.pk: 1},
            contact=replace(DAN, phone=f"+861380000000{number}"),
            language="en",
        )
        sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
        order.refresh_from_db()
        found.append(ship_order(order=order, carrier="sf", tracking_number=NUMBER, by=bob))
    return found


def test_who_is_silent_is_asked_twice_and_then_out_of_the_way(there, account, parcels):
    there.status = 500
    ask_trackers()
    assert len(there.subscribed) == 2
    assert not parcels_to_ask(timezone.now(), ["kuaidi100"]).exists()


def test_the_never_asked_comes_first_then_who_waited_longest(there, account, parcels):
    first, second, third, never = parcels
    for parcel, hours in ((first, 1), (second, 3), (third, 2)):
        later(parcel, timedelta(hours=hours))
    due = list(parcels_to_ask(timezone.now(), ["kuaidi100"]))
    assert due == [never, second, third, first]


def test_a_provider_that_takes_its_time_does_not_hold_the_sweep(
    there, account, parcels, monkeypatch
):
    monkeypatch.setattr(tasks, "PATIENCE", 0)
    ask_trackers()
    assert not there.asked
    assert parcels_to_ask(timezone.now(), ["kuaidi100"]).count() == 4


def test_with_other_keys_every_parcel_is_told_of_anew(there, account, parcel, shop, alice):
    ask_trackers()
    parcel.refresh_from_db()
    assert parcel.told_since is not None
    sealed = seal({"customer": CUSTOMER, "key": KEY, "salt": "salt0002"})
    connect_tracker(merchant=shop, tracker="kuaidi100", number=CUSTOMER, sealed=sealed, by=alice)
    later(parcel, LEAST_WAIT)
    ask_trackers()
    assert [one["parameters"]["salt"] for one in there.subscribed] == [SALT, "salt0002"]


def test_capitals_do_not_matter(client, there, account, paid, bob):
    parcel = ship_order(order=paid, carrier="sf", tracking_number=NUMBER.lower(), by=bob)
    there.answer = told("5", line("正在派件", 8))
    ask_trackers()
    assert parcel.events.count() == 1
    assert call_back(client, news("3", line("已签收", 10))).status_code == 200
    assert state_of(parcel) == "delivered"


def test_odd_signs_in_news_are_left_out_and_lines_have_an_end(client, account, parcel):
    odd = line("已\x00签\ud800收\u202e", 10)
    many = [line(f"第 {number} 站", 6) for number in range(300)]
    assert call_back(client, news("0", odd, *many)).status_code == 200
    assert parcel.events.filter(text="已签收").exists()
    assert parcel.events.count() <= 200


@pytest.mark.parametrize("time", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_a_time_that_no_clock_of_ours_shows_is_refused(client, account, parcel, time):
    odd = {"context": "已签收", "ftime": time, "time": time}
    assert call_back(client, news("3", odd)).status_code == 400
    assert state_of(parcel) == "shipped"


@pytest.mark.parametrize("number", ["", "SF\x00123456", "x" * 40])
def test_a_number_that_is_none_is_refused(client, account, parcel, number):
    assert call_back(client, news("3", line("已签收", 10), number=number)).status_code == 400


def test_a_shop_without_an_account_asks_nobody(there, parcel):
    ask_trackers()
    assert not there.asked
    parcel.refresh_from_db()
    assert parcel.asked_at is None


def test_every_carrier_has_its_code_there():
    assert set(kuaidi100.CODES) == set(CARRIERS)


# --- told -----------------------------------------------------------------------------------------


def test_a_callback_is_heard_and_twice_is_once(client, account, parcel):
    for _time in range(2):
        answer = call_back(client, news("3", line("已签收", 10), line("正在派件", 8)))
        assert (answer.status_code, answer.json()["returnCode"]) == (200, "200")
    assert parcel.events.count() == 2
    assert state_of(parcel) == "delivered"
    assert parcel.order.steps.filter(state="delivered").count() == 1
    sound()


@pytest.mark.parametrize(
    "changes",
    [
        {"sign": ""},
        {"sign": "0" * 32},
        {"sign": "签"},
        {"salt": "another salt"},
        {"param": "{}"},
    ],
)
def test_a_forged_callback_changes_nothing(client, account, parcel, changes):
    answer = call_back(client, news("3", line("已签收", 10)), **changes)
    assert answer.status_code == 400
    assert state_of(parcel) == "shipped"
    assert not ParcelEvent.objects.exists()


@pytest.mark.parametrize(
    "param", ["", "{}", "[]", "null", "[" * 3000, '{"lastResult": 1}', '{"lastResult": {"com": 1}}']
)
def test_a_signed_one_that_says_nothing_is_refused(client, account, parcel, param):
    assert call_back(client, param).status_code == 400


def test_one_that_is_signed_for_another_shop_is_not_ours(
    client, account, parcel, other_shop, mallory
):
    sealed = seal({"customer": CUSTOMER, "key": KEY, "salt": "salt0002"})
    connect_gateway(
        merchant=other_shop, gateway="kuaidi100", number=CUSTOMER, sealed=sealed, by=mallory
    )
    param = news("3", line("已签收", 10))
    assert call_back(client, param, salt="salt0002").status_code == 400
    # And through the other shop's own door it reaches only its own parcels.
    assert call_back(client, param, salt="salt0002", shop="other").status_code == 200
    assert state_of(parcel) == "shipped"


def test_a_number_that_nobody_sent_is_heard_and_forgotten(client, account, parcel):
    param = news("3", line("已签收", 10), number="SF0000000000")
    assert call_back(client, param).status_code == 200
    assert not ParcelEvent.objects.exists()


def test_without_an_account_nobody_is_believed(client, parcel):
    assert call_back(client, news("3", line("已签收", 10)), salt="").status_code == 400


def test_a_large_message_is_not_read(client, account):
    assert call_back(client, "x" * 70_000).status_code == 413


# --- the practice carrier -------------------------------------------------------------------------


def test_the_practice_carrier_delivers_after_a_day_and_a_half(as_alice, parcel, shop):
    as_alice.post(reverse("orders:tracking", args=["tea"]), {"tracker": "practice"})
    Shipment.objects.update(shipped_at=timezone.now() - timedelta(hours=7))
    ask_trackers()
    assert parcel.events.count() == 2
    later(parcel, LEAST_WAIT)
    Shipment.objects.update(shipped_at=timezone.now() - timedelta(hours=37))
    ask_trackers()
    assert state_of(parcel) == "delivered"


def test_it_is_there_only_where_money_is_practice_too(as_alice, parcel, settings):
    settings.SANDBOX_PAYMENTS = False
    url = reverse("orders:tracking", args=["tea"])
    assert as_alice.post(url, {"tracker": "practice"}).status_code == 404
    assert "Practice carrier" not in as_alice.get(url, headers={"Accept-Language": "en"}).text


# --- pages ----------------------------------------------------------------------------------------


def test_the_owner_connects_it_and_the_keys_are_sealed_and_shown_to_nobody(as_alice, shop):
    url = reverse("orders:tracking", args=["tea"])
    data = {"tracker": "kuaidi100", "customer": CUSTOMER, "key": KEY, "salt": SALT}
    wrong = as_alice.post(url, data | {"key": "x"})
    assert wrong.status_code == 422
    assert 'id="id_key_error"' in wrong.text
    assert as_alice.post(url, data).status_code == 302
    account = shop.gateways.get()
    assert KEY not in account.sealed
    assert unseal(account.sealed)["salt"] == SALT
    page = as_alice.get(url).text
    assert CUSTOMER in page
    for secret in (KEY, SALT):
        assert secret not in page
    as_alice.post(reverse("orders:tracking_remove", args=["tea"]))
    assert not shop.gateways.exists()


def test_both_pages_show_where_it_has_been(as_bob, client, parcel):
    at = timezone.now()
    note_events(
        shipment=parcel,
        seen=[
            Seen(at, "正在派件 <b>", ParcelState.DELIVERING),
            Seen(at - timedelta(hours=3), "到达杭州转运中心", ParcelState.MOVING),
        ],
    )
    track = reverse("track:order", args=[parcel.order.number])
    stranger = client.get(track).text
    assert parcel.tracking_number in stranger
    assert "到达杭州转运中心" not in stranger, "carriers name who signed, and where"
    device = uuid.uuid4()
    Order.objects.filter(pk=parcel.order_id).update(device=device)
    hers = Client()
    session = hers.session
    session["device"] = str(device)
    session.save()
    for page in (
        as_bob.get(reverse("orders:order_detail", args=["tea", parcel.order.number])).text,
        hers.get(track).text,
    ):
        assert page.index("正在派件 &lt;b&gt;") < page.index("到达杭州转运中心")
