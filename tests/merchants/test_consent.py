"""Terms and privacy: who signs up agrees to a version of each, and it is written down."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from merchants.models import Consent, Merchant, User
from merchants.rules.role import Role
from merchants.services.consent import agree
from merchants.services.invitation import invite
from tests.merchants.test_phone_code import SENT, code, sign_up

FORM = reverse("account_signup")
# Whoever changes the words gives them another version: who agreed before agreed to others.
WORDS = {
    "terms": ("2026-11-28", "312332529934"),
    "privacy": ("2026-11-30", "ec40e6eb449e"),
}


@pytest.fixture(autouse=True)
def _in_english(client, db, settings):
    settings.SMS_GATEWAY = "tests.merchants.test_phone_code.Gateway"
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    for name in settings.CACHES:
        caches[name].clear()
    SENT.clear()


def agreed(user: User) -> dict[str, tuple[str, str]]:
    return {one.document: (one.version, one.language) for one in user.consents.all()}


@pytest.mark.parametrize("contact", ["138 0013 8000", "fang@example.com"])
def test_who_signs_up_agrees_to_the_versions_of_that_day(client, contact, settings):
    before = timezone.now()
    settings.LEGAL_VERSIONS = {"terms": "2026-01-02", "privacy": "2026-03-04"}
    sign_up(client, contact=contact, by="email" if "@" in contact else "phone")
    user = User.objects.get()
    assert agreed(user) == {"terms": ("2026-01-02", "en"), "privacy": ("2026-03-04", "en")}
    at = user.consents.first().at
    assert before <= at <= before + timedelta(minutes=1)


def test_who_is_invited_and_new_agrees_as_well(client, shop, alice):
    offer = invite(by=shop.staff.get(user=alice), role=Role.CLERK)
    form = {"name": "Eve", "contact": "eve@example.com", "by": "email", "agree": "on"}
    client.post(FORM, form | {"next": offer.path})
    assert set(agreed(User.objects.get(name="Eve"))) == {"terms", "privacy"}


def test_without_the_tick_nobody_agreed_and_nobody_is_there(client):
    sign_up(client, agree="")
    assert not Consent.objects.exists()
    assert not User.objects.exists()


def test_a_stranger_who_types_a_known_number_agrees_for_nobody(client):
    place = sign_up(client)["Location"]
    client.post(place, {"code": code()})
    assert Merchant.objects.exists()
    known = User.objects.get()
    known.consents.all().delete()
    stranger = Client(HTTP_ACCEPT_LANGUAGE="en")
    sign_up(stranger)
    assert not known.consents.exists()


def test_a_new_version_is_another_yes_and_the_same_one_is_one(alice, settings):
    first = agree(user=alice, language="en")
    assert agree(user=alice, language="en") == first
    settings.LEGAL_VERSIONS = {"terms": "2027-01-01", "privacy": "2027-01-01"}
    agree(user=alice, language="zh-hans")
    assert alice.consents.count() == 4


def test_the_pages_say_which_version_they_are(client):
    for name, (version, _words) in WORDS.items():
        assert settings.LEGAL_VERSIONS[name] == version
        assert version in client.get(reverse(name)).text


@pytest.mark.parametrize("name", WORDS)
def test_other_words_are_another_version(name):
    page = Path(settings.BASE_DIR, "templates/merchants/platform", f"{name}.html").read_text()
    said = "\n".join(re.findall(r'{% translate "(.+?)" %}', page))
    assert hashlib.sha256(said.encode()).hexdigest()[:12] == WORDS[name][1]


def test_the_admin_reads_it_and_writes_nothing(settings, alice):
    settings.ADMIN_REQUIRES_MFA = False
    consent = agree(user=alice, language="en")[0]
    admin = Client(HTTP_ACCEPT_LANGUAGE="en")
    admin.force_login(User.objects.create_superuser("root@example.com", "x"))
    listed = admin.get(reverse("admin:merchants_consent_changelist"), {"q": "alice@"}).text
    assert consent.version in listed
    person = admin.get(reverse("admin:merchants_user_change", args=[alice.pk])).text
    assert consent.version in person
    for page in ("add", "change", "delete"):
        args = [] if page == "add" else [consent.pk]
        address = reverse(f"admin:merchants_consent_{page}", args=args)
        assert admin.post(address, {"version": "x", "post": "yes"}).status_code == 403
    consent.refresh_from_db()
    assert consent.version != "x"
