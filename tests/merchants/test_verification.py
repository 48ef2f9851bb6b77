"""A brand is verified: by verbs, on its page, with a badge (P16)."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from livestream.services.room import end_room, start_room
from merchants.errors import StaleVersion
from merchants.models import AuditEntry, Notification, User, Verification
from merchants.rules.verification import (
    MOVES,
    Paper,
    VerificationState,
)
from merchants.services.verification import (
    Incomplete,
    NoReason,
    Words,
    WrongState,
    approve,
    keep_papers,
    reject,
    remove_paper,
    save_draft,
    submit,
    withdraw,
)
from tests.merchants.papers import CODE, WORDS, sheet


# --- verbs ------------------------------------------------------------------------------------
def test_it_goes_from_draft_to_the_badge(approved, shop, admin, carol):
    shop.refresh_from_db()
    assert shop.verified_at == approved.decided_at
    said = list(AuditEntry.objects.filter(merchant=shop).order_by("pk"))
    assert [(one.action, one.by) for one in said] == [
        ("verification.submitted", carol),
        ("verification.approved", admin),
    ]
    news = Notification.objects.filter(kind="verification")
    assert {(one.channel, one.to) for one in news} == {
        ("in_app", ""),
        ("email", "carol@example.com"),
    }


def test_a_rejection_tells_why_and_it_may_come_again(submitted, shop, admin, carol):
    found = reject(
        verification=submitted, version=submitted.version, by=admin, reason=" 印章\n看不清 "
    )
    assert (found.state, found.reason) == ("rejected", "印章 看不清")
    assert AuditEntry.objects.latest("pk").details == {"reason": "印章 看不清"}
    mail = Notification.objects.get(kind="verification", channel="email")
    assert "印章 看不清" in mail.body
    again = submit(verification=found, version=found.version, by=carol)
    assert again.state == "submitted"


def test_who_signs_in_by_phone_is_told_by_text_message(draft, admin, alice):
    alice.email, alice.phone, alice.phone_verified = "", "+8613800138000", True
    alice.save()
    handed_in = submit(verification=draft, version=draft.version, by=alice)
    approve(verification=handed_in, version=handed_in.version, by=admin)
    news = Notification.objects.filter(kind="verification").exclude(channel="in_app")
    assert [(one.channel, one.to) for one in news] == [("sms", "+8613800138000")]


def test_an_approval_taken_back_takes_the_badge(approved, shop, admin):
    with pytest.raises(NoReason):
        reject(verification=approved, version=approved.version, by=admin, reason="  ")
    reject(verification=approved, version=approved.version, by=admin, reason="授权已到期")
    shop.refresh_from_db()
    assert shop.verified_at is None


def test_the_shop_takes_it_back_to_change_it(approved, shop, carol):
    with pytest.raises(WrongState):
        save_draft(verification=approved, version=approved.version, words=WORDS)
    found = withdraw(verification=approved, version=approved.version, by=carol)
    shop.refresh_from_db()
    assert (found.state, shop.verified_at) == ("draft", None)
    save_draft(verification=found, version=found.version, words=WORDS)


def act(verb: str, found: Verification, by: User) -> object:
    facts = {"verification": found, "version": found.version}
    match verb:
        case "submit":
            return submit(by=by, **facts)
        case "withdraw":
            return withdraw(by=by, **facts)
        case "approve":
            return approve(by=by, **facts)
        case _:
            return reject(by=by, reason="no", **facts)


TO = {"submit": "submitted", "withdraw": "draft", "approve": "approved", "reject": "rejected"}


@pytest.mark.parametrize("verb", TO)
@pytest.mark.parametrize("state", VerificationState)
def test_only_the_moves_of_the_map_are_made(draft, carol, verb, state):
    Verification.objects.filter(pk=draft.pk).update(state=state.value)
    draft.refresh_from_db()
    to = VerificationState(TO[verb])
    if to in MOVES[state]:
        act(verb, draft, carol)
    else:
        with pytest.raises(WrongState):
            act(verb, draft, carol)
    draft.refresh_from_db()
    assert draft.state == (to if to in MOVES[state] else state)


@pytest.mark.parametrize("verb", ["submit", "approve", "reject", "withdraw"])
def test_who_has_seen_an_older_version_is_refused(draft, carol, verb):
    before = {"approve": "submitted", "reject": "submitted", "withdraw": "submitted"}
    Verification.objects.filter(pk=draft.pk).update(state=before.get(verb, "draft"), version=40)
    with pytest.raises(StaleVersion):
        act(verb, draft, carol)
    assert AuditEntry.objects.count() == Notification.objects.count() == 0


def test_the_second_admin_is_told_who_was_first(submitted, admin, db):
    other = User.objects.create_superuser("two@example.com", "a long password", name="Two")
    approve(verification=submitted, version=submitted.version, by=admin)
    for verb in ("approve", "reject"):
        with pytest.raises((WrongState, StaleVersion)):
            act(verb, submitted, other)
    submitted.refresh_from_db()
    assert (submitted.state, submitted.decided_by) == ("approved", admin)
    assert Notification.objects.filter(channel="in_app").count() == 1


@pytest.mark.parametrize("words", [Words(), Words("a", CODE, "b", ""), Words("a", "1", "b", "c")])
def test_what_is_not_whole_is_not_handed_in(draft, carol, words):
    found = save_draft(verification=draft, version=draft.version, words=words)
    with pytest.raises(Incomplete):
        submit(verification=found, version=found.version, by=carol)
    found.refresh_from_db()
    assert (found.state, found.submitted_at) == ("draft", None)


def test_without_its_picture_it_is_not_handed_in(draft, carol):
    remove_paper(verification=draft, paper=Paper.TRADEMARK)
    draft.refresh_from_db()
    with pytest.raises(Incomplete):
        submit(verification=draft, version=draft.version, by=carol)


def test_pictures_do_not_change_once_handed_in(submitted):
    with pytest.raises(WrongState):
        keep_papers(
            verification=submitted, version=submitted.version, papers={Paper.LICENCE: sheet()}
        )
    with pytest.raises(WrongState):
        remove_paper(verification=submitted, paper=Paper.LICENCE)
    assert submitted.papers.count() == 2


def test_a_new_picture_takes_the_place_of_the_old_one_and_its_file(
    draft, django_capture_on_commit_callbacks
):
    old = Path(draft.papers.get(paper="licence").image.path)
    assert old.exists()
    with django_capture_on_commit_callbacks(execute=True):
        keep_papers(
            verification=draft, version=draft.version, papers={Paper.LICENCE: sheet("#000000")}
        )
    assert not old.exists()
    assert Path(draft.papers.get(paper="licence").image.path).exists()


def test_a_colleague_who_saw_less_is_told_and_her_picture_is_kept(draft):
    kept = keep_papers(
        verification=draft, version=draft.version - 1, papers={Paper.LICENCE: sheet()}
    )
    with pytest.raises(StaleVersion):
        save_draft(verification=draft, version=kept, words=Words("Other"))


# --- the page ---------------------------------------------------------------------------------
@pytest.fixture
def url(shop) -> str:
    return reverse("merchants:verification", args=[shop.slug])


def upload(name: str = "licence.jpg", body: bytes | None = None, kind: str = "JPEG"):
    if body is None:
        file = io.BytesIO()
        Image.new("RGB", (300, 400), "#eeeeee").save(file, kind)
        body = file.getvalue()
    return SimpleUploadedFile(name, body, "image/jpeg")


def typed(**more: object) -> dict[str, object]:
    return {
        "company": WORDS.company,
        "licence_number": CODE,
        "brand": WORDS.brand,
        "trademark_number": "2107881",
        "claim": "own",
        "version": "1",
        "act": "submit",
    } | more


def test_it_is_handed_in_at_once(as_carol, url, shop):
    answer = as_carol.post(url, typed(licence=upload(), trademark=upload("tm.png")), follow=True)
    found = shop.verification
    assert answer.status_code == 200
    assert (found.state, found.company, found.licence_number) == ("submitted", WORDS.company, CODE)
    assert found.papers.count() == 2
    assert reverse("merchants:verification_withdraw", args=[shop.slug]) in answer.text


def test_looking_at_the_page_writes_nothing(as_carol, url):
    assert as_carol.get(url).status_code == 200
    assert not Verification.objects.exists()


def test_a_draft_may_be_half_and_wrong(as_carol, url, shop):
    as_carol.post(url, typed(act="save", trademark_number="2107 88", licence_number="９１"))
    assert shop.verification.trademark_number == "210788"
    assert shop.verification.licence_number == "91"
    assert 'value="210788"' in as_carol.get(url).text


def test_a_mistake_loses_neither_words_nor_pictures(as_carol, url, shop):
    answer = as_carol.post(url, typed(trademark_number="2107 88", licence=upload("执照.jpg")))
    assert answer.status_code == 422
    assert "2107 88" in answer.text
    assert "7–8" in answer.text
    assert WORDS.company in answer.text
    assert "执照.jpg" in answer.text
    assert shop.verification.papers.count() == 1
    # What the page says now is enough to go on: only the second picture is missing.
    version = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    again = as_carol.post(url, typed(version=version, trademark=upload()))
    assert again.status_code == 302
    assert shop.verification.__class__.objects.get().state == "submitted"


def test_two_colleagues_the_second_sees_the_words_of_the_first(as_carol, as_alice, url, shop):
    as_alice.post(url, typed(act="save", company="First Ltd"))
    answer = as_carol.post(url, typed(act="save", company="Second Ltd"))
    assert answer.status_code == 409
    assert "First Ltd" in answer.text
    assert "Second Ltd" in answer.text
    version = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    assert as_carol.post(url, typed(act="save", version=version)).status_code == 302


def test_it_is_taken_back_from_the_page(as_carol, url, shop, submitted):
    where = reverse("merchants:verification_withdraw", args=[shop.slug])
    for version in ("1", "x", "9" * 30, "9" * 5000):
        as_carol.post(where, {"version": version})
        assert Verification.objects.get().state == "submitted", "not the version she saw"
    as_carol.post(where, {"version": str(submitted.version)})
    assert Verification.objects.get().state == "draft"


def test_the_reason_stands_on_the_page_word_for_word(as_carol, url, submitted, admin):
    words = "授权书上的印章看不清<b>"
    reject(verification=submitted, version=submitted.version, by=admin, reason=words)
    assert "授权书上的印章看不清&lt;b&gt;" in as_carol.get(url).text


def bomb() -> bytes:
    """A PNG that says 60,000 × 60,000 in its header."""
    small = io.BytesIO()
    Image.new("L", (1, 1)).save(small, "PNG")
    body = bytearray(small.getvalue())
    body[16:24] = (60_000).to_bytes(4, "big") * 2
    return bytes(body)


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("licence.pdf", b"%PDF-1.7\n...", "PDF"),
        ("licence.jpg", b"%PDF-1.7\n...", "PDF"),
        ("licence.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "JPEG"),
        ("licence.jpg", b"<html><script>alert(1)</script>", "JPEG"),
        ("licence.png", bomb(), "JPEG|megapixel|万像素|像素"),
        ("licence.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "JPEG"),
        ("licence.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 200, "JPEG"),
        ("licence.jpg", b"x", "JPEG"),
    ],
)
def test_a_hostile_file_gets_a_sentence_and_leaves_nothing(
    as_carol, url, shop, settings, name, body, says
):  # P16
    answer = as_carol.post(url, typed(licence=upload(name, body), trademark=upload()))
    assert answer.status_code == 422
    assert re.search(says, answer.text)
    assert WORDS.company in answer.text
    assert [one.paper for one in shop.verification.papers.all()] == ["trademark"]
    kept = [path for path in Path(settings.VAR_DIR).rglob("*") if path.is_file()]
    assert len(kept) == 1


def test_a_picture_is_ours_without_place_or_maker(as_carol, url, shop):
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    Image.new("RGB", (3000, 2000), "#eeeeee").save(file, "JPEG", exif=exif)
    as_carol.post(url, typed(act="save", licence=upload(body=file.getvalue())))
    kept = shop.verification.papers.get().image
    with Image.open(kept.path) as picture:
        assert (picture.format, picture.size) == ("WEBP", (1600, 2400))
        assert not picture.getexif()
    assert b"Maker" not in Path(kept.path).read_bytes()
    assert Path(kept.path).name != "licence.jpg"


# --- the badge --------------------------------------------------------------------------------
BADGE = 'class="verified"'


def test_the_badge_is_where_shoppers_look_and_only_with_an_approval(
    client, submitted, admin, live, longjing
):
    room = reverse("watch:room", args=[live.public_id])
    pages = {
        reverse("shop:front", args=["tea"]): BADGE,
        reverse("shop:product", args=["tea", longjing.public_id]): BADGE,
        room: "lr-proof",
        "/": BADGE,
        "/?q=桂芳": BADGE,
    }
    counts = {}
    for url, badge in pages.items():
        with CaptureQueriesContext(connection) as counts[url]:
            assert badge not in Client().get(url).text, url
    approve(verification=submitted, version=submitted.version, by=admin)
    for url, badge in pages.items():
        with CaptureQueriesContext(connection) as after:
            assert badge in Client().get(url).text, url
        assert len(after) == len(counts[url]), url
    assert WORDS.company in client.get(reverse("shop:front", args=["tea"])).text


def test_countdown_and_replay_wear_it_too(client, approved, scheduled):
    url = reverse("watch:room", args=[scheduled.public_id])
    assert BADGE in client.get(url).text
    end_room(room=start_room(room=scheduled))
    assert BADGE in client.get(url).text
