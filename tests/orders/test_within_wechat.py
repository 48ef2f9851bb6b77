"""Paying within WeChat: who she is, her press going on afterwards, and what WeChat is handed."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as house
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.urls import reverse

from orders.forms.gateway import WeChatPayForm
from orders.models import GatewayAccount, Payment
from orders.payments import sandbox
from orders.payments.gateway import GatewayTrouble, Refused
from orders.payments.vault import unseal
from orders.payments.wechatpay.line import account_of
from orders.payments.wechatpay.person import openid_by
from orders.rules.line import LineState
from orders.services.order import move_order, place_order
from orders.services.payment import open_payment
from orders.tasks import ask_gateways
from orders.wechat import end
from tests.conftest import DAN
from tests.orders import providers as there
from tests.orders.test_gateways import connect
from tests.orders.test_pay import due, now, sound

WAY = {"way": "wechatpay:jsapi"}
IN_ROOM = {"HX-Request": "true"}
WECHAT = "Mozilla/5.0 (Linux; Android 14) Mobile MicroMessenger/8.0"


@pytest.fixture
def bank(shop, alice, settings) -> Iterator[there.Provider]:
    """WeChat on loopback, and the shop with the secret of its official account."""
    served = there.opened(there.WeChat)
    provider = next(served)
    for name in ("WECHATPAY_URL", "WECHAT_OPEN_URL", "WECHAT_API_URL"):
        setattr(settings, name, provider.url)
    settings.SITE_URL = "http://testserver"
    settings.SANDBOX_PAYMENTS = False
    connect(shop, "wechatpay", alice, app_secret=there.WX_SECRET)
    yield provider
    served.close()


@pytest.fixture
def phone() -> Client:
    return in_wechat()


def in_wechat() -> Client:
    found = Client(headers={"User-Agent": WECHAT, "Accept-Language": "en"})
    found.get(reverse("track:mine"))
    return found


@pytest.fixture
def url(order) -> str:
    return reverse("track:pay", args=[order.number])


def asked(answer) -> str:
    """Where she is sent, from a page or from a sheet."""
    if "HX-Redirect" in answer.headers:
        return answer["HX-Redirect"]
    return answer["Refresh"].partition("url=")[2]


def follow(bank: there.Provider, address: str) -> str:
    """WeChat's own page: where it leads."""
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}" == bank.url
    assert parts.fragment == "wechat_redirect"
    line = HTTPConnection(parts.netloc)
    line.request("GET", f"{parts.path}?{parts.query}")
    return line.getresponse().headers["Location"]


def back(bank: there.Provider, phone: Client, answer) -> str:
    """The address at which she comes back to us."""
    return follow(bank, asked(answer)).removeprefix("http://testserver")


def bridge(page: str) -> dict[str, str]:
    return json.loads(html.unescape(re.search(r'data-bridge="([^"]+)"', page)[1]))


def test_the_frames_of_old_wechat_clients_are_let_in_and_no_others(client, db):
    policy = client.get(reverse("track:mine"))["Content-Security-Policy"]
    assert "frame-src 'self' weixin:;" in f"{policy};"


@pytest.mark.parametrize("headers", [{}, IN_ROOM])
def test_one_press_leads_through_wechat_to_its_till(bank, order, url, phone, headers):
    assert 'value="wechatpay:jsapi"' in phone.get(url).text
    answer = phone.post(url, WAY, headers=headers)
    assert not Payment.objects.exists(), "nothing is opened before we know who pays"
    came = phone.get(back(bank, phone, answer), follow=True)
    assert came.redirect_chain == [(reverse("track:wait", args=[order.number]), 302)]
    handed = bridge(came.text)
    text = "".join(f"{handed[n]}\n" for n in ("appId", "timeStamp", "nonceStr", "package"))
    assert there.rsa_holds(there.SHOP, text.encode(), handed["paySign"])
    assert (handed["appId"], handed["signType"]) == (there.WX_APP, "RSA")
    payment = Payment.objects.get()
    assert handed["package"] == f"prepay_id=wx{payment.public_id}"
    assert [body["payer"] for body in bank.bodies] == [{"openid": there.OPENID}]
    bank.trades[payment.public_id].pay()
    due()
    ask_gateways()
    assert now(order) == "paid"
    sound()


def test_once_known_she_is_not_asked_again_and_the_sheet_stays(
    bank, order, url, phone, shop, dan, variant
):
    phone.get(back(bank, phone, phone.post(url, WAY)))
    second = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=replace(DAN, phone="+8613900000001"),
        language="en",
    )
    before = len(bank.asked)
    page = phone.post(reverse("track:pay", args=[second.number]), WAY, headers=IN_ROOM)
    assert page.status_code == 200
    assert bridge(page.text)["appId"] == there.WX_APP
    assert bank.asked[before:] == ["POST /v3/pay/transactions/jsapi"]


