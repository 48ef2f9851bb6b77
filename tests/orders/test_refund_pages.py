"""Asking for money back and answering, on the pages."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from livestream import broadcast
from merchants.models import User, Variant
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock
from orders.models import Order, Payment, Refund, RefundPhoto
from orders.payments import sandbox
from orders.rules.number import spoken
from orders.rules.refund import RefundKind, RefundState
from orders.services.dispute import open_dispute
from orders.services.order import place_order
from orders.services.payment import open_payment, settle_payment
from orders.services.refund import approve_refund, refuse_refund, request_refund
from orders.services.shipment import hand_over, make_ready, ship_order
from orders.tasks import send_refunds
from tests.conftest import DAN


@pytest.fixture(autouse=True)
def _in_english(client, as_alice, as_bob):
    for one in (client, as_alice, as_bob):
        one.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def mine(client, paid) -> Order:
    """Two pieces, paid for on this very browser."""
    client.get(reverse("track:mine"))
    Order.objects.filter(pk=paid.pk).update(device=client.session["device"])
    paid.refresh_from_db()
    return paid


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def asked(order: Order, count: int = 1, **more: str) -> dict[str, str]:
    line = order.lines.get()
    form = {
        f"line-{line.pk}": str(count),
        "reason": "wrong",
        "words": "Wrong size",
        "form_key": "k1",
    }
    return form | more


def ask(client, order: Order, **more) -> Refund:
    client.post(reverse("track:refund_ask", args=[order.number]), asked(order, **more))
    return Refund.objects.get()


def staff_url(name: str, refund: Refund) -> str:
    order = refund.order
    return reverse(f"orders:{name}", args=[order.merchant.slug, order.number, refund.public_id])


def test_she_asks_the_shop_agrees_and_the_money_goes(client, as_alice, mine):
    page = client.get(reverse("track:order", args=[mine.number])).text
    assert "I want my money back" in page
    refund = ask(client, mine)
    assert refund.words == "Wrong size"
    page = words(client.get(reverse("track:order", args=[mine.number])).text)
    assert "Without an answer it is agreed by itself" in page

    detail = reverse("orders:order_detail", args=[mine.merchant.slug, mine.number])
    page = words(as_alice.get(detail).text)
    assert "Wrong size" in page
    assert "Do not send it yet" in page
    assert "Ordered the wrong thing" in page
    as_alice.post(staff_url("refund_ok", refund), {"version": refund.version})
    send_refunds()
    refund.refresh_from_db()
    assert refund.state == RefundState.REFUNDED
    assert "The money went back" in client.get(reverse("track:order", args=[mine.number])).text
    page = words(as_alice.get(detail).text)
    assert "Ship it" in page  # the other piece is still wanted


def test_the_same_form_twice_is_one_refund(client, mine):
    for _press in range(2):
        client.post(reverse("track:refund_ask", args=[mine.number]), asked(mine))
    assert Refund.objects.count() == 1


def test_another_browser_cannot_ask_or_withdraw(client, mine):
    refund = ask(client, mine)
    stranger = type(client)()
    stranger.post(reverse("track:refund_ask", args=[mine.number]), asked(mine, form_key="k2"))
    url = reverse("track:refund_withdraw", args=[mine.number, refund.public_id])
    stranger.post(url, {"version": refund.version})
    refund.refresh_from_db()
    assert refund.state == RefundState.REQUESTED
    assert Refund.objects.count() == 1
    client.post(url, {"version": refund.version})
    refund.refresh_from_db()
    assert refund.state == RefundState.WITHDRAWN


@pytest.mark.parametrize("count", ["-1", "0", "1.5", "3", "2147483648", "many", ""])
def test_a_bad_number_is_said_at_its_field_and_nothing_typed_is_lost(client, mine, count):
    answer = client.post(
        reverse("track:refund_ask", args=[mine.number]), asked(mine, count=count, words="Keep me")
    )
    assert answer.status_code == 422
    assert "Keep me" in answer.text
    assert not Refund.objects.exists()


def test_a_full_width_number_is_a_number(client, mine):
    assert ask(client, mine, count="２").pieces.get().quantity == 2


def test_a_refusal_needs_its_reason_and_the_buyer_reads_it(client, as_alice, mine):
    refund = ask(client, mine)
    as_alice.post(staff_url("refund_no", refund), {"version": refund.version, "words": " "})
    refund.refresh_from_db()
    assert refund.state == RefundState.REQUESTED
    facts = {"version": refund.version, "words": "It was opened"}
    as_alice.post(staff_url("refund_no", refund), facts)
    assert "It was opened" in client.get(reverse("track:order", args=[mine.number])).text


def test_an_answer_on_an_old_page_changes_nothing_and_says_so(client, as_alice, mine):
    refund = ask(client, mine)
    url = reverse("track:refund_withdraw", args=[mine.number, refund.public_id])
    client.post(url, {"version": refund.version})
    answer = as_alice.post(staff_url("refund_ok", refund), {"version": 1}, follow=True)
    assert "This refund is “Withdrawn”" in words(answer.text)
    assert Payment.objects.get().paid_back == 0


def test_goods_are_sent_back_and_received(client, as_alice, as_bob, mine, alice, store):
    ship_order(order=mine, carrier="sf", tracking_number="SF123456", by=alice)
    refund = ask(client, mine, kind="return")
    approve_refund(refund=refund, version=refund.version, by=alice)
    page = words(client.get(reverse("track:order", args=[mine.number])).text)
    assert "I have sent it" in page
    assert "Or bring it to" not in page
    refund.refresh_from_db()
    url = reverse("track:refund_sent", args=[mine.number, refund.public_id])
    parcel = {"version": refund.version, "carrier": "zto", "tracking_number": "??"}
    assert "6 to 32" in client.post(url, parcel, follow=True).text
    client.post(url, parcel | {"tracking_number": "ZT7654321"})
    detail = reverse("orders:order_detail", args=[mine.merchant.slug, mine.number])
    assert "ZT7654321" in as_bob.get(detail).text
    refund.refresh_from_db()
    back = {"version": refund.version, "store": store.pk}
    as_bob.post(staff_url("refund_back", refund), back)
    refund.refresh_from_db()
    assert refund.state == RefundState.RETURNED


def test_what_was_collected_at_a_store_may_be_brought_there(
    client, as_bob, shop, dan, variant, store, alice
):
    client.get(reverse("track:mine"))
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=replace(DAN, store=store),
        language="en",
        device=client.session["device"],
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    make_ready(order=order, by=alice)
    hand_over(order=order, code=order.pickup_code, by=alice)
    refund = ask(client, order, kind="return")
    approve_refund(refund=refund, version=refund.version, by=alice)
    bring = f"Or bring it to {store.name}: then there is no number to write down."
    assert bring in words(client.get(reverse("track:order", args=[order.number])).text)
    refund.refresh_from_db()
    back = {"version": refund.version, "store": store.pk}
    as_bob.post(staff_url("refund_back", refund), back)
    refund.refresh_from_db()
    assert (refund.state, refund.tracking_number) == (RefundState.RETURNED, "")


def test_the_shop_gives_part_of_it_of_its_own_accord(as_alice, mine, alice):
    ship_order(order=mine, carrier="sf", tracking_number="SF123456", by=alice)
    line = mine.lines.get()
    url = reverse("orders:refund_give", args=[mine.merchant.slug, mine.number])
    assert as_alice.get(url).status_code == 200
    form = {
        f"line-{line.pk}": "1",
        "amount": "99999",
        "words": "Sorry",
        "form_key": "k",
    }
    answer = as_alice.post(url, form)
    assert answer.status_code == 422
    assert "more than was paid" in answer.text
    assert "99999" in answer.text
    as_alice.post(url, form | {"amount": "12.50"})
    assert Refund.objects.get().amount == 1250


def test_refunds_have_a_tab_of_their_own(client, as_alice, mine, shop):
    listed = reverse("orders:order_list", args=[shop.slug]) + "?tab=refunds"
    assert spoken(mine.number) not in as_alice.get(listed).text
    ask(client, mine)
    assert spoken(mine.number) in as_alice.get(listed).text


def test_words_are_never_read_as_html(client, as_alice, mine):
    evil = "<script>alert(1)</script>"
    refund = ask(client, mine, words=evil)
    detail = reverse("orders:order_detail", args=[mine.merchant.slug, mine.number])
    assert evil not in as_alice.get(detail).text
    facts = {"version": refund.version, "words": evil}
    as_alice.post(staff_url("refund_no", refund), facts)
    assert evil not in client.get(reverse("track:order", args=[mine.number])).text


def test_a_page_costs_no_more_with_many_refunds(as_alice, mine, alice):
    detail = reverse("orders:order_detail", args=[mine.merchant.slug, mine.number])
    line = mine.lines.get()

    def ask_and_refuse(times: int) -> int:
        for _time in range(times):
            refund = request_refund(order=mine, pieces={line.pk: 1}, kind=RefundKind.MONEY)
            refuse_refund(refund=refund, version=refund.version, by=alice, words="no")
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(detail)
        return len(queries)

    assert ask_and_refuse(1) == ask_and_refuse(3)


def test_what_came_twice_is_shown_to_both(client, as_alice, mine):
    payment = mine.payments.get()
    facts = {"amount": payment.amount, "currency": payment.currency}
    settle_payment(payment=payment, transaction_id="again", **facts)
    for page in (
        client.get(reverse("track:order", args=[mine.number])),
        as_alice.get(reverse("orders:order_detail", args=[mine.merchant.slug, mine.number])),
    ):
        assert "came twice, or too late" in words(page.text)


def test_a_card_asks_for_itself_but_not_while_she_writes_in_it(client, mine, alice):
    ship_order(order=mine, carrier="sf", tracking_number="SF123456", by=alice)
    refund = ask(client, mine, kind="return")
    part = reverse("track:order", args=[mine.number]) + "?part=refunds"
    assert "every 5s" in client.get(part).text
    approve_refund(refund=refund, version=refund.version, by=alice)
    assert "every 5s" not in client.get(part).text


def test_a_stranger_reads_neither_answer_nor_parcel(client, as_alice, mine):
    refund = ask(client, mine)
    facts = {"version": refund.version, "words": "Between us"}
    as_alice.post(staff_url("refund_no", refund), facts)
    page = type(client)().get(reverse("track:order", args=[mine.number])).text
    assert "Between us" not in page


def test_what_was_never_paid_is_not_asked_back(client, order):
    client.get(reverse("track:mine"))
    Order.objects.filter(pk=order.pk).update(device=client.session["device"])
    answer = client.get(reverse("track:refund_ask", args=[order.number]), follow=True)
    assert "Nothing was paid for this order" in answer.text


def test_open_pages_hear_of_a_refund_and_of_no_new_payment(
    client, as_alice, mine, monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr(broadcast, "tell_merchant", lambda merchant, event: told.append(event))
    refund = ask(client, mine)
    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post(staff_url("refund_ok", refund), {"version": refund.version})
    orders = {event["type"] for event in told if event["type"].startswith("order.")}
    assert orders == {"order.moved"}


def page(client, name: str, *args: object) -> str:
    url = reverse(name, args=args) if args else name
    return words(client.get(url).text)


def test_she_asks_for_another_size_and_gets_it(client, as_alice, mine, alice, store, shop):
    ship_order(order=mine, carrier="sf", tracking_number="SF123456", by=alice)
    line = mine.lines.get()
    product = line.variant.product
    other, dearer = (
        Variant.objects.create(
            merchant=shop, product=product, name=name, sku=name, price=line.variant.price + more
        )
        for name, more in (("Large", 0), ("Gold", 1))
    )
    asking = client.get(reverse("track:refund_ask", args=[mine.number])).text
    assert "Large (sold out)" in asking
    change_stock(variant=other, store=store, delta=1, reason=Reason.RECEIVED, by=None)
    url = reverse("track:refund_ask", args=[mine.number])
    asking = client.get(url).text
    assert re.search(r'<option value="\d+" disabled>Gold \(costs more\)</option>', asking)
    missing = client.post(url, asked(mine, kind="exchange"))
    assert missing.status_code == 422
    assert "Choose which one you want instead" in missing.text
    wrong = client.post(url, asked(mine, kind="exchange", **{f"for-{line.pk}": str(dearer.pk)}))
    assert wrong.status_code == 422
    assert "That one costs more" in words(wrong.text)
    refund = ask(client, mine, kind="exchange", **{f"for-{line.pk}": str(other.pk)})
    assert "Large" in page(client, "track:order", mine.number)
    detail = ("orders:order_detail", shop.slug, mine.number)
    assert "1 in stock" in page(as_alice, *detail)
    as_alice.post(staff_url("refund_ok", refund), {"version": refund.version})
    assert "put aside" in page(as_alice, *detail)
    refund.refresh_from_db()
    facts = {"version": refund.version, "store": store.pk}
    answer = as_alice.post(staff_url("refund_back", refund), facts)
    refund.refresh_from_db()
    assert refund.replacement is not None
    number = refund.replacement.number
    assert answer.url == reverse("orders:order_detail", args=[shop.slug, number])
    assert "In exchange for goods that came back" in page(as_alice, answer.url)
    assert "Ship it" in page(as_alice, answer.url)
    assert number in client.get(reverse("track:order", args=[mine.number])).text
    hers = page(client, "track:order", number)
    assert "the shop is packing this one" in hers
    assert "In exchange for goods that you sent back" in hers
    assert spoken(number) in as_alice.get(reverse("orders:order_list", args=[shop.slug])).text
    assert other.sku in as_alice.get(reverse("orders:order_picks", args=[shop.slug])).text


def test_the_shop_gives_money_instead_of_what_it_has_no_more(client, as_alice, mine, alice):
    ship_order(order=mine, carrier="sf", tracking_number="SF123456", by=alice)
    line = mine.lines.get()
    refund = ask(client, mine, kind="exchange", **{f"for-{line.pk}": str(line.variant_id)})
    as_alice.post(staff_url("refund_ok", refund), {"version": refund.version, "money": "1"})
    refund.refresh_from_db()
    assert (refund.kind, refund.state) == (RefundKind.RETURN, RefundState.AWAITING)


def files_of(*bodies: bytes) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(f"{place}.jpg", body) for place, body in enumerate(bodies)]


def proofs(client, refund: Refund) -> list[str]:
    return re.findall(
        rf'<img src="([^"]*/refunds/{refund.public_id}/photos/\w+/)"',
        client.get(reverse("track:order", args=[refund.order.number])).text,
    )


def test_photos_are_for_her_and_the_shop_and_for_nobody_else(
    client, as_alice, as_bob, mine, picture, mallory
):
    photo = picture(3000, 2000)[0].read()
    refund = ask(client, mine, file=files_of(photo, photo))
    pictures = proofs(client, refund)
    assert len(pictures) == 2
    answer = client.get(pictures[0])
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == "private, no-store"
    shown = Image.open(io.BytesIO(answer.content))
    assert shown.size == (1600, 1067)
    assert not shown.getexif()
    stranger = type(client)()
    assert proofs(stranger, refund) == []
    assert stranger.get(pictures[0]).status_code == 404
    detail = reverse("orders:order_detail", args=[mine.merchant.slug, mine.number])
    of_shop = re.search(r'<img src="(/dashboard/[^"]*/photos/\w+/)"', as_bob.get(detail).text)
    assert of_shop is not None
    assert as_bob.get(of_shop[1]).status_code == 200
    stranger.force_login(mallory)
    assert stranger.get(of_shop[1]).status_code == 404
    kept = Path(RefundPhoto.objects.first().image.path)
    assert "private" in kept.parts
    assert settings.MEDIA_ROOT not in kept.parents


def test_the_platform_sees_them_once_it_was_asked(client, mine, picture, alice, settings):
    settings.ADMIN_REQUIRES_MFA = False
    refund = ask(client, mine, file=files_of(picture()[0].read()))
    other = refund.photos.get()
    admin = type(client)()
    admin.force_login(User.objects.create_superuser("root@example.com", "a long password"))
    refuse_refund(refund=refund, version=refund.version, by=alice, words="no")
    dispute = open_dispute(refund=refund, words="but look at it")
    page = admin.get(reverse("admin:orders_dispute_change", args=[dispute.pk])).text
    link = reverse("admin:orders_dispute_photo", args=[dispute.pk, other.public_id])
    assert link in page
    assert admin.get(link).status_code == 200
    lonely = reverse("admin:orders_dispute_photo", args=[dispute.pk + 1, other.public_id])
    assert admin.get(lonely).status_code == 404
    assert client.get(link).status_code == 302


def test_the_desk_reads_of_photos_that_it_was_not_asked_to_look_at(
    client, mine, picture, settings, admin_client
):
    settings.ADMIN_REQUIRES_MFA = False
    photo = ask(client, mine, file=files_of(picture()[0].read())).photos.get()
    page = admin_client.get(reverse("admin:orders_refund_change", args=[photo.refund_id])).text
    assert photo.public_id in page
    assert photo.image.name not in page


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"<svg onload=alert(1)>", "not a picture"),
        (b"%PDF-1.7 a licence", "A PDF does not work here"),
        (b"GIF89a", "not a picture"),
    ],
)
def test_what_is_no_picture_is_said_and_nothing_is_asked(client, mine, picture, body, sentence):
    good = picture()[0].read()
    url = reverse("track:refund_ask", args=[mine.number])
    answer = client.post(url, asked(mine) | {"file": files_of(good, body)})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Wrong size" in answer.text  # nothing typed is lost
    assert not Refund.objects.exists()


def test_more_photos_than_six_are_refused(client, mine, picture):
    photo = picture()[0].read()
    url = reverse("track:refund_ask", args=[mine.number])
    answer = client.post(url, asked(mine) | {"file": files_of(*[photo] * 7)})
    assert answer.status_code == 422
    assert not Refund.objects.exists()
    assert ask(client, mine, file=files_of(*[photo] * 6)).photos.count() == 6
