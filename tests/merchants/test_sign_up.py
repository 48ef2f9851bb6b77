"""Signing up as it is drawn: the number with its country, the code on a page that keeps what was
typed, a minute between two codes, and a way back that loses nothing."""

from __future__ import annotations

import re
import time

import pytest
from django.core import mail
from django.core.cache import caches
from django.urls import reverse

from merchants.forms.contact import split_number
from merchants.models import Merchant, User
from merchants.pace import AGAIN, CODE_SENT
from merchants.rules.role import Role
from merchants.services.invitation import invite
from tests.merchants.test_phone_code import PERSON, SENT, SHOP, code, sign_up

FORM = reverse("account_signup")
AGAIN_URL = reverse("sign_up_again")


@pytest.fixture(autouse=True)
def _in_english(client, db, settings):
    settings.SMS_GATEWAY = "tests.merchants.test_phone_code.Gateway"
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    for name in settings.CACHES:
        caches[name].clear()
    SENT.clear()


def a_while_later(client, seconds: float) -> None:
    session = client.session
    session[CODE_SENT] = time.time() - seconds
    session.save()


@pytest.mark.parametrize(
    ("prefix", "typed", "sent_to"),
    [
        ("+86", "138 0013 8000", "+8613800138000"),
        ("+852", "9123 4567", "+85291234567"),
        ("+44", "07911 123456", "+447911123456"),
        ("+852", "+86 138 0013 8000", "+8613800138000"),  # what is typed whole is meant
        ("+852", "0086 138 0013 8000", "+8613800138000"),
        ("nonsense", "138 0013 8000", "+8613800138000"),
    ],
)
def test_the_country_is_chosen_before_the_number(client, prefix, typed, sent_to):
    assert "<option selected>+86</option><option>+852</option>" in client.get(FORM).text
    sign_up(client, contact=typed, contact_prefix=prefix)
    assert [message.to for message in SENT] == [sent_to]


def test_a_wrong_number_comes_back_with_its_country(client):
    page = sign_up(client, contact="12", contact_prefix="+852").text
    assert "<option selected>+852</option>" in page
    assert 'value="12"' in page
    assert split_number("+852 12") == ("+852", "12")
    assert split_number("fang@example.com") == ("+86", "fang@example.com")


def test_the_other_way_is_a_button_that_keeps_the_rest(client):
    words = SHOP | PERSON | {"by": "phone", "other": "email", "contact": "138"}
    page = client.post(FORM, words, follow=True).text
    for value in (*SHOP.values(), PERSON["name"]):
        assert f'value="{value}"' in page
    assert '<input type="hidden" name="by" value="email">' in page
    assert "contact_prefix" not in page
    assert not User.objects.exists()
    sign_up(client, by="email", contact="fang@example.com")
    assert [message.to for message in mail.outbox] == [["fang@example.com"]]


def test_terms_are_accepted_by_a_tick_alone(client):
    page = sign_up(client, agree="")
    assert "Tick this to go on." in page.text
    assert not SENT
    for name in ("terms", "privacy"):
        assert f'href="{reverse(name)}"' in page.text
        assert client.get(reverse(name)).status_code == 200


def test_the_code_is_asked_for_beside_what_was_typed(client):
    page = client.get(sign_up(client)["Location"]).text
    for word in (*SHOP.values(), PERSON["name"], "138 0013 8000"):
        assert word in page.partition("<main")[2]
    assert "su__side" in page
    assert re.search(r"data-until=[^>]+>(01:00|00:59)<", page)


def test_a_second_code_waits_a_minute_by_our_clock(client):
    place = sign_up(client)["Location"]
    first = code()
    a_while_later(client, 20)
    early = client.post(place, {"action": "resend"})
    assert early.status_code == 429
    assert re.search(r"A new code can be asked for in 00:(40|39)\.", early.text)
    assert len(SENT) == 1
    a_while_later(client, AGAIN + 1)
    assert "Send again</button>" in client.get(place).text
    client.post(place, {"action": "resend"})
    assert len(SENT) == 2
    assert client.post(place, {"action": "resend"}).status_code == 429
    client.post(place, {"code": first})
    assert not Merchant.objects.exists(), "only the last code opens"
    client.post(place, {"code": code()})
    assert Merchant.objects.exists()


def test_the_clock_cannot_be_turned_by_whoever_asks(client):
    """A time in the future, as after a clock was put back, never locks for longer than a minute."""
    place = sign_up(client)["Location"]
    a_while_later(client, -3600)
    assert "in 01:00." in client.post(place, {"action": "resend"}).text


def test_a_mail_is_sent_again_too(client):
    place = sign_up(client, by="email", contact="fang@example.com")["Location"]
    assert client.post(place, {"action": "resend"}).status_code == 429
    a_while_later(client, AGAIN + 1)
    caches["default"].clear()
    client.post(place, {"action": "resend"})
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("contact", ["139 0013 8000", "fang@example.com"])
def test_the_number_changes_and_nothing_typed_is_lost(client, contact):
    sign_up(client, contact=contact)
    page = client.post(AGAIN_URL, follow=True).text
    for value in (*SHOP.values(), PERSON["name"]):
        assert f'value="{value}"' in page
    assert not User.objects.exists(), "nobody proved to be that one"
    SENT.clear()
    place = sign_up(client)["Location"]
    client.post(place, {"code": code()})
    assert (User.objects.get().phone, Merchant.objects.get().name) == (
        "+8613800138000",
        SHOP["shop_name"],
    )
    assert SHOP["shop_name"] not in client.get(reverse("terms")).text


def test_the_same_address_can_be_typed_again(client):
    """It is not told that it has an account already, for it has none."""
    words = {"by": "email", "contact": "fang@example.com"}
    sign_up(client, **words)
    client.post(AGAIN_URL)
    place = sign_up(client, **words, store="西湖店")["Location"]
    found = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", mail.outbox[-1].body, re.MULTILINE)
    assert found
    client.post(place, {"code": found[0]})
    assert Merchant.objects.get().stores.get().name == "西湖店"


def test_beginning_again_takes_nothing_from_who_is_known(client, alice):
    sign_up(client, contact=alice.email)
    client.post(AGAIN_URL)
    assert User.objects.get() == alice


def test_who_is_invited_comes_back_to_the_invitation(client, shop, alice):
    offer = invite(by=shop.staff.get(user=alice), role=Role.CLERK)
    words = PERSON | {"next": offer.path}
    place = client.post(FORM, words)["Location"]
    early = client.post(place.partition("?")[0], {"action": "resend", "next": offer.path})
    assert early.status_code == 429
    assert offer.path in early.text
    answer = client.post(AGAIN_URL, {"next": offer.path})
    assert "next=%2Fjoin%2F" in answer["Location"]
    page = client.get(answer["Location"]).text
    assert 'name="shop_name"' not in page
    assert f'value="{PERSON["name"]}"' in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("4071", "The code has 6 digits; this has 4."),
        ("４０７１", "The code has 6 digits; this has 4."),
        ("", "Fill this in."),
    ],
)
def test_a_short_code_is_told_how_much_is_missing(client, typed, said):
    place = sign_up(client)["Location"]
    assert said in client.post(place, {"code": typed}).text


def test_a_code_may_be_typed_with_gaps_and_in_full_width(client):
    place = sign_up(client)["Location"]
    wide = code().translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    client.post(place, {"code": f"{wide[:3]} {wide[3:]}"})
    assert Merchant.objects.exists()