def test_another_person_who_presses_is_opened_a_payment_of_her_own(bank, order, url, phone):
    """The link was passed on, to somebody who pays for her: WeChat's till is one payer's alone."""
    phone.get(back(bank, phone, phone.post(url, WAY)))
    first = Payment.objects.get()
    bank.openid = "oUpF8uFRIEND_M2pxb1Q9zNjWeS6"
    friend = in_wechat()
    came = friend.get(back(bank, friend, friend.post(url, WAY)), follow=True)
    second = Payment.objects.get(state="created")
    assert second != first
    assert bridge(came.text)["package"] == f"prepay_id=wx{second.public_id}"
    for _press in range(2):
        bridge(friend.post(url, WAY, headers=IN_ROOM).text)
    assert Payment.objects.count() == 2, "her own press again is the same payment"
    assert bank.openid not in json.dumps(list(Payment.objects.values("step")))
    due()
    ask_gateways()
    assert bank.trades[first.public_id].state == "CLOSED"
    bank.trades[second.public_id].pay()
    due()
    ask_gateways()
    assert now(order) == "paid"
    sound()


def test_a_shop_that_has_told_no_secret_shows_a_code(bank, shop, alice, order, url, phone):
    connect(shop, "wechatpay", alice)
    page = phone.get(url).text
    assert "wechatpay:jsapi" not in page
    assert "Inside WeChat this page can only show a code" in page
    assert "wechatpay:native" in page
    phone.post(url, WAY)
    assert bank.asked == []
    assert not Payment.objects.exists()


def test_other_browsers_are_not_offered_it(bank, order, url, client):
    assert "wechatpay:jsapi" not in client.get(url).text
    client.post(url, WAY)
    assert bank.asked == []


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("a state of nobody", lambda query: query | {"state": "0" * 32}),
        ("no state", lambda query: {"code": query["code"]}),
    ],
)
def test_an_answer_that_she_did_not_ask_for_opens_nothing(bank, order, url, phone, name, mend):
    parts = urlsplit(back(bank, phone, phone.post(url, WAY)))
    query = {key: value[0] for key, value in parse_qs(parts.query).items()}
    came = phone.get(parts.path, mend(query), follow=True)
    assert "Press again" in came.text
    assert not Payment.objects.exists()
    assert "openids" not in phone.session


def test_the_answer_to_her_question_is_good_in_her_session_and_at_her_shop_alone(
    bank, order, url, phone, other_shop
):
    """A link with a code in it, sent to somebody else, gives her account to nobody."""
    address = back(bank, phone, phone.post(url, WAY))
    stranger = in_wechat()
    assert "Press again" in stranger.get(address, follow=True).text
    assert "openids" not in stranger.session
    elsewhere = address.replace("/tea/", f"/{other_shop.slug}/")
    assert elsewhere != address
    assert "Press again" in phone.get(elsewhere, follow=True).text
    assert not Payment.objects.exists()


def test_twice_the_same_answer_is_one_payment(bank, order, url, phone):
    """WeChat's browser may load it twice; its code is good once."""
    address = back(bank, phone, phone.post(url, WAY))
    for _time in range(2):
        came = phone.get(address, follow=True)
        assert came.redirect_chain[-1] == (reverse("track:wait", args=[order.number]), 302)
        assert bridge(came.text)
    assert Payment.objects.count() == 1
    assert bank.asked.count("POST /v3/pay/transactions/jsapi") == 1


def test_twice_at_the_same_moment_one_of_them_turns_in_the_code(bank, order, url, phone, shop):
    """Both have read her session before either has written it."""
    asked_for = parse_qs(urlsplit(asked(phone.post(url, WAY))).query)["state"][0]
    loads = [SessionStore(phone.session.session_key) for _load in range(2)]
    assert all(asked_for in one["wechat_asked"] for one in loads)
    found = []
    for one in loads:
        found.append(end(one, shop, asked_for))
        one.save()  # as a request ends that has changed it
    assert found == [(order.number, True), (order.number, False)]


def test_it_is_asked_again_after_ten_minutes(bank, order, url, phone, monkeypatch):
    address = back(bank, phone, phone.post(url, WAY))
    later = time.time() + 601
    monkeypatch.setattr("orders.wechat.time.time", lambda: later)
    assert "Press again" in phone.get(address, follow=True).text
    assert not Payment.objects.exists()


