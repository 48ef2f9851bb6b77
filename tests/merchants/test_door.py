"""The way in, and the way back, in our own words."""

from __future__ import annotations

import pytest
from django.urls import reverse


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def test_the_first_page_leads_to_signing_in_and_opening_a_shop(client, db):
    page = client.get("/").text
    assert reverse("account_login") in page
    assert reverse("account_signup") in page
    assert "My counter" not in page


def test_who_works_here_finds_her_counter(client, bob):
    client.force_login(bob)
    page = client.get("/").text
    assert "My counter" in page
    assert reverse("account_signup") not in page


@pytest.mark.parametrize(
    "name",
    ["account_login", "account_signup", "account_request_login_code", "account_reset_password"],
)
def test_a_page_before_the_door_leads_back(client, db, name):
    assert 'href="/">' in client.get(reverse(name)).text.partition("<main")[2]


@pytest.mark.parametrize("name", ["account_email", "account_change_password", "usersessions_list"])
def test_a_page_about_oneself_leads_back_to_the_counter(client, bob, name):
    client.force_login(bob)
    page = client.get(reverse(name), follow=True).text.partition("<main")[2]
    assert 'href="/dashboard/"' in page


def test_signing_in_is_greeted_in_our_words(client, bob):
    data = {"login": bob.email, "password": "a long password"}
    page = client.post(reverse("account_login"), data, follow=True).text
    assert "Hello, Bob." in page
    assert "Successfully signed in" not in page


def test_a_shop_without_logo_shows_its_letter(client, shop):
    page = client.get(reverse("shop:front", args=["tea"])).text
    assert '<span class="avatar sh-hero__a" aria-hidden="true">桂</span>' in page
