"""Photos do not stay for ever: when they go, what keeps them, and what the pages say then."""

from __future__ import annotations

import shutil
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from livestream.selectors.invariant import ALL
from merchants.models import User
from merchants.selectors.invariant import offenders
from merchants.services.photo import Upload
from orders.models import Order, Refund, RefundPhoto, Review, ReviewPhoto
from orders.rules.dispute import Verdict
from orders.rules.refund import RefundKind
from orders.rules.review import HideReason
from orders.services import refund_photo
from orders.services.dispute import decide_dispute, open_dispute
from orders.services.refund import approve_refund, refuse_refund, request_refund, take_back
from orders.services.refund_photo import develop_proof
from orders.services.review import add_photos, hide_review, show_review, write_review
from orders.services.shipment import confirm_delivery, ship_order
from orders.tasks import develop_review_photos, forget_photos, send_refunds


@pytest.fixture(autouse=True)
def _every_invariant_holds(db, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    yield
    assert list(offenders(ALL, timezone.now())) == []


@pytest.fixture
def came(client, paid, bob) -> Order:
    """Delivered, on this very phone."""
    client.get(reverse("track:mine"))
    Order.objects.filter(pk=paid.pk).update(device=client.session["device"])
    paid.refresh_from_db()
    ship_order(order=paid, carrier="sf", tracking_number="SF123456", by=bob)
    confirm_delivery(order=paid, by=None)
    return paid


@pytest.fixture
def asked(came, picture) -> Refund:
    """Money is asked back for it, with two photos."""
    shots = []
    for _shot in range(2):
        file, size = picture()
        shots.append(develop_proof(file=file, size=size))
    line = came.lines.get()
    return request_refund(
        order=came, pieces={line.pk: line.quantity}, kind=RefundKind.RETURN, photos=shots
    )


def after(days: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=False)


def refuse(refund: Refund, by: User) -> Refund:
    return refuse_refund(refund=refund, version=refund.version, by=by, words="It was whole")


def left() -> int:
    return RefundPhoto.objects.count()


def test_they_go_half_a_year_after_the_end_and_the_pages_say_so(asked, bob, as_bob, client):
    files = [photo.image for photo in asked.photos.all()]
    refuse(asked, bob)
    with after(179):
        forget_photos()
        assert left() == 2
    with after(181):
        forget_photos()
        day = timezone.localdate()
    assert left() == 0
    assert not any(one.storage.exists(one.name) for one in files)
    sentence = f"The photos were removed on {day:%Y-%m-%d}."
    assert sentence in client.get(reverse("track:order", args=[asked.order.number])).text
    detail = reverse("orders:order_detail", args=["tea", asked.order.number])
    assert sentence in as_bob.get(detail, headers={"Accept-Language": "en"}).text
    stranger = type(client)()
    page = stranger.get(reverse("track:order", args=[asked.order.number]))
    assert f"{day:%Y-%m-%d}" not in page.text


def test_while_anything_is_open_they_stay(asked, bob, store):
    with after(400):
        forget_photos()
    assert left() == 2
    refund = approve_refund(refund=asked, version=asked.version, by=bob)
    refund = take_back(refund=refund, version=refund.version, by=bob, store=store)
    with after(400):
        forget_photos()  # the money has not gone
    assert left() == 2
    send_refunds()
    with after(400):
        forget_photos()
    assert left() == 0


def test_what_the_platform_was_asked_keeps_them_until_its_word_is_old(asked, bob, alice):
    refuse(asked, bob)
    with after(13):
        dispute = open_dispute(refund=asked, words="but look")
    with after(300):
        forget_photos()
        assert left() == 2
        decide_dispute(dispute=dispute, verdict=Verdict.STANDS, reason="Yes", by=alice)
    with after(479):
        forget_photos()
        assert left() == 2
    with after(481):
        forget_photos()
    assert left() == 0


def test_what_the_platform_gave_has_to_be_over_too(asked, bob, alice, store):
    refuse(asked, bob)
    dispute = open_dispute(refund=asked, words="but look")
    given = decide_dispute(dispute=dispute, verdict=Verdict.GIVEN, reason="Yes", by=alice).outcome
    with after(400):
        forget_photos()
    assert left() == 2
    take_back(refund=given, version=given.version, by=bob, store=store)
    send_refunds()
    with after(400):
        forget_photos()
    assert left() == 0


def test_they_outlive_the_days_in_which_the_platform_can_be_asked(asked, bob, settings):
    settings.KEEP_REFUND_PHOTOS = 1
    refuse(asked, bob)
    with after(13):
        forget_photos()
    assert left() == 2
    with after(15):
        forget_photos()
    assert left() == 0


def test_nothing_is_said_where_there_were_none_and_nothing_goes_with_0(asked, bob, settings):
    settings.KEEP_REFUND_PHOTOS = settings.KEEP_HIDDEN_PHOTOS = 0
    refuse(asked, bob)
    with after(4000):
        forget_photos()
    assert left() == 2
    settings.KEEP_REFUND_PHOTOS = 180
    RefundPhoto.objects.all().delete()
    with after(4000):
        forget_photos()
    asked.refresh_from_db()
    assert asked.photos_gone_at is None


@pytest.mark.parametrize("guarded", [True, False])
def test_what_moved_since_it_was_found_keeps_them(asked, bob, monkeypatch, guarded):
    """The negative control: without the guard in the write they would be gone."""
    refuse(asked, bob)
    now = timezone.now() + timedelta(days=181)
    found = refund_photo._over(now)
    if not guarded:
        monkeypatch.setattr(refund_photo, "_over", lambda _now: Refund.objects.filter(pk=asked.pk))
    assert found.filter(pk=asked.pk).exists()
    last = asked.steps.last()
    asked.steps.filter(pk=last.pk).update(at=now)  # something happens in between
    assert refund_photo._forget(asked.pk, now) is not guarded
    assert left() == (2 if guarded else 0)


def test_a_killed_sweep_is_taken_up_again(asked, bob, monkeypatch):
    """Killed after the first file: the rows still name both."""
    refuse(asked, bob)
    storage = RefundPhoto._meta.get_field("image").storage
    delete, calls = type(storage).delete, []

    def die(self, name):
        calls.append(name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        delete(self, name)

    with after(181):
        monkeypatch.setattr(type(storage), "delete", die)
        with pytest.raises(KeyboardInterrupt):
            forget_photos()
        assert left() == 2
        asked.refresh_from_db()
        assert asked.photos_gone_at is None
        monkeypatch.setattr(type(storage), "delete", delete)
        forget_photos()
    assert left() == 0
    assert not any(storage.exists(name) for name in calls)


# --- hidden reviews -----------------------------------------------------------------------------


@pytest.fixture
def review(came, picture) -> Review:
    """Three stars and a photo."""
    file, size = picture()
    found = write_review(
        line=came.lines.get(),
        device=uuid.UUID(str(came.device)),
        stars=3,
        text="ok",
        uploads=[Upload(file, size)],
    )
    develop_review_photos()
    return found


def test_the_photos_of_a_hidden_review_go_and_its_author_reads_it(review, carol, client):
    hide_review(review=review, reason=HideReason.PRIVATE, by=carol)
    files = [review.photos.get().image, review.photos.get().thumb]
    with after(179):
        forget_photos()
        assert review.photos.count() == 1
    with after(181):
        forget_photos()
        day = timezone.localdate()
    assert not ReviewPhoto.whole.exists()
    assert not any(one.storage.exists(one.name) for one in files)
    at = reverse("track:review", args=[review.line.order.number, review.line_id])
    assert f"The photos were removed on {day:%Y-%m-%d}." in client.get(at).text


def test_one_that_shows_or_shows_again_keeps_them(review, carol):
    with after(400):
        forget_photos()
    hide_review(review=review, reason=HideReason.PRIVATE, by=carol)
    with after(170):
        show_review(review=review, by=carol)
    with after(400):
        forget_photos()
    assert review.photos.count() == 1


def test_what_she_adds_to_a_hidden_one_is_kept_as_long_again(review, carol, picture):
    hide_review(review=review, reason=HideReason.PRIVATE, by=carol)
    file, size = picture()
    with after(100):
        device = review.line.order.device
        add_photos(review=review, device=device, uploads=[Upload(file, size)])
        develop_review_photos()
    with after(181):
        forget_photos()
        assert review.photos.count() == 1
    with after(281):
        forget_photos()
    assert not review.photos.exists()


def test_one_that_got_new_photos_does_not_say_that_they_were_removed(
    review, carol, picture, client
):
    hide_review(review=review, reason=HideReason.PRIVATE, by=carol)
    with after(181):
        forget_photos()
        show_review(review=review, by=carol)
        file, size = picture()
        device = review.line.order.device
        add_photos(review=review, device=device, uploads=[Upload(file, size)])
        develop_review_photos()
    at = reverse("track:review", args=[review.line.order.number, review.line_id])
    page = client.get(at).text
    assert review.photos.get().thumb.url in page
    assert "The photos were removed" not in page


def test_a_file_that_cannot_be_removed_keeps_no_others(asked, review, bob, carol):
    refuse(asked, bob)
    hide_review(review=review, reason=HideReason.PRIVATE, by=carol)
    stuck = Path(asked.photos.all()[0].image.path)
    stuck.unlink()
    (stuck / "within").mkdir(parents=True)
    with after(181):
        forget_photos()
        assert left() == 2
        assert not ReviewPhoto.whole.exists()
        shutil.rmtree(stuck)
        forget_photos()
    assert left() == 0
