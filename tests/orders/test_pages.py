"""The orders and coupons as staff use them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

from merchants.models import Customer
from merchants.templatetags.guitai import money_plain
from orders.models import Coupon, Order
from orders.payments import sandbox
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.shipment import make_ready
from tests.conftest import DAN, product_of


@pytest.fixture(autouse=True)
def _in_english(as_bob):
    as_bob.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def at(name, *args, shop="tea"):
    return reverse(f"orders:{name}", args=[shop, *args])


@pytest.fixture
def to_collect(shop, dan, variant, store):
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=replace(DAN, store=store),
        language="en",
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    return order


def test_a_paid_order_stands_in_the_first_tab(as_bob, paid):
    page = as_bob.get(at("order_list")).text
    assert paid.name in page
    assert f'id="order-{paid.number}"' in page
    assert "#ship" in page


@pytest.mark.parametrize("tab", ["to_ship", "unpaid", "shipped", "ready", "done", "ended", "all"])
def test_every_tab_opens_empty_and_full(as_bob, shop, paid, tab):
    assert as_bob.get(at("order_list"), {"tab": tab}).status_code == 200


def test_an_unknown_tab_shows_all(as_bob, paid):
    assert paid.name in as_bob.get(at("order_list"), {"tab": "x'<"}).text


@pytest.mark.parametrize("words", ["沈梅", "2688", "龙井"])
def test_it_finds_by_name_phone_and_goods(as_bob, paid, words):
    page = as_bob.get(at("order_list"), {"q": words}).text
    assert f'id="order-{paid.number}"' in page


@pytest.mark.parametrize("words", ["沈", "13800002688", "+86 138 0000", "1380", "前龙", "QIANLONG"])
def test_it_finds_by_the_beginning_and_of_the_newest_by_the_middle(as_bob, paid, words):
    row = f'id="order-{paid.number}"'
    assert row in as_bob.get(at("order_list"), {"q": words}).text
    assert row in as_bob.get(at("order_list"), {"q": paid.number[:8].upper()}).text


def test_of_old_orders_it_knows_beginning_goods_and_last_digits(  # beyond RECENT, by index alone
    as_bob, paid, monkeypatch
):
    monkeypatch.setattr("orders.selectors.order_search.RECENT", 0)
    row = f'id="order-{paid.number}"'
    for words in ("沈", "2688", "1380000", "龙井"):
        assert row in as_bob.get(at("order_list"), {"q": words}).text, words
    for words in ("梅", "8000", "nobody"):
        assert row not in as_bob.get(at("order_list"), {"q": words}).text, words


@pytest.mark.parametrize("words", ["沈", "2688", "龙井", "13800002688"])
def test_what_very_many_orders_share_is_found_as_well(as_bob, paid, words, monkeypatch):
    monkeypatch.setattr("orders.selectors.order_search.RECENT", 0)
    monkeypatch.setattr("orders.selectors.order_search.MANY", 0)
    shown = as_bob.get(at("order_list"), {"q": words}).text
    assert (f'id="order-{paid.number}"' in shown) is (words != "龙井")  # MANY bounds the goods too


def test_a_search_finds_no_order_of_another_shop(as_bob, paid, other_shop):
    Order.objects.filter(pk=paid.pk).update(merchant=other_shop)
    for words in ("沈", "2688", "龙井", paid.number):
        page = as_bob.get(at("order_list"), {"tab": "all", "q": words}).text
        assert f'id="order-{paid.number}"' not in page


def test_a_long_list_is_counted_only_so_far_and_goes_on(as_bob, paid, monkeypatch):
    monkeypatch.setattr("merchants.selectors.paging.COUNTED", 0)
    like = Order.objects.get(pk=paid.pk)
    fresh = [
        Order(
            **{
                field.attname: getattr(like, field.attname)
                for field in Order._meta.local_concrete_fields
                if not field.generated and field.name not in {"id", "number"}
            }
        )
        for _ in range(120)
    ]
    Order.objects.bulk_create(fresh)
    first = as_bob.get(at("order_list")).text
    assert "More than 100" in first
    assert first.count('id="order-') == 50
    last = as_bob.get(at("order_list"), {"page": "3"}).text
    assert "121 in all" in last
    assert last.count('id="order-') == 21
    assert as_bob.get(at("order_list"), {"page": "9"}).text.count('id="order-') == 21
    assert as_bob.get(at("order_list"), {"page": "9" * 5000}).status_code == 200


def test_the_stage_of_an_order_follows_its_state(shop, paid):
    for state, stage in (
        ("pending_payment", "unpaid"),
        ("paid", "to_ship"),
        ("partly_shipped", "to_ship"),
        ("ready_for_pickup", "ready"),
        ("completed", "done"),
        ("expired", "ended"),
    ):
        Order.objects.filter(pk=paid.pk).update(state=state)
        assert Order.objects.get(pk=paid.pk).stage == stage


def test_a_search_without_result_offers_all_orders(as_bob, paid):
    page = as_bob.get(at("order_list"), {"q": "nobody"}).text
    assert "No order matches “nobody” in this list." in page
    assert "Search all orders" in page


@pytest.mark.parametrize("count", [3, 30])
def test_the_list_asks_as_often_for_three_as_for_thirty(
    as_bob, shop, count, django_assert_max_num_queries
):
    product = product_of(shop, "Keemun", 900, 200)
    for number in range(count):
        customer = Customer.objects.create(merchant=shop)
        place_order(
            merchant=shop,
            customer=customer,
            basket={product.variants.get().pk: 1},
            contact=replace(DAN, phone=f"+86138000026{number:02}"),
            language="en",
        )
    # Who asks, counts, the page with lines, pictures, refunds, tags, and what narrows it.
    with django_assert_max_num_queries(15):
        page = as_bob.get(at("order_list"), {"tab": "unpaid"})
    assert page.text.count('id="order-') == count


def test_the_rows_fetch_themselves_again_when_an_order_comes(as_bob, paid):
    page = as_bob.get(at("order_list"), {"q": "沈"}).text
    assert "news:orders from:document" in page
    assert 'data-module="merchants/news"' in page
    rows = as_bob.get(at("order_list"), {"q": "沈"}, headers={"HX-Request": "true"}).text
    assert "<html" not in rows
    for part in ("tabs", "to-pack"):  # with their counts they come along
        assert re.search(rf'<\w+[^>]* id="{part}"[^>]* hx-swap-oob="true"', rows)


def test_an_order_shows_goods_sum_address_and_steps(as_bob, paid):
    page = as_bob.get(at("order_detail", paid.number)).text
    for part in ("明前龙井", "138 **** 2688", DAN.address, "Practice bank", "Order placed"):
        assert part in page


def test_an_orders_page_fetches_itself_again_when_it_moves(as_bob, paid):
    url = at("order_detail", paid.number)
    page = as_bob.get(url).text
    assert f'data-module="orders/order" data-number="{paid.number}" hx-get="{url}"' in page
    assert 'hx-trigger="order:moved" hx-select="#order"' in page
    assert 'data-module="merchants/news"' in page
    again = as_bob.get(url, headers={"HX-Request": "true"}).text
    assert again.count('id="order"') == 1  # what is cut out of the answer


def test_it_ships(as_bob, paid):
    data = {"carrier": "sf", "tracking_number": "SF-1234567"}
    page = as_bob.post(at("order_ship", paid.number), data, follow=True).text
    paid.refresh_from_db()
    assert paid.state == "shipped"
    assert "SF-1234567" in page
    assert "It has arrived" in page


@pytest.mark.parametrize("number", ["", "12", "x" * 33, "SF 12 34 56"])
def test_a_wrong_tracking_number_is_refused_beside_its_field(as_bob, paid, number):
    data = {"carrier": "sf", "tracking_number": number}
    response = as_bob.post(at("order_ship", paid.number), data)
    paid.refresh_from_db()
    assert response.status_code == 422
    assert 'id="id_tracking_number_error"' in response.text
    assert paid.state == "paid"


def test_who_collects_shows_the_code(as_bob, to_collect, bob):
    assert "It is ready" in as_bob.get(at("order_detail", to_collect.number)).text
    as_bob.post(at("order_ready", to_collect.number))
    wrong = as_bob.post(at("order_collect", to_collect.number), {"code": "000000x"})
    assert wrong.status_code == 422
    as_bob.post(at("order_collect", to_collect.number), {"code": to_collect.pickup_code})
    to_collect.refresh_from_db()
    assert to_collect.state == "collected"


def test_the_code_of_another_order_hands_nothing_over(as_bob, to_collect, bob):
    make_ready(order=to_collect, by=bob)
    code = "000000" if to_collect.pickup_code != "000000" else "111111"
    page = as_bob.post(at("order_collect", to_collect.number), {"code": code}, follow=True)
    to_collect.refresh_from_db()
    assert "This is not the code of this order." in page.text
    assert to_collect.state == "ready_for_pickup"


def test_an_unpaid_order_is_cancelled_after_a_question(as_bob, order):
    page = as_bob.get(at("order_detail", order.number)).text
    assert '<dialog class="dialog" id="cancel"' in page
    as_bob.post(at("order_cancel", order.number))
    order.refresh_from_db()
    assert order.state == "cancelled"


def test_a_paid_order_offers_no_cancelling(as_bob, paid):
    assert 'id="cancel"' not in as_bob.get(at("order_detail", paid.number)).text


def test_the_menu_counts_what_waits(as_bob, paid):
    assert "1 to pack" in as_bob.get(at("coupon_list")).text


def test_coupons_show_what_was_claimed_and_used(as_bob, coupon):
    page = as_bob.get(at("coupon_list")).text
    assert coupon.name in page
    assert "Claimed 0 of 100" in page
    assert '<progress class="meter"' in page


@pytest.mark.parametrize("tab", ["open", "later", "over", "x"])
def test_every_tab_of_coupons_opens(as_bob, coupon, tab):
    assert as_bob.get(at("coupon_list"), {"tab": tab}).status_code == 200


def terms(**changes):
    words = {"name": "Spring", "amount": "15", "threshold": "108", "issued": "100"}
    return words | {"per_customer": "1", "days": "7"} | changes


def test_a_coupon_is_issued(as_bob, shop):
    assert as_bob.get(at("coupon_new")).status_code == 200
    assert as_bob.post(at("coupon_new"), terms()).status_code == 302
    made = Coupon.objects.get()
    assert (made.amount, made.threshold, made.issued) == (1500, 10800, 100)
    assert made.ends_at > timezone.now()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "0"),
        ("amount", "-5"),
        ("amount", "109"),
        ("issued", "0"),
        ("issued", "-1"),
        ("issued", str(2**31)),
        ("days", "0"),
        ("per_customer", "101"),
        ("name", "x"),
    ],
)
def test_absurd_terms_are_refused_at_their_field_and_nothing_is_lost(as_bob, shop, field, value):
    response = as_bob.post(at("coupon_new"), terms(**{field: value}))
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.text
    assert f'value="{value}"' in response.text
    assert not Coupon.objects.exists()


def test_a_coupon_is_stopped(as_bob, coupon):
    as_bob.post(at("coupon_stop", coupon.public_id))
    coupon.refresh_from_db()
    assert coupon.stopped_at is not None
    assert coupon.name in as_bob.get(at("coupon_list"), {"tab": "over"}).text
    assert coupon.name not in as_bob.get(at("coupon_list")).text


def test_a_coupon_form_sent_twice_issues_one(as_bob, shop):
    for _ in range(2):
        assert as_bob.post(at("coupon_new"), terms(form_key="k")).status_code == 302
    assert Coupon.objects.count() == 1
    as_bob.post(at("coupon_new"), terms(form_key="k", issued="7"))
    assert Coupon.objects.count() == 2


def test_how_the_total_came_about_is_said_to_the_clerk_and_to_the_buyer(as_bob, client, paid):
    """Goods, shipping and sum, on the order's page of both."""
    goods, shipping, total = (
        money_plain(one, "CNY") for one in (paid.goods, paid.shipping, paid.total)
    )
    as_buyer = client.get(reverse("track:order", args=[paid.number])).text
    for page in (as_bob.get(at("order_detail", paid.number)).text, as_buyer):
        said = re.search(r'<dl class="sum">.*?</dl>', page, re.DOTALL)
        assert said, "the sums are not there"
        amounts = re.findall(r"<dd>(.*?)</dd>", said[0])
        bare = [re.sub(r"<[^>]*>|\s", "", one) for one in amounts]
        assert bare == [goods, shipping, total]
