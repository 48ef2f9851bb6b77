"""A shop opens from one form, and not before the address is known to be hers."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from merchants.errors import Taken
from merchants.models import Merchant, Staff, User
from merchants.rules.role import Role
from merchants.services.invitation import invite

SHOP = {"shop_name": "桂芳茶行", "store": "清河坊店", "city": "杭州"}
PERSON = {"name": "芳姐", "contact": "fang@example.com"}
AGREED = {"agree": "on"}


@pytest.fixture(autouse=True)
def _in_english(client, db):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    cache.clear()  # twenty sign-ups a minute from one address are enough for it, not for us


def code() -> str:
    found = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", mail.outbox[-1].body, re.MULTILINE)
    assert found
    return found[0]


def sign_up(client, **words: str):
    return client.post(reverse("account_signup"), SHOP | PERSON | AGREED | words)


def test_one_form_and_a_code_lead_into_the_shop(client):
    answer = sign_up(client)
    assert answer.status_code == 302
    answer = client.post(answer["Location"], {"code": code()}, follow=True)
    shop = Merchant.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("livestream:home", args=[shop.slug])
    assert (shop.name, shop.stores.get().name, shop.stores.get().city) == tuple(SHOP.values())
    place = shop.staff.get()
    assert (place.user.email, place.role, place.host_name) == (
        "fang@example.com",
        Role.OWNER,
        "芳姐",
    )


def test_without_the_code_there_is_no_shop(client):
    answer = sign_up(client)
    client.post(answer["Location"], {"code": "XXXX-XXXX"})
    client.get(reverse("dashboard"))
    assert not Merchant.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"shop_name": ""}, "Fill this in."),
        ({"shop_name": "x"}, "At least 2 characters"),
        ({"store": "a\u202eb"}, "invisible character"),
        ({"city": ""}, "Fill this in."),
        ({"contact": "nobody"}, "Write an address such as"),
        ({"name": "n" * 16}, "At most 15 characters"),
    ],
)
def test_a_mistake_loses_nothing_that_was_typed(client, wrong, sentence):
    answer = sign_up(client, **wrong)
    assert sentence in answer.text
    for value in (SHOP | PERSON | wrong).values():
        assert f'value="{value}"' in answer.text or not value
    assert not User.objects.exists()
    assert not mail.outbox


def test_who_is_invited_is_asked_for_no_shop(client, shop, alice):
    offer = invite(by=shop.staff.get(user=alice), role=Role.CLERK)
    page = client.get(reverse("account_signup"), {"next": offer.path})
    assert 'name="shop_name"' not in page.text
    words = PERSON | AGREED | {"next": offer.path}
    answer = client.post(reverse("account_signup"), words)
    answer = client.post(answer["Location"], {"code": code()})
    assert answer["Location"] == offer.path
    assert Merchant.objects.count() == 1


def test_an_address_that_is_known_opens_nothing(client, mallory):
    """It is answered as any other; what was typed cannot become a shop of the account."""
    answer = sign_up(client, contact=mallory.email)
    assert answer.status_code == 302
    words = {"login": mallory.email, "password": "a long password"}
    client.post(reverse("account_login"), words, follow=True)
    assert not mallory.places.exists()


def test_the_shop_of_one_person_is_not_opened_for_another(client, mallory):
    sign_up(client)
    client.post(reverse("account_login"), {"login": mallory.email, "password": "a long password"})
    assert client.get(reverse("dashboard")).status_code == 302
    assert not Merchant.objects.exists()


def test_signing_in_again_opens_no_second_shop(client):
    answer = sign_up(client)
    client.post(answer["Location"], {"code": code()})
    user = User.objects.get()
    client.logout()
    user.set_password("a long password")
    user.save()
    client.post(reverse("account_login"), {"login": user.email, "password": "a long password"})
    assert Staff.objects.filter(user=user).count() == 1


def test_what_could_not_be_opened_is_still_typed(client, monkeypatch):
    def full(**kwargs: object) -> None:
        raise Taken

    monkeypatch.setattr("merchants.adapters.open_merchant", full)
    answer = sign_up(client)
    page = client.post(answer["Location"], {"code": code()}, follow=True)
    assert page.redirect_chain[-1][0] == reverse("new_merchant")
    for value in SHOP.values():
        assert f'value="{value}"' in page.text
