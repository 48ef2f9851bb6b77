"""The admin's desk for brand verifications, and who else sees the papers (P14)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import SuspiciousOperation
from django.http import Http404
from django.test import Client
from django.urls import reverse

from config.media import media
from merchants.models import User, Verification
from merchants.rules.verification import (
    Paper,
)
from merchants.services.verification import (
    approve,
    keep_papers,
    save_draft,
    submit,
    verification_of,
)
from tests.conftest import person
from tests.merchants.papers import CODE, WORDS, sheet


# --- who sees the papers ----------------------------------------------------------------------
@pytest.fixture
def paper_url(draft, shop) -> str:
    return reverse("merchants:verification_paper", args=[shop.slug, "licence"])


def test_managers_see_a_paper_and_nobody_on_the_way_keeps_it(as_carol, as_alice, paper_url):
    for client in (as_carol, as_alice):
        answer = client.get(paper_url)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "image/webp"
        assert "private, no-store" in answer["Cache-Control"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer.content[8:12] == b"WEBP"


def test_nobody_else_sees_it(client, as_bob, mallory, other_shop, paper_url):  # P14
    assert client.get(paper_url).status_code == 302
    assert as_bob.get(paper_url).status_code == 403
    client.force_login(mallory)
    assert client.get(paper_url).status_code == 404
    theirs = reverse("merchants:verification_paper", args=[other_shop.slug, "licence"])
    assert client.get(theirs).status_code == 404


def test_no_address_of_files_leads_to_it(client, as_alice, draft, settings):  # P14
    kept = draft.papers.first().image
    path = Path(kept.path)
    assert path.exists()
    assert Path(settings.MEDIA_ROOT) not in path.parents
    private = path.relative_to(settings.VAR_DIR)
    guesses = [kept.name, path.name, str(private), f"../{private}", f"..%2f{private}", str(path)]
    for guess in guesses:
        for who in (client, as_alice):
            assert who.get(f"{settings.MEDIA_URL}{guess}").status_code in {400, 404}, guess
        request = client.get("/healthz").wsgi_request  # for the view of development itself
        with pytest.raises((Http404, SuspiciousOperation)):
            media(request, guess)
    assert path.name not in as_alice.get("/").text


# --- the admin's desk -------------------------------------------------------------------------
@pytest.fixture
def as_admin(admin, settings) -> Client:
    settings.ADMIN_REQUIRES_MFA = False
    client = Client()
    client.force_login(admin)
    return client


DESK = "/admin/merchants/verification/waiting/"


def test_the_admin_sees_who_waits_with_the_papers(as_admin, submitted):
    assert "<b>1</b>" in as_admin.get("/admin/").text
    page = as_admin.get(DESK)
    assert WORDS.company in page.text
    assert CODE in page.text
    assert "no-store" in page["Cache-Control"]
    pictures = re.findall(r'<img src="([^"]+)"', page.text)
    assert len(pictures) == 2
    for picture in pictures:
        answer = as_admin.get(picture)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
        assert "private, no-store" in answer["Cache-Control"]


def test_an_empty_desk_says_so(as_admin, db):
    assert as_admin.get(DESK).status_code == 200


def desk(found: Verification) -> str:
    return reverse("admin:merchants_verification_desk", args=[found.pk])


def test_she_approves_and_the_next_one_lies_there(as_admin, submitted, other_shop, mallory):
    other = verification_of(other_shop)
    version = keep_papers(
        verification=other,
        version=1,
        papers={Paper.LICENCE: sheet(), Paper.TRADEMARK: sheet()},
    )
    other = save_draft(verification=other, version=version, words=WORDS)
    other = submit(verification=other, version=other.version, by=mallory)
    answer = as_admin.post(desk(submitted), {"version": submitted.version, "decision": "approve"})
    assert answer["Location"] == desk(other)
    submitted.refresh_from_db()
    assert submitted.state == "approved"


def test_she_sends_it_back_with_a_reason_only(as_admin, submitted):
    words = {"version": submitted.version, "decision": "reject"}
    assert as_admin.post(desk(submitted), words).status_code == 422
    assert as_admin.post(desk(submitted), words | {"reason": "看不清"}).status_code == 302
    submitted.refresh_from_db()
    assert (submitted.state, submitted.reason) == ("rejected", "看不清")


def test_the_second_of_two_admins_reads_who_was_first(as_admin, submitted):
    first = User.objects.create_superuser("first@example.com", "a long password", name="First")
    seen = submitted.version
    approve(verification=submitted, version=seen, by=first)
    words = {"version": seen, "decision": "reject", "reason": "看不清"}
    answer = as_admin.post(desk(submitted), words)
    assert answer.status_code == 409
    assert "First" in answer.text
    assert "看不清" in answer.text
    submitted.refresh_from_db()
    assert submitted.state == "approved"


def test_an_admin_without_the_right_neither_looks_nor_decides(client, settings, submitted):
    settings.ADMIN_REQUIRES_MFA = False
    clerk = person("desk@example.com", "Desk")
    clerk.is_staff = True
    clerk.save()
    client.force_login(clerk)
    picture = reverse("admin:merchants_verification_paper", args=[submitted.pk, "licence"])
    for url in (DESK, desk(submitted), picture):
        assert client.get(url).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_verification"))
    clerk = User.objects.get(pk=clerk.pk)
    client.force_login(clerk)
    assert client.get(picture).status_code == 200
    words = {"version": submitted.version, "decision": "approve"}
    assert client.post(desk(submitted), words).status_code == 403
    assert Verification.objects.get().state == "submitted"


def test_the_desk_is_closed_to_shops(as_alice, client, submitted):
    picture = reverse("admin:merchants_verification_paper", args=[submitted.pk, "licence"])
    for url in (DESK, desk(submitted), picture):
        for who in (client, as_alice):
            answer = who.get(url)
            assert answer.status_code == 302
            assert "login" in answer["Location"]
