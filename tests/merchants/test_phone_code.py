"""Signing up and in with a mobile number: a code by text message takes the place of a password."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import caches
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from merchants.errors import Taken
from merchants.models import AuditEntry, Merchant, Notification, User
from merchants.pace import AGAIN, CODE_SENT
from merchants.rules.notification import Channel
from merchants.rules.role import Role
from merchants.services.code import NotSent, send_text
from merchants.services.invitation import invite
from merchants.services.merchant import open_merchant
from merchants.services.staff import add_staff, remove_staff
from merchants.services.user import confirm_phone, forget_claims
from orders.services.order import tell_staff

TYPED, NUMBER, MASKED = "138 0013 8000", "+8613800138000", "138 **** 8000"
SHOP = {"shop_name": "桂芳茶行", "store": "清河坊店", "city": "杭州"}
PERSON = {"name": "芳姐", "contact": TYPED, "agree": "on"}
WALK = [
    "livestream:home",
    "merchants:staff_list",
    "merchants:me",
    "merchants:store_list",
    "merchants:product_list",
    "orders:order_list",
]
SENT: list[Notification] = []


class Gateway:
    """A provider that takes everything."""

    def send(self, notification: Notification) -> None:
        SENT.append(notification)


class Broken:
    def send(self, notification: Notification) -> None:
        raise ConnectionError(f"no route for {notification.to}")


@pytest.fixture(autouse=True)
def _in_english(client, db, settings):
    settings.SMS_GATEWAY = f"{__name__}.Gateway"
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    caches["default"].clear()
    caches["own"].clear()
    SENT.clear()


@pytest.fixture
def fang() -> User:
    user = User.objects.create_user(name="芳姐", phone=NUMBER, phone_verified=True)
    user.set_password("a long password")
    user.save()
    return user


def code() -> str:
    found = re.search(r"\b\d{6}\b", SENT[-1].body)
    assert found
    return found[0]


def sign_up(client, **words: str):
    return client.post(reverse("account_signup"), SHOP | PERSON | words)


def a_minute_later(client) -> None:
    session = client.session
    if CODE_SENT in session:
        session[CODE_SENT] -= AGAIN
        session.save()


def wrong(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06}"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("nobody", "Write an e-mail address such as name@example.com or a mobile number"),
        ("0571 8800 1234", "or a mobile number such as 138 0013 8000."),
        ("1380013800", "or a mobile number such as 138 0013 8000."),
        ("fang@", "Write an address such as"),
        ("", "Fill this in."),
    ],
)
def test_what_nobody_can_reach_is_not_taken(client, typed, sentence):
    page = sign_up(client, contact=typed).text
    assert sentence in page
    assert 'value="芳姐"' in page
    assert not SENT
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "typed", [TYPED, "+86 13800138000", "008613800138000", "１３８００１３８０００"]
)
def test_one_form_and_a_code_lead_into_the_shop(client, typed):
    answer = sign_up(client, contact=typed)
    page = client.get(answer["Location"]).text
    assert "We sent a code to 138 0013 8000." in page
    assert 'inputmode="numeric"' in page
    assert [message.to for message in SENT] == [NUMBER]
    answer = client.post(answer["Location"], {"code": code()}, follow=True)
    shop = Merchant.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("livestream:home", args=[shop.slug])
    owner = shop.staff.get(role=Role.OWNER).user
    assert (owner.phone, owner.phone_verified, owner.email) == (NUMBER, True, None)
    assert not mail.outbox
    main = answer.text.partition("<main")[2]
    assert "is confirmed" not in main
    assert "a code" not in main


def test_no_row_keeps_a_code(client):
    sign_up(client)
    assert SENT
    assert not Notification.objects.exists()


def test_a_wrong_code_opens_nothing_and_the_fifth_ends_it(client):
    place = sign_up(client)["Location"]
    right = code()
    for _ in range(4):
        answer = client.post(place, {"code": wrong(right)})
        assert "This is not the code that we sent." in answer.text
    answer = client.post(place, {"code": wrong(right)}, follow=True)
    assert "Too many tries." in answer.text
    client.post(place, {"code": right})
    assert client.get(reverse("dashboard")).status_code == 302
    assert not Merchant.objects.exists()
    assert not User.objects.filter(phone_verified=True).exists()


def test_the_code_of_another_number_opens_nothing(client):
    place = sign_up(client)["Location"]
    other = type(client)()
    sign_up(other, contact="139 0013 8000")
    theirs = code()
    client.post(place, {"code": theirs})
    assert not Merchant.objects.exists()
    assert SENT[0].body != SENT[1].body


def test_a_number_that_is_known_is_answered_like_any_other(client, fang):
    """Page by page the same; only the message on the phone differs."""
    stranger = type(client)(headers={"Accept-Language": "en"})
    pages = []
    for browser, typed in ((client, TYPED), (stranger, "139 0013 8000")):
        answer = sign_up(browser, contact=typed)
        steps = [answer.status_code, answer["Location"], browser.get(answer["Location"]).text]
        steps += [browser.post(answer["Location"], {"code": "000000"}).text]
        early = browser.post(answer["Location"], {"action": "resend"})
        a_minute_later(browser)
        again = browser.post(answer["Location"], {"action": "resend"}, follow=True)
        steps += [early.status_code, early.text, again.redirect_chain, again.text]
        pages.append([comparable(step, typed) for step in steps])
    assert pages[0] == pages[1]
    assert "You have an account" in SENT[0].body
    assert not re.search(r"\d{6}", SENT[0].body)
    assert User.objects.filter(phone=NUMBER).count() == 1


def comparable(step: object, typed: str) -> str:
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", str(step))
    text = re.sub(r'data-now="[^"]+"|data-until="[^"]+"', "", text)
    text = re.sub(r"\b0[01]:\d\d\b", "", text)  # the minute runs on
    text = re.sub(r'nonce="[^"]+"|"X-CSRFToken"[^}]+', "", text)
    text = re.sub(r"csrf[^>]+>", "", text)
    return text.replace(typed, "…").replace(f"+86{typed.replace(' ', '')}", "…")


def test_a_number_typed_wrong_does_not_keep_its_owner_out(client):
    """An unconfirmed claim is no account: she gets her code, and the claim is gone."""
    sign_up(type(client)(), name="Somebody")
    answer = sign_up(client)
    client.post(answer["Location"], {"code": code()})
    assert User.objects.get(phone=NUMBER).name == "芳姐"
    assert User.objects.count() == 1


def test_a_number_nobody_confirmed_is_forgotten(client, fang):
    sign_up(client, contact="139 0013 8000")
    forget_claims(timezone.now())
    assert User.objects.count() == 2
    forget_claims(timezone.now() + timedelta(days=1, minutes=1))
    assert User.objects.get() == fang


def test_two_cannot_have_one_number(fang):
    other = User.objects.create_user("other@example.com", phone=NUMBER)
    with pytest.raises(Taken):
        confirm_phone(user=other, phone=NUMBER)
    with pytest.raises(IntegrityError):
        User.objects.filter(pk=other.pk).update(phone_verified=True)


def test_two_without_an_address_are_two(db):
    assert User.objects.create_user(name="A").email is None
    assert User.objects.create_user(email="", name="B").email is None


@pytest.mark.parametrize(
    ("url", "field"), [("account_login", "login"), ("account_request_login_code", "contact")]
)
def test_a_code_signs_in(client, fang, url, field):
    answer = client.post(reverse(url), {field: TYPED})
    page = client.get(answer["Location"]).text
    assert "138 0013 8000" in page
    client.post(answer["Location"], {"code": wrong(code())})
    assert client.get(reverse("dashboard")).status_code == 302
    client.post(answer["Location"], {"code": code()})
    assert client.get(reverse("account_change_phone")).status_code == 200


@pytest.mark.parametrize("typed", [TYPED, NUMBER])
def test_number_and_password_sign_in(client, fang, typed):
    words = {"login": typed, "password": "a long password"}
    assert client.post(reverse("account_login"), words).status_code == 302
    assert client.get(reverse("account_change_phone")).status_code == 200


def test_wrong_passwords_are_counted_for_each_number(client, fang):
    url = reverse("account_login")
    for _ in range(6):
        page = client.post(url, {"login": "139 0013 8000", "password": "wrong wrong"}).text
    assert "Too many tries." in page
    assert client.post(url, {"login": TYPED, "password": "a long password"}).status_code == 302


def test_an_unknown_number_is_asked_for_a_code_too(client, fang):
    pages = []
    for typed in (TYPED, "139 0013 8000"):
        browser = type(client)(headers={"Accept-Language": "en"})
        answer = browser.post(reverse("account_login"), {"login": typed})
        page = browser.get(answer["Location"]).text
        refused = browser.post(answer["Location"], {"code": "000000"}).text
        again = {"action": "resend", "again": "1", "contact": typed}
        early = browser.post(reverse("account_request_login_code"), again)
        assert early.status_code == 429
        a_minute_later(browser)
        more = browser.post(reverse("account_request_login_code"), again)
        assert more["Location"] == answer["Location"]
        more = browser.get(more["Location"])
        steps = (answer.status_code, answer["Location"], page, refused, early.text, more.text)
        pages.append([comparable(step, typed) for step in steps])
    assert pages[0] == pages[1]
    assert "no account" in SENT[-1].body


def test_an_unconfirmed_number_signs_nobody_in(client):
    User.objects.create_user("x@example.com", "a long password", phone=NUMBER)
    page = client.post(reverse("account_login"), {"login": TYPED, "password": "a long password"})
    assert "Number and password do not belong together." in page.text


def test_codes_to_one_number_are_few(client):
    for _ in range(7):
        browser = type(client)(headers={"Accept-Language": "en"})
        page = browser.get(sign_up(browser)["Location"]).text
    assert len(SENT) == 5
    assert "Too many tries from here" in page
    assert "We sent a code" not in page


def test_a_gateway_that_fails_is_told_and_its_words_are_not_logged(client, settings, caplog):
    settings.SMS_GATEWAY = f"{__name__}.Broken"
    place = sign_up(client)["Location"]
    page = client.get(place).text
    assert "The text message did not go out." in page
    assert "We sent a code" not in page
    assert NUMBER not in caplog.text
    assert not re.search(r"\b\d{6}\b", caplog.text)
    settings.SMS_GATEWAY = f"{__name__}.Gateway"
    assert "We sent a code to" in client.post(place, {"action": "resend"}, follow=True).text
    client.post(place, {"code": code()})
    assert Merchant.objects.exists()


@pytest.mark.parametrize("gateway", ["NoGateway", "ConsoleGateway"])
def test_without_a_contract_a_real_house_asks_for_e_mail(client, settings, gateway, capsys):
    """Nothing is promised that cannot come, and no code is written into a log."""
    settings.SMS_GATEWAY = f"merchants.channels.sms.{gateway}"
    settings.DEBUG = False
    assert "mobile number" not in client.get(reverse("account_signup")).text
    assert "Write an address such as" in sign_up(client).text
    page = client.post(reverse("account_login"), {"login": TYPED})
    assert "We cannot send text messages." in page.text
    assert "sms" not in capsys.readouterr().out
    assert not User.objects.exists()


def test_the_console_shows_the_code_under_development(settings, capsys):
    settings.SMS_GATEWAY = "merchants.channels.sms.ConsoleGateway"
    with pytest.raises(NotSent):
        send_text(to=NUMBER, body="123456", language="en")
    settings.DEBUG = True
    send_text(to=NUMBER, body="123456", language="en")
    assert capsys.readouterr().out == f"[sms to {NUMBER}] 123456\n"


def test_who_is_invited_signs_up_by_phone(client, shop, alice):
    offer = invite(by=shop.staff.get(user=alice), role=Role.CLERK)
    answer = client.post(reverse("account_signup"), PERSON | {"next": offer.path})
    answer = client.post(answer["Location"], {"code": code()})
    assert answer["Location"] == offer.path
    page = client.get(offer.path).text
    assert f"You are signed in as {MASKED}." in page
    client.post(offer.path, {"host_name": "芳姐"})
    place = shop.staff.get(user__phone=NUMBER, role=Role.CLERK)
    remove_staff(staff=place, by=alice)
    assert AuditEntry.objects.filter(about=f"芳姐 ({MASKED})").count() == 2


def test_an_invitation_to_an_address_is_not_for_a_number(client, shop, alice, fang):
    offer = invite(by=shop.staff.get(user=alice), role=Role.CLERK, email="fang@example.com")
    client.force_login(fang)
    assert MASKED in client.get(offer.path).text
    assert client.post(offer.path, {"host_name": "芳姐"}).status_code >= 400


@pytest.mark.parametrize(
    "url",
    [
        "account_email",
        "account_change_phone",
        "account_set_password",
        "mfa_index",
        "mfa_activate_totp",
        "usersessions_list",
    ],
)
def test_her_own_pages_need_no_address(client, fang, url):
    User.objects.filter(pk=fang.pk).update(password="!")
    client.force_login(fang)
    page = client.get(reverse(url), follow=True)
    assert page.status_code == 200
    assert "None" not in page.text.partition("<main")[2]


def test_colleagues_see_her_number_with_a_gap(as_alice, shop, fang):
    place = add_staff(merchant=shop, user=fang, role=Role.MANAGER, host_name="芳姐")
    for page in (
        as_alice.get(reverse("merchants:staff_list", args=[shop.slug])),
        as_alice.get(reverse("merchants:staff_edit", args=[shop.slug, place.pk])),
    ):
        assert MASKED in page.text
        assert "13800138000" not in page.text.replace(" ", "")


@pytest.mark.parametrize("name", WALK)
def test_she_walks_the_dashboard(client, fang, name):
    shop = open_merchant(owner=fang, name="Tea", slug="hers", store="Main", city="杭州")
    client.force_login(fang)
    answer = client.get(reverse(name, args=[shop.slug]))
    assert answer.status_code == 200
    assert ">None<" not in answer.text


def test_news_of_an_order_mail_who_has_an_address(shop, fang, paid):
    add_staff(merchant=shop, user=fang, role=Role.MANAGER, host_name="芳姐")
    tell_staff(order=paid, kind="check", say=lambda: ("Subject", "Text"))
    mails = Notification.objects.filter(kind="check", channel=Channel.EMAIL.value)
    assert [one.to for one in mails] == ["alice@example.com"]
    assert Notification.objects.filter(kind="check", channel=Channel.IN_APP.value).exists()


def test_the_admin_knows_people_without_an_address(admin_client, fang):
    page = admin_client.get("/admin/merchants/user/")
    assert page.status_code == 200
    assert NUMBER in page.text
    url = f"/admin/merchants/user/{fang.pk}/change/"
    words = {"name": "芳", "language": "", "email": "", "is_active": "on"}
    words |= {"consents-TOTAL_FORMS": "0", "consents-INITIAL_FORMS": "0"}  # below it, to be read
    assert admin_client.post(url, words).status_code == 302
    fang.refresh_from_db()
    assert (fang.name, fang.email, fang.phone) == ("芳", None, NUMBER)
    words = {"name": "x", "email": "", "password1": "a long pass", "password2": "a long pass"}
    assert (
        "Fill this in."
        in admin_client.post(
            "/admin/merchants/user/add/", words, headers={"Accept-Language": "en"}
        ).text
    )


def test_a_number_is_added_and_changed(client, bob):
    client.force_login(bob)
    for typed in (TYPED, "139 0013 8000"):
        caches["default"].clear()
        answer = client.post(reverse("account_change_phone"), {"phone": typed})
        bob.refresh_from_db()
        assert bob.phone != f"+86{typed.replace(' ', '')}"
        client.post(answer["Location"], {"code": code()})
        bob.refresh_from_db()
        assert (bob.phone, bob.phone_verified) == (f"+86{typed.replace(' ', '')}", True)


def test_the_last_way_in_is_not_taken_away(client, bob):
    client.force_login(bob)
    words = {"email": bob.email, "action_remove": ""}
    client.post(reverse("account_email"), words)
    assert bob.emailaddress_set.exists()
    confirm_phone(user=bob, phone=NUMBER)
    client.post(reverse("account_email"), words)
    bob.refresh_from_db()
    assert (bob.email, bob.emailaddress_set.count()) == (None, 0)
