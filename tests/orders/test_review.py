"""What buyers say: who may, when and how often; the shop's reply; reports, hiding, the score."""

from __future__ import annotations

import io
import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from merchants.errors import StaleVersion
from merchants.models import Notification
from merchants.selectors.invariant import offenders
from merchants.services.photo import Upload
from orders.errors import (
    AlreadyReviewed,
    NotArrived,
    NothingSaid,
    NotYourReview,
    TooEarly,
    TooManyPhotos,
)
from orders.models import Line, Order, Review, ReviewPhoto, ReviewStep
from orders.payments import sandbox
from orders.rules.refund import RefundKind
from orders.rules.review import MOST_TEXT, HideReason, masked_name, may_follow, tidy
from orders.selectors.invariant import INVARIANTS
from orders.selectors.review import score_of
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.refund import approve_refund, request_refund
from orders.services.refund import take_back as take_back_refund
from orders.services.review import (
    add_photos,
    follow_up,
    hide_review,
    reply_to,
    report_review,
    show_review,
    write_review,
)
from orders.services.review_photo import develop_photo, forget_refused
from orders.services.shipment import confirm_delivery, ship_order
from orders.tasks import develop_review_photos, send_refunds
from tests.conftest import DAN


@pytest.fixture
def buyer(client):
    """A phone that speaks English, with the device of `device`."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def device(buyer) -> uuid.UUID:
    session = buyer.session
    session["device"] = str(uuid.uuid4())
    session.save()
    return uuid.UUID(session["device"])


@pytest.fixture
def buy(shop, dan, variant, device):
    """Buy tea on this phone; `arrived` says whether it has come."""

    def buy(arrived: bool = True, pieces: int = 1) -> Line:
        order = place_order(
            merchant=shop,
            customer=dan,
            basket={variant.pk: pieces},
            contact=DAN,
            language="en",
            device=device,
        )
        sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
        if arrived:
            deliver(order)
        return order.lines.get()

    return buy


def deliver(order: Order) -> None:
    order.refresh_from_db()
    ship_order(order=order, carrier="sf", tracking_number="SF123456", by=None)
    confirm_delivery(order=order, by=None)


@pytest.fixture
def review(buy, device) -> Review:
    return write_review(line=buy(), device=device, stars=4, text="香，第三泡还有味")


def age(review: Review, **time) -> None:
    Review.objects.filter(pk=review.pk).update(written_at=timezone.now() - timedelta(**time))
    review.refresh_from_db()


def address(name: str, line: Line) -> str:
    return reverse(f"track:{name}", args=[line.order.number, line.pk])


def of_product(product) -> str:
    return reverse("track:reviews", args=[product.merchant.slug, product.public_id])


def page(client, url: str, **headers) -> str:
    return client.get(url, headers=headers).content.decode()


def sound() -> None:
    assert [str(one) for one in offenders(INVARIANTS, timezone.now())] == []


def test_a_name_shows_its_first_letter_and_no_more():
    assert [masked_name(name) for name in ("沈梅", " Shen Mei", "")] == ["沈**", "S**", "***"]


def test_text_loses_what_nobody_sees_and_is_bounded():
    assert tidy("  香\u202e\r\n第二行\x00 ") == "香\n第二行"
    assert len(tidy("x" * 900)) == MOST_TEXT


def test_goods_are_used_after_a_day():
    now = timezone.now()
    assert not may_follow(now - timedelta(hours=23), now)
    assert may_follow(now - timedelta(hours=24), now)


def test_who_got_it_writes_once(buy, device):
    line = buy()
    written = write_review(line=line, device=device, stars=5, text="好茶")
    assert (written.product, written.merchant) == (line.variant.product, line.order.merchant)
    with pytest.raises(AlreadyReviewed):
        write_review(line=line, device=device, stars=1, text="again")
    assert Review.objects.get().stars == 5
    assert Notification.objects.filter(kind="review").count() == 1
    sound()


def test_nobody_writes_before_it_has_arrived(buy, device):
    line = buy(arrived=False)
    with pytest.raises(NotArrived):
        write_review(line=line, device=device, stars=5, text="")
    line.order.refresh_from_db()
    ship_order(order=line.order, carrier="sf", tracking_number="SF123456", by=None)
    with pytest.raises(NotArrived):
        write_review(line=line, device=device, stars=5, text="")
    line.state = "delivered"  # what somebody holds in memory proves nothing
    with pytest.raises(NotArrived):
        write_review(line=line, device=device, stars=5, text="")
    assert not Review.objects.exists()


def test_another_device_cannot_write(buy, device):
    line = buy()
    with pytest.raises(NotYourReview):
        write_review(line=line, device=uuid.uuid4(), stars=1, text="forged")
    Order.objects.update(device=None)
    with pytest.raises(NotYourReview):
        write_review(line=line, device=device, stars=1, text="of no device")


@pytest.mark.parametrize(("pieces", "may"), [(2, False), (1, True)])
def test_what_went_back_whole_is_not_reviewed(buy, device, bob, store, pieces, may):
    line = buy(pieces=2)
    kind = RefundKind.RETURN
    refund = request_refund(order=line.order, pieces={line.pk: pieces}, kind=kind)
    approve_refund(refund=refund, version=1, by=bob)
    refund.refresh_from_db()
    take_back_refund(refund=refund, version=refund.version, by=bob, store=store)
    send_refunds()
    if may:
        write_review(line=line, device=device, stars=2, text="")
    else:
        with pytest.raises(NotArrived):
            write_review(line=line, device=device, stars=2, text="")


def test_one_word_more_after_use_and_only_one(review, device):
    with pytest.raises(TooEarly):
        follow_up(review=review, device=device, text="still good")
    age(review, days=2)
    with pytest.raises(NotYourReview):
        follow_up(review=review, device=uuid.uuid4(), text="forged")
    with pytest.raises(NothingSaid):
        follow_up(review=review, device=device, text=" \u200b ")
    follow_up(review=review, device=device, text="still good")
    with pytest.raises(AlreadyReviewed):
        follow_up(review=review, device=device, text="twice")
    review.refresh_from_db()
    assert review.follow_up == "still good"
    sound()


def test_a_reply_can_be_changed_but_not_a_colleagues_overwritten(review, bob, carol):
    reply_to(review=review, version=0, text="谢谢", by=bob)
    with pytest.raises(StaleVersion):
        reply_to(review=review, version=0, text="thanks", by=carol)
    reply_to(review=review, version=1, text="谢谢你", by=carol)
    review.refresh_from_db()
    assert (review.reply, review.replied_by) == ("谢谢你", carol)


def test_a_device_reports_once(review):
    reader = uuid.uuid4()
    for reason in (HideReason.INSULT, HideReason.PRIVATE):
        report_review(review=review, device=reader, reason=reason)
    report_review(review=review, device=uuid.uuid4(), reason=HideReason.INSULT)
    assert [one.reason for one in review.reports.all()] == ["insult", "insult"]


def test_hiding_is_recorded_and_does_not_better_the_score(review, carol):
    before = score_of(review.product)
    for reason in (HideReason.PRIVATE, HideReason.INSULT):
        hide_review(review=review, reason=reason, by=carol)
    after = score_of(review.product)
    assert (after.average, after.count, after.hidden) == (before.average, 1, 1)
    step = ReviewStep.objects.get()
    assert (step.state, step.reason, step.by) == ("hidden", "private", carol)
    sound()
    for _again in range(2):
        show_review(review=review, by=carol)
    assert review.hidden_for == ""
    assert [one.state for one in review.steps.all()] == ["hidden", "shown"]
    sound()


def test_the_photos_of_a_hidden_review_leave_their_addresses(
    buy, device, picture, carol, django_capture_on_commit_callbacks
):
    file, size = picture()
    shot = Upload(file, size)
    written = write_review(line=buy(), device=device, stars=5, text="", uploads=[shot])
    develop_review_photos()
    old = written.photos.get()
    with django_capture_on_commit_callbacks(execute=True):
        hide_review(review=written, reason=HideReason.PRIVATE, by=carol)
    new = written.photos.get()
    assert new.image.name != old.image.name
    assert not old.image.storage.exists(old.image.name)
    assert not old.thumb.storage.exists(old.thumb.name)
    assert new.image.storage.exists(new.image.name)


def test_six_photos_and_no_more(review, device, picture):
    file, size = picture(800, 600, "HEIF")
    shot = Upload(file, size)
    add_photos(review=review, device=device, uploads=[shot] * 5)
    with pytest.raises(TooManyPhotos):
        add_photos(review=review, device=device, uploads=[shot] * 2)
    with pytest.raises(NotYourReview):
        add_photos(review=review, device=uuid.uuid4(), uploads=[shot])
    develop_review_photos()
    assert review.photos.count() == 5


def test_a_photo_is_developed_by_a_worker_and_only_then_shown(review, device, picture):
    file, size = picture(3000, 2000)
    add_photos(review=review, device=device, uploads=[Upload(file, size)])
    photo = ReviewPhoto.whole.get()
    assert (photo.state, review.photos.count()) == ("waiting", 0)
    assert "private" in Path(photo.original.path).parts
    sound()
    original = photo.original.path
    with TestCase.captureOnCommitCallbacks(execute=True):
        develop_review_photos()
    photo = review.photos.get()
    assert (photo.image.width, photo.image.height) == (1600, 1067)
    assert not Path(original).exists()
    sound()


def test_what_is_no_picture_after_all_is_said_to_its_author_and_counts_not(
    buy, buyer, device, picture
):
    line = buy()
    file, _size = picture()
    body = file.read()[:-40]  # its header is right, and the rest is missing
    cut = Upload(io.BytesIO(body), len(body))
    cut.check()
    write_review(line=line, device=device, stars=5, text="look", uploads=[cut] * 6)
    body = page(buyer, address("review", line))
    assert "photos are being prepared" in body
    assert "every 2s" in body
    ReviewPhoto.whole.update(attempts=9)  # as if each had ended its worker
    develop_review_photos()
    body = page(buyer, address("review", line))
    assert "6 photos could not be read" in body
    assert "every 2s" not in body
    assert 'type="file"' in body  # there is room for six again
    sound()
    forget_refused(timezone.now() + timedelta(days=2))
    assert not ReviewPhoto.whole.exists()


def test_of_two_workers_one_develops_it_and_a_killed_one_is_followed(review, device, picture):
    file, size = picture()
    add_photos(review=review, device=device, uploads=[Upload(file, size)])
    pk = ReviewPhoto.whole.get().pk
    ReviewPhoto.whole.update(leased_until=timezone.now() + timedelta(seconds=30))
    assert not develop_photo(pk)
    ReviewPhoto.whole.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert develop_photo(pk)
    assert not develop_photo(pk)


# --- pages ----------------------------------------------------------------------------------------


def test_her_order_leads_to_the_form_and_later_to_what_she_wrote(buy, buyer):
    line = buy(arrived=False)
    order = reverse("track:order", args=[line.order.number])
    assert address("review", line) not in page(buyer, order)
    assert buyer.get(address("review", line)).status_code == 302
    deliver(line.order)
    assert "Write a review" in page(buyer, order)
    answer = buyer.post(address("review", line), {"stars": 5, "text": "lovely"}, follow=True)
    assert "lovely" in answer.content.decode()
    assert "Your review" in page(buyer, order)


def test_the_same_form_again_is_one_review(buy, buyer):
    line = buy()
    form = {"stars": 3, "text": "fine", "form_key": "k1"}
    for _twice in range(2):
        assert buyer.post(address("review", line), form).status_code in {200, 302}
    assert Review.objects.count() == 1


def test_what_is_typed_comes_back_beside_what_is_wrong(buy, buyer, picture):
    line = buy()
    file, _size = picture()
    file.name = "cup.jpg"
    answer = buyer.post(address("review", line), {"text": "no stars yet", "file": file})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "no stars yet" in body
    assert "Choose one to five stars." in body
    assert "Choose the photos once more." in body
    long = buyer.post(address("review", line), {"stars": 5, "text": "y" * 501})
    assert "you have written 501" in long.content.decode()
    assert "y" * 501 in long.content.decode()
    for stars in (0, 6, "x"):
        assert buyer.post(address("review", line), {"stars": stars}).status_code == 422
    assert not Review.objects.exists()


def test_five_hundred_letters_in_lines_are_five_hundred(buy, buyer):
    line = buy()
    text = "x" * 249 + "\r\n" + "y" * 250
    assert buyer.post(address("review", line), {"stars": 5, "text": text}).status_code == 302
    assert Review.objects.get().text == text.replace("\r\n", "\n")


def test_good_photos_are_kept_and_the_others_named(buy, buyer, picture):
    line = buy()
    good, _size = picture()
    good.name = "good.jpg"
    bad = io.BytesIO(b"%PDF-1.7")
    bad.name = "bad.pdf"
    form = {"stars": 5, "text": "", "file": [good, bad]}
    body = buyer.post(address("review", line), form, follow=True).content.decode()
    assert "bad.pdf" in body
    assert ReviewPhoto.whole.count() == 1
    again, _size = picture()
    again.name = "again.jpg"
    buyer.post(address("review_photos", line), {"file": again})
    assert ReviewPhoto.whole.count() == 2


def test_photos_that_are_sent_twice_are_added_once(buy, buyer, picture):
    line = buy()
    buyer.post(address("review", line), {"stars": 5, "text": "lovely"})
    key = re.search(r'name="form_key" value="([^"]+)"', page(buyer, address("review", line)))
    assert key
    for _tap in range(2):
        photo, _size = picture()
        photo.name = "photo.jpg"
        buyer.post(address("review_photos", line), {"file": photo, "form_key": key[1]})
    assert ReviewPhoto.whole.count() == 1


def test_who_reports_what_is_no_longer_sold_ends_in_the_shop(client, review):
    review.product.state = "draft"
    review.product.save()
    url = reverse("track:review_report", args=[review.public_id])
    answer = client.post(url, {"reason": "insult"}, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == reverse("shop:front", args=[review.merchant.slug])


def test_a_stranger_with_the_number_cannot_write_or_add(buy, buyer, client, review):
    stranger = type(client)()
    line = buy()
    assert stranger.post(address("review", line), {"stars": 1}).status_code == 302
    age(review, days=2)
    stranger.post(address("review_follow", review.line), {"text": "forged"})
    review.refresh_from_db()
    assert Review.objects.count() == 1
    assert review.follow_up == ""


def test_the_follow_up_form_comes_the_next_day(review, buyer):
    mine = address("review", review.line)
    follow = address("review_follow", review.line)
    assert follow not in page(buyer, mine)
    early = buyer.post(follow, {"text": "written too soon"})
    assert early.status_code == 409
    assert "written too soon" in early.content.decode()
    age(review, days=1)
    assert follow in page(buyer, mine)
    buyer.post(follow, {"text": "still fresh"})
    assert "still fresh" in page(buyer, of_product(review.product))


def test_the_product_shows_the_score_and_the_newest_first(buy, buyer, device):
    lines = [buy() for _order in range(2)]
    for line, stars in zip(lines, (5, 2), strict=True):
        write_review(line=line, device=device, stars=stars, text=f"stars: {stars}")
    product = lines[0].variant.product
    shop_page = reverse("shop:product", args=["tea", product.public_id])
    assert of_product(product) in page(buyer, shop_page)
    body = page(buyer, of_product(product), hx_request="true")
    assert "3.5" in body
    assert body.index("stars: 2") < body.index("stars: 5")
    assert "沈**" in body
    assert "沈梅" not in body
    assert "<html" not in body


def test_hidden_words_are_read_by_her_the_shop_and_the_platform_only(
    review, buyer, as_alice, carol, admin_client
):
    hide_review(review=review, reason=HideReason.ADVERTISING, by=carol)
    everybody = page(buyer, of_product(review.product))
    assert "第三泡" not in everybody
    assert "Advertises something else" in everybody
    hers = page(buyer, address("review", review.line))
    assert "第三泡" in hers
    assert "Advertises something else" in hers
    assert "第三泡" in page(as_alice, reverse("orders:reviews", args=["tea"]))
    assert "第三泡" in page(admin_client, reverse("admin:orders_review_change", args=[review.pk]))
    report = reverse("track:review_report", args=[review.public_id])
    assert buyer.get(report).status_code == 404


def test_a_list_costs_the_same_queries_for_any_number(buy, buyer, device, picture):
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(buyer, of_product(product), hx_request="true")
        return len(queries)

    file, size = picture()
    shot = Upload(file, size)
    product = write_review(line=buy(), device=device, stars=5, text="", uploads=[shot]).product
    develop_review_photos()
    counted()  # the session comes to know this browser
    alone = counted()
    for _more in range(4):
        write_review(line=buy(), device=device, stars=4, text="more", uploads=[shot, shot])
    develop_review_photos()
    assert counted() == alone


def test_a_second_page_is_reached(review, buyer, monkeypatch, buy, device):
    monkeypatch.setattr("orders.selectors.review.PAGE", 1)
    write_review(line=buy(), device=device, stars=5, text="the newer")
    url = of_product(review.product)
    assert "?page=2" in page(buyer, url)
    assert "第三泡" not in page(buyer, url)
    assert "第三泡" in page(buyer, f"{url}?page=2")


def test_a_reader_reports_and_managers_see_it(review, buyer, as_bob, as_alice):
    url = reverse("track:review_report", args=[review.public_id])
    assert buyer.post(url, {"reason": "dislike"}).status_code == 422
    for _twice in range(2):
        assert buyer.post(url, {"reason": "insult"}).status_code == 302
    inbox = reverse("orders:reviews", args=["tea"])
    for client in (as_bob, as_alice):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert "Reported by 1 reader" in page(as_alice, f"{inbox}?tab=reported")
    assert "Reported by" not in page(as_bob, f"{inbox}?tab=reported")


def test_a_clerk_replies_and_only_a_manager_hides(review, as_bob, as_alice):
    key = ["tea", review.public_id]
    hide, reply = reverse("orders:review_hide", args=key), reverse("orders:review_reply", args=key)
    assert as_bob.post(hide, {"reason": "insult"}).status_code == 403
    assert as_bob.post(reply, {"version": 0, "text": "谢谢你"}).status_code == 302
    # A colleague was faster, so it has left the tab in which he answered.
    stale = as_bob.post(reply, {"version": 0, "text": "写了很久的回复", "tab": "open"})
    assert stale.status_code == 409
    assert "写了很久的回复" in stale.content.decode()
    as_alice.post(hide, {"reason": "it is bad"})
    review.refresh_from_db()
    assert (review.reply, review.hidden_for) == ("谢谢你", "")
    as_alice.post(hide, {"reason": "insult"})
    review.refresh_from_db()
    assert review.hidden_for == "insult"
    as_alice.post(reverse("orders:review_show", args=key))
    review.refresh_from_db()
    assert review.hidden_for == ""


def test_the_inbox_costs_the_same_queries_for_any_number(review, buy, device, as_alice):
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(as_alice, reverse("orders:reviews", args=["tea"]))
        return len(queries)

    report_review(review=review, device=uuid.uuid4(), reason=HideReason.INSULT)
    counted()
    alone = counted()
    for _more in range(4):
        write_review(line=buy(), device=device, stars=4, text="more")
    assert counted() == alone
