"""Where a shop sends, what it asks for that, and the address book of a device."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from merchants.models import Merchant
from merchants.rules.region import PROVINCES, countries, region_name, written_address
from orders.errors import NotSentThere, RegionTwice
from orders.models import Order, ShippingRule
from orders.rules.shipping import Promise, Rate, promise_of, rate_to, served
from orders.selectors.shipping import REMEMBERED, addresses_of, bought_on
from orders.services.order import Contact, place_order, quote
from orders.services.shipping import forget_address, save_rule
from tests.orders.test_cart import contact, said
from tests.orders.test_checkout import hidden, words

CHECKOUT = reverse("track:checkout", args=["tea"])
USUAL = Rate(800, 9900)
DEVICE = uuid.UUID(int=9)
HOME = {"region": "CN-ZJ", "city": "杭州", "district": "上城区", "address": "清河坊 12 号"}


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def far(shop) -> ShippingRule:
    return save_rule(merchant=shop, regions=["CN-XJ", "CN-XZ"], fee=2500, free_from=None)


def rate(region: str, country: str = "CN", **own: Rate | None) -> Rate | None:
    named = {name.replace("_", "-"): one for name, one in own.items()}
    return rate_to(region, country=country, usual=USUAL, own=named)


def test_a_rule_goes_before_the_usual_price_and_nothing_goes_abroad_unasked():
    dear = Rate(2500, None)
    assert rate("CN-ZJ") == USUAL
    assert rate("") == USUAL, "nobody knows yet where it goes"
    assert rate("CN-XJ", CN_XJ=dear) == dear
    assert rate("CN-XJ", CN_XJ=None) is None
    assert rate("JP") is None
    assert rate("JP", JP=dear) == dear
    assert rate("JP", country="JP") == USUAL
    assert rate("CN-ZJ", country="JP") is None


def test_what_is_served_is_what_has_a_rate():
    own = {"CN-XJ": None, "JP": USUAL, "CN-TW": USUAL}
    found = served(country="CN", own=own)
    assert set(found) == set(PROVINCES) - {"CN-XJ"} | {"JP"}
    assert len(found) == len(set(found))
    assert served(country="JP", own={}) == ["JP"]
    everywhere = [*PROVINCES, "JP", "FR"]
    for region in everywhere:
        given = rate_to(region, country="CN", usual=USUAL, own=own)
        assert (region in found) == (given is not None)


def test_there_are_34_provinces_and_no_country_twice():
    assert len(PROVINCES) == 34
    assert {"CN", "HK", "MO", "TW"}.isdisjoint(countries("en"))
    assert countries("zh-hans")["JP"] == "日本"
    assert region_name("CN-ZJ", "zh-hans") == "浙江"
    assert region_name("CN-ZJ", "en") == "Zhejiang"
    assert region_name("Q9", "en") == "Q9"


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        (HOME, "浙江 杭州 上城区 清河坊 12 号"),
        ({"region": "CN-BJ", "city": "北京", "district": "东城区", "address": "景山前街 4 号"},
         "北京 东城区 景山前街 4 号"),
        ({"region": "CN-GD", "city": "东莞", "district": "", "address": "鸿福路 2 号"},
         "广东 东莞 鸿福路 2 号"),
        ({"region": "JP", "city": "Kyoto", "district": "", "address": "1-2 Teramachi",
          "postcode": "604-8081"}, "1-2 Teramachi, Kyoto 604-8081, Japan"),
        ({"region": "", "city": "", "district": "", "address": "清河坊 12"}, "清河坊 12"),
        ({"region": "CN-SN", "city": "西安", "district": "雁塔区", "address": "𠮷祥村 9 号 🏠"},
         "陕西 西安 雁塔区 𠮷祥村 9 号 🏠"),
    ],
)  # fmt: skip
def test_an_address_is_written_as_its_country_does(parts, written):
    place = {"street": parts["address"], "postcode": parts.get("postcode", "")}
    rest = {name: parts[name] for name in ("region", "city", "district")}
    assert written_address(**rest, **place) == written


def test_a_far_parcel_costs_what_the_rule_says(shop, variant, far):
    basket = {variant.pk: 1}
    assert quote(merchant=shop, basket=basket, region="CN-ZJ").sum.shipping == 0  # 168 > 99
    assert quote(merchant=shop, basket=basket, region="CN-XJ").sum.shipping == 2500
    assert quote(merchant=shop, basket=basket, region="CN-XJ", pickup=True).sum.shipping == 0


def test_nothing_is_ordered_to_where_nothing_is_sent(shop, dan, variant, far):
    save_rule(merchant=shop, regions=["CN-XJ"], fee=None, free_from=100, rule=far)
    assert far.free_from is None
    for region in ("CN-XJ", "JP", "nowhere"):
        there = Contact(name="沈梅", phone="+8613800002688", region=region, address="清河坊 12")
        with pytest.raises(NotSentThere):
            place_order(
                merchant=shop, customer=dan, basket={variant.pk: 1}, contact=there, language="en"
            )
    assert not Order.objects.exists()


def test_two_rules_never_name_the_same_region(shop, other_shop, far):
    with pytest.raises(RegionTwice):
        save_rule(merchant=shop, regions=["CN-GS", "CN-XZ"], fee=0, free_from=None)
    assert ShippingRule.objects.count() == 1
    again = save_rule(merchant=shop, regions=["CN-XZ", "CN-XZ"], fee=1, free_from=2, rule=far)
    assert [one.region for one in again.regions.all()] == ["CN-XZ"]
    save_rule(merchant=other_shop, regions=["CN-XZ"], fee=0, free_from=None)  # another shop's


def choose(client, variant, **changes):
    return client.get(CHECKOUT, {"variant": variant.pk, "quantity": 1, **changes})


def buy(client, variant, **changes):
    page = choose(client, variant, method="delivery", region=changes.get("region", "CN-ZJ"))
    body = hidden(page.text) | {"variant": variant.pk, "quantity": 1} | contact(**changes)
    return client.post(CHECKOUT, body)


def test_the_sum_follows_the_province(client, variant, far):
    for region, price in (("CN-XJ", "25.00"), ("CN-ZJ", "0.00")):
        page = choose(client, variant, method="delivery", region=region).text
        assert f"Shipping¥{price}" in said(page)


def test_a_price_to_a_near_province_does_not_buy_a_parcel_to_a_far_one(client, variant, far):
    page = choose(client, variant, method="delivery", region="CN-ZJ").text
    body = hidden(page) | {"variant": variant.pk, "quantity": 1} | contact(region="CN-XJ")
    answer = client.post(CHECKOUT, body)
    assert answer.status_code == 409
    assert "The price has changed" in answer.text
    assert "清河坊 12 号" in answer.text
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"region": ""}, "Choose where it goes."),
        ({"region": "JP"}, "does not send there"),
        ({"region": "CN-ZZ"}, "does not send there"),
        ({"city": ""}, "Write the city."),
        ({"address": ""}, "Write the whole address"),
        ({"address": "12"}, "Write the whole address"),
    ],
)
def test_what_is_missing_is_said_at_its_field(client, variant, changes, sentence):
    answer = buy(client, variant, **changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "沈梅" in answer.text
    assert not Order.objects.exists()


def test_a_city_of_its_own_needs_no_city(client, variant):
    assert buy(client, variant, region="CN-BJ", city="").status_code == 302
    assert Order.objects.get().whole_address == "北京 上城区 清河坊 12 号"


def test_where_it_was_sent_is_offered_next_time_on_this_device_alone(client, variant):
    assert buy(client, variant).status_code == 302
    page = choose(client, variant).text
    entry = Order.objects.get()
    assert f'value="{entry.address_key}"' in page
    assert entry.whole_address in page
    body = hidden(page) | {"variant": variant.pk, "quantity": 1, "method": "delivery"}
    answer = client.post(CHECKOUT, body | {"saved": entry.address_key, "phone": "", "name": ""})
    assert answer.status_code == 302, words(answer.text)
    first, second = Order.objects.order_by("pk")
    assert (first.name, first.phone, first.whole_address) == (
        second.name,
        second.phone,
        second.whole_address,
    )
    assert choose(client, variant).text.count('name="saved"') == 2, "once, and another address"

    stranger = client.__class__(HTTP_ACCEPT_LANGUAGE="en")
    theirs = choose(stranger, variant).text
    assert entry.address_key not in theirs
    body = hidden(theirs) | {"variant": variant.pk, "quantity": 1, "method": "delivery"}
    refused = stranger.post(CHECKOUT, body | {"saved": entry.address_key})
    assert refused.status_code == 422
    assert "清河坊 12" not in refused.text


def test_sent_twice_with_a_remembered_address_it_is_one_order(client, variant):  # P2
    buy(client, variant)
    page = choose(client, variant).text
    body = hidden(page) | {"variant": variant.pk, "quantity": 1, "method": "delivery"}
    body |= {"saved": Order.objects.get().address_key, "phone": "", "name": ""}
    answers = [client.post(CHECKOUT, body) for _press in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Order.objects.count() == 2


def test_a_far_address_of_the_book_costs_the_far_price(client, variant, far):
    buy(client, variant, region="CN-XJ", city="乌鲁木齐")
    assert Order.objects.get().shipping == 2500
    assert "Shipping¥25.00" in said(choose(client, variant).text)


def test_an_address_to_which_a_shop_does_not_send_is_not_offered(client, shop, variant, far):
    buy(client, variant, region="CN-XJ", city="乌鲁木齐")
    save_rule(merchant=shop, regions=["CN-XJ"], fee=None, free_from=None, rule=far)
    assert 'name="saved"' not in choose(client, variant).text


def test_a_shop_abroad_asks_for_no_province(client, shop, variant):
    Merchant.objects.filter(pk=shop.pk).update(country="JP", currency="JPY")
    page = choose(client, variant, method="delivery").text
    assert "Japan" in page
    assert "Zhejiang" not in page
    assert 'name="postcode"' in page
    assert buy(client, variant, region="JP", city="Kyoto", postcode="604-8081").status_code == 302


def test_what_is_taken_out_of_the_book_is_gone_for_every_order_that_went_there(
    client, variant, device
):
    for _again in range(2):
        buy(client, variant)
    buy(client, variant, address="河坊街 7 号")
    other, first, again = Order.objects.all()
    assert addresses_of(bought_on(first.device)) == [other, first]
    forget_address(device=device, key=first.address_key)
    assert addresses_of(bought_on(first.device)) == [other, first], "another device forgets nothing"
    forget_address(device=first.device, key=again.address_key)
    assert addresses_of(bought_on(first.device)) == [other]
    page = client.get(reverse("track:addresses")).text
    assert "河坊街" in page
    assert "清河坊" not in page
    buy(client, variant)
    assert "清河坊" in client.get(reverse("track:addresses")).text, "sent there again"


def test_the_book_is_of_two_years(client, variant):
    buy(client, variant)
    (order,) = Order.objects.all()
    at = timezone.now() - REMEMBERED - timedelta(minutes=1)
    Order.objects.update(placed_at=at, pay_by=at + timedelta(minutes=15))
    assert bought_on(order.device) == []


# --- what is promised before anything is ordered ------------------------------------------------


def told(region: str = "", country: str = "CN", usual: Rate = USUAL, **own: Rate | None) -> Promise:
    named = {name.replace("_", "-"): one for name, one in own.items()}
    return promise_of(country=country, usual=usual, own=named, region=region)


@given(
    st.dictionaries(
        st.sampled_from([*list(PROVINCES)[:6], "JP"]),
        st.none() | st.builds(Rate, st.integers(0, 3), st.none() | st.integers(0, 2)),
    ),
    st.builds(Rate, st.integers(0, 3), st.integers(0, 2)),
    st.integers(0, 3),
)
def test_a_promise_holds_for_every_region_of_the_country(own, usual, goods):
    promise = promise_of(country="CN", usual=usual, own=own)
    rates = {one: rate_to(one, country="CN", usual=usual, own=own) for one in PROVINCES}
    prices = {one: rate.price(goods) for one, rate in rates.items() if rate is not None}
    assert set(promise.nowhere) == set(PROVINCES) - set(prices)
    if not prices:  # abroad, or nowhere
        assert set(promise.sent) <= {"JP"}
        return
    assert set(promise.sent) == set(prices)
    assert max(prices.values()) <= promise.high
    if goods < (promise.free_from or 4):  # below it nothing is free that has a price
        assert min(prices.values()) == promise.low
    if promise.free_from is not None and goods >= promise.free_from and not promise.somewhere:
        assert max(prices.values()) == 0


def test_what_is_said_of_regions():
    assert (told().low, told().high, told().free_from, told().somewhere) == (800, 800, 9900, False)
    far = told(CN_XJ=Rate(2500, None), CN_XZ=None, CN_SH=Rate(600, 5900), JP=Rate(9000, None))
    assert (far.low, far.high, far.free_from, far.somewhere) == (600, 2500, 5900, True)
    assert (far.nowhere, far.few) == (["CN-XZ"], False)
    assert told(usual=Rate(800, 0)).high == 0
    assert told("CN-XJ", CN_XJ=Rate(2500, None)).low == 2500
    assert not told("CN-XJ", CN_XJ=None).sent
    assert not told("JP").sent
    nowhere = dict.fromkeys(one.replace("-", "_") for one in PROVINCES)
    abroad = told(**nowhere, JP=Rate(9000, None))
    assert (abroad.sent, abroad.low, abroad.few) == (["JP"], 9000, True)
    assert not told(**nowhere).sent
    assert told("", "JP").low == 800


@pytest.fixture
def said_of(client, shop) -> Callable[[], str]:
    def said_of() -> str:
        page = client.get(reverse("track:parcels", args=["tea"]), headers={"HX-Request": "true"})
        return words(page.text)

    return said_of


def test_the_page_says_what_a_parcel_costs_in_all_regions(shop, far, said_of):
    assert said_of() == f"Sent from {shop} · ¥8 to ¥25 by region, in some free from ¥99"
    save_rule(merchant=shop, regions=["CN-HK", "CN-TW"], fee=None, free_from=None)
    assert said_of().endswith("Not sent to Hong Kong, Taiwan")
    far.delete()
    assert said_of().startswith(f"Sent from {shop} · ¥8 a parcel, free from ¥99 Not sent to")
    most = [one for one in PROVINCES if one not in {"CN-ZJ", "CN-HK", "CN-TW"}]
    save_rule(merchant=shop, regions=most, fee=None, free_from=None)
    assert said_of().endswith("Sent only to Zhejiang")


def test_it_says_what_it_costs_to_where_she_had_something_sent(shop, far, dan, variant, client):
    page = reverse("track:parcels", args=["tea"])
    client.get(CHECKOUT, {"variant": variant.pk, "quantity": 1})
    place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=Contact("Dan", "+8613800138000", **HOME | {"region": "CN-XJ"}),
        language="en",
        device=uuid.UUID(client.session["device"]),
    )
    assert words(client.get(page, headers={"HX-Request": "true"}).text).endswith(
        "to Xinjiang ¥25 a parcel"
    )
    save_rule(merchant=shop, regions=["CN-XJ"], fee=None, free_from=None, rule=far)
    assert f"{shop} sends nothing to Xinjiang" in words(client.get(page).text)
    goods = client.get(reverse("shop:product", args=["tea", variant.product.public_id]))
    assert f'hx-get="{page}"' in goods.text


def test_the_sheet_over_the_video_says_the_same(live, variant, far, client):
    item = live.items.get(product=variant.product)
    sheet = client.get(reverse("watch:product", args=[live.public_id, item.pk]))
    assert "¥8 to ¥25 by region" in words(sheet.text)