@pytest.mark.parametrize("trouble", ["code", "secret", "down"])
def test_wechat_that_does_not_say_who_she_is_is_trouble_and_no_error_page(
    bank, order, url, phone, shop, alice, settings, trouble
):
    address = back(bank, phone, phone.post(url, WAY))
    if trouble == "code":
        bank.codes.clear()
    elif trouble == "secret":
        connect(shop, "wechatpay", alice, app_secret="f" * 32)
    else:
        settings.WECHAT_API_URL = "http://127.0.0.1:9"
    came = phone.get(address, follow=True)
    assert came.status_code == 200
    words = "did not answer" if trouble == "down" else "does not tell this shop who you are"
    assert f"WeChat {words}. Nothing was charged." in came.text
    assert not Payment.objects.exists()
    assert "openids" not in phone.session


def test_an_order_that_was_cancelled_meanwhile_is_not_paid(bank, order, url, phone):
    address = back(bank, phone, phone.post(url, WAY))
    move_order(order=order, to=LineState.CANCELLED, by=None)
    assert "can no longer be paid. Nothing was charged." in phone.get(address, follow=True).text
    assert not Payment.objects.exists()


def test_one_that_was_paid_meanwhile_is_not_called_unpaid(bank, order, url, phone, settings):
    """She paid at another page while WeChat was asked who she is."""
    address = back(bank, phone, phone.post(url, WAY))
    settings.SANDBOX_PAYMENTS = True
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    came = phone.get(address, follow=True)
    assert came.redirect_chain[-1] == (reverse("track:order", args=[order.number]), 302)
    assert "Nothing was charged" not in came.text
    assert Payment.objects.get().gateway == sandbox.NAME


def test_another_account_is_another_openid(bank, order, url, phone, shop, alice):
    """Her openid is hers at one official account: after a change she is asked anew."""
    phone.get(back(bank, phone, phone.post(url, WAY)))
    assert phone.session["openids"] == {there.WX_APP: there.OPENID}
    other = "wx0000000000000000"
    connect(shop, "wechatpay", alice, app_secret=there.WX_SECRET, appid=other)
    answer = phone.post(url, WAY)
    assert parse_qs(urlsplit(asked(answer)).query)["appid"] == [other]


@pytest.mark.parametrize("code", ["", "a b", "x" * 129, "a&secret=b"])
def test_what_is_no_code_is_not_sent(bank, shop, code):
    with pytest.raises(Refused):
        openid_by(account_of(shop), code)
    assert bank.asked == []


@pytest.mark.parametrize("openid", ["", "a", "o b c d e f g", "x" * 129, "<script>"])
def test_what_is_no_openid_is_not_believed(bank, shop, openid):
    bank.codes["c0de"] = openid
    with pytest.raises(GatewayTrouble):
        openid_by(account_of(shop), "c0de")


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (there.WX_SECRET, "The provider knows these keys."),
        ("f" * 32, "The provider refuses these keys: 40125 invalid appsecret"),
        ("", "The provider knows these keys."),
    ],
)
def test_a_wrong_app_secret_is_shown_to_the_owner_when_checked(
    bank, shop, alice, client, secret, said
):
    connect(shop, "wechatpay", alice, app_secret=secret)
    client.force_login(alice)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    check = reverse("orders:payments_check", args=[shop.slug])
    assert said in client.post(check, {"gateway": "wechatpay"}, follow=True).text
    assert len(bank.asked) == 1 + bool(secret)


def test_saved_again_without_it_the_account_keeps_its_app_secret(bank, shop, client, alice):
    client.force_login(alice)
    url = reverse("orders:payments_wechatpay", args=[shop.slug])

    def kept(**other: str) -> str:
        assert client.post(url, there.WECHAT_FORM | other).status_code == 302
        return unseal(GatewayAccount.objects.get().sealed)["app_secret"]

    assert kept(app_secret="") == there.WX_SECRET
    assert kept(app_secret="a" * 32) == "a" * 32
    assert kept(app_secret="", appid="wx0000000000000000") == "", "it is the official account's"


def test_the_secret_is_sealed_and_shown_to_nobody(bank, shop, client, alice):
    client.force_login(alice)
    page = client.get(reverse("orders:payments_wechatpay", args=["tea"]))
    assert there.WX_SECRET not in page.text
    assert f"{house.SITE_URL}/" in page.text
    assert there.WX_SECRET not in GatewayAccount.objects.get().sealed
    form = WeChatPayForm(there.WECHAT_FORM | {"app_secret": "short"})
    assert set(form.errors) == {"app_secret"}
    assert WeChatPayForm(there.WECHAT_FORM | {"app_secret": ""}).is_valid()
    assert WeChatPayForm(there.WECHAT_FORM | {"app_secret": there.WX_SECRET}).is_valid()
