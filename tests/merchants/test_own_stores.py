"""A clerk who serves one store of several: what she is told of stock is of that store."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from livestream.selectors.home import home_page
from merchants.models import Notification, Product, Staff, Store, Variant
from merchants.rules.stock import Reason
from merchants.selectors.product import low_goods, product_counts
from merchants.services.level import settle_levels
from merchants.services.notification import notify_all, read_notices
from merchants.services.stock import change_stock
from tests.conftest import product_of
from tests.servers import session_of


@pytest.fixture
def second(shop, store) -> Store:
    return Store.objects.create(merchant=shop, name="文三路店", city="杭州", position=1)


@pytest.fixture
def clerk(shop, bob, store, second) -> Staff:
    place = shop.staff.get(user=bob)
    place.stores.set([second])
    return place


@pytest.fixture
def owner(shop, alice) -> Staff:
    return shop.staff.get(user=alice)


@pytest.fixture
def english(as_bob) -> Client:
    as_bob.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return as_bob


def move(product: Product, store: Store, delta: int) -> Variant:
    variant = product.variants.get()
    reason = Reason.RECEIVED if delta > 0 else Reason.WRITTEN_OFF
    change_stock(variant=variant, store=store, delta=delta, reason=reason, by=None)
    return variant


@pytest.fixture
def goods(shop, store, second) -> tuple[Product, Product, Product]:
    """Of the first store alone; of both and low; and of both, plenty, but gone in the second."""
    far, both, gone = product_of(shop, "Far", 100, 2), product_of(shop, "Both", 100, 3), None
    move(both, second, 1)
    gone = product_of(shop, "Gone", 100, 80)
    move(gone, second, 5)
    move(gone, second, -5)
    settle_levels()
    return far, both, gone


def test_home_counts_what_runs_low_in_her_stores(goods, clerk, owner):
    def told(staff: Staff) -> list[tuple[str, int]]:
        return [(one.name, one.left) for one in low_goods(staff)]

    assert told(owner) == [("Far", 2), ("Both", 4)]
    assert told(clerk) == [("Both", 1)]
    assert [one.name for one in home_page(clerk, owner.created_at)["running_out"]] == ["Both"]
    clerk.stores.clear()
    assert told(clerk) == []


def test_a_clerk_of_every_store_is_told_of_them_all(goods, clerk, store, second):
    clerk.stores.set([store, second])
    assert [(one.name, one.left) for one in low_goods(clerk)] == [("Far", 2), ("Both", 4)]


def test_the_tabs_count_what_they_list(goods, shop, english, as_alice, store, second, clerk):
    page = english.get(reverse("merchants:product_list", args=[shop.slug]))
    counts = page.context["counts"]
    assert counts == product_counts(shop, second)
    assert {name: counts[name] for name in ("listed", "on_sale", "low", "out", "draft")} == {
        "listed": 2,
        "on_sale": 2,
        "low": 1,
        "out": 1,
        "draft": 0,
    }
    for tab, name in (("low", "low"), ("out", "out"), ("", "listed")):
        address = reverse("merchants:product_list", args=[shop.slug])
        listed = english.get(address, {"stock": tab}).context["page"]
        assert listed.paginator.count == counts[name]
    whole = as_alice.get(address).context["counts"]
    assert (whole["listed"], whole["low"], whole["out"]) == (3, 2, 0)
    assert as_alice.get(address, {"store": second.pk}).context["counts"] == counts


def test_a_store_with_nothing_yet_is_not_an_empty_shop(goods, shop, as_alice, second):
    third = Store.objects.create(merchant=shop, name="西溪店", city="杭州", position=2)
    address = reverse("merchants:product_list", args=[shop.slug])
    page = as_alice.get(address, {"store": third.pk}).text
    assert 'id="store"' in page


def test_stock_page_and_counter_show_her_store_alone(goods, shop, english, second, clerk):
    _far, both, _gone = goods
    page = english.get(reverse("merchants:product_stock", args=[shop.slug, both.public_id]))
    assert (page.context["there"], page.context["free"]) == (1, 1)
    assert [move.delta for move in page.context["moves"]] == [1]
    assert {count for _day, count in page.context["plot"]["rows"]} <= {0, 1}
    found = english.get(reverse("merchants:counter", args=[shop.slug]), {"q": "Both"})
    assert [one.free for one in found.context["goods"]] == [1]


# --- the bell -------------------------------------------------------------------------------------


def bell(client: Client, shop) -> list[str]:
    page = client.get(reverse("merchants:notices", args=[shop.slug]))
    assert page.context["unread"] == sum(one.read_at is None for one in page.context["news"])
    return [one.kind for one in page.context["news"]]


def test_the_bell_rings_for_the_stores_where_it_lies(
    shop, as_bob, as_alice, store, second, clerk, owner
):
    far, both = product_of(shop, "Far", 100, 20), product_of(shop, "Both", 100, 20)
    move(both, second, 1)
    settle_levels()
    move(far, store, -18)
    settle_levels()
    assert (bell(as_alice, shop), bell(as_bob, shop)) == (["low_stock"], [])
    move(both, store, -18)
    settle_levels()
    assert (len(bell(as_alice, shop)), len(bell(as_bob, shop))) == (2, 1)
    notify_all(merchant=shop, kind="for_all", key="x", say=lambda: ("A", "B"))
    assert bell(as_bob, shop) == ["for_all", "low_stock"]
    assert read_notices(staff=clerk) == 2
    assert Notification.objects.get(read_at=None).words["en"][0].startswith("Far")
    assert read_notices(staff=owner) == 1
    clerk.stores.clear()
    assert bell(as_bob, shop) == ["for_all"]


def test_another_shops_clerk_hears_nothing(shop, other_shop, mallory, second, clerk):
    notify_all(merchant=shop, kind="low_stock", key="y", say=lambda: ("A", "B"), stores=[second])
    client = Client()
    client.force_login(mallory)
    assert bell(client, other_shop) == []


@pytest.mark.slow
def test_her_open_page_rings_for_her_stores(server, shop, as_bob, as_alice, store, second, clerk):
    far, both = product_of(shop, "Far", 100, 20), product_of(shop, "Both", 100, 20)
    move(both, second, 1)
    settle_levels()
    with (
        server.line(f"/ws/dashboard/{shop.slug}/", session_of(as_bob)) as hers,
        server.line(f"/ws/dashboard/{shop.slug}/", session_of(as_alice)) as owners,
    ):
        hers.wait("dashboard.open")
        owners.wait("dashboard.open")
        move(far, store, -18)
        move(both, store, -18)
        assert "Far" in owners.wait("notice.created", 20)["subject"]
        heard = hers.wait("notice.created", 20)
        assert "Both" in heard["subject"]
        assert "stores" not in heard
