"""Levels are counted up a moment after the stock, and are then exactly its sums."""

from __future__ import annotations

from collections import defaultdict

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merchants.errors import RuleBroken
from merchants.models import Level, Notification, Product, Stock, Store, Variant
from merchants.rules.product import ProductState
from merchants.rules.stock import Reason
from merchants.services import level
from merchants.services.counter import sell_at_counter
from merchants.services.level import settle_levels
from merchants.services.product import VariantData, save_product
from merchants.services.stock import change_stock, receive_new, release, reserve, take
from tests.conftest import product_of

NOTICES = Notification.objects.filter(kind="low_stock")


@pytest.fixture
def second(shop, store) -> Store:
    return Store.objects.create(merchant=shop, name="文三路店", city="杭州", position=1)


@pytest.fixture
def settled(variant) -> Variant:
    """Ten pieces, told of from five on, counted."""
    settle_levels()
    return variant


def fresh(product: Product) -> Product:
    return Product.objects.get(pk=product.pk)


def change(variant, store, delta):
    reason = Reason.RECEIVED if delta > 0 else Reason.WRITTEN_OFF
    change_stock(variant=variant, store=store, delta=delta, reason=reason, by=None)


def the_sums_are_right() -> None:
    places: dict[tuple[int, int], int] = defaultdict(int)
    variants: dict[int, int] = defaultdict(int)
    for row in Stock.objects.filter(variant__archived=False).select_related("variant"):
        places[row.variant.product_id, row.store_id] += row.available
        variants[row.variant_id] += row.available
    levels = {(one.product_id, one.store_id): one.free for one in Level.objects.all()}
    assert levels == dict(places)
    for product in Product.objects.prefetch_related("variants"):
        rows = list(product.variants.all())
        assert product.free == sum(variants[one.pk] for one in rows)
        assert product.low == any(variants[one.pk] <= one.low_stock for one in rows)
        for one in rows:
            assert (one.low_since is not None) == (variants[one.pk] <= one.low_stock)


def test_a_sale_pays_nothing_for_it(settled, store, bob):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            sell_at_counter(variant=settled, store=store, by=bob)
        return len(seen)

    fresh_ones = queries()  # of a row that is counted
    assert queries() == fresh_ones  # of a row that waits to be counted
    assert Stock.objects.get().stale


def test_every_verb_leaves_the_row_to_be_counted(shop, settled, store, bob):
    acts = [
        lambda: sell_at_counter(variant=settled, store=store, by=bob),
        lambda: reserve(merchant=shop, basket={settled.pk: 1}, reference="a"),
        lambda: release(merchant=shop, reference="a"),
        lambda: reserve(merchant=shop, basket={settled.pk: 1}, reference="b"),
        lambda: take(merchant=shop, reference="b", by=bob),
        lambda: change(settled, store, 5),
    ]
    for act in acts:
        assert not Stock.objects.filter(stale=True).exists()
        act()
        assert Stock.objects.get().stale
        assert settle_levels() == 1
        the_sums_are_right()
    assert settle_levels() == 0


def test_held_pieces_are_not_free(shop, settled, second, store):
    change(settled, second, 3)
    reserve(merchant=shop, basket={settled.pk: 4}, reference="a")
    settle_levels()
    assert {one.store_id: one.free for one in Level.objects.all()} == {store.pk: 6, second.pk: 3}
    assert fresh(settled.product).free == 9


def test_falling_to_the_threshold_is_told_once(settled, store, bob, shop):
    for _ in range(4):
        sell_at_counter(variant=settled, store=store, by=bob)
        settle_levels()
    assert not NOTICES.exists()
    for _ in range(3):
        sell_at_counter(variant=settled, store=store, by=bob)
        settle_levels()
    notice = NOTICES.get()
    assert "明前龙井" in notice.words["en"][0]
    assert "5 left" in notice.words["en"][0]
    stock = reverse("merchants:product_stock", args=[shop.slug, settled.product.public_id])
    assert notice.path == f"{stock}?variant={settled.pk}"
    assert fresh(settled.product).low
    change(settled, store, 20)
    settle_levels()
    assert not fresh(settled.product).low
    assert Variant.objects.get().low_since is None
    sell_at_counter(variant=settled, store=store, by=bob, quantity=23)
    settle_levels()
    assert NOTICES.count() == 2
    assert "sold out" in NOTICES.first().words["en"][0]


def test_two_sweeps_at_once_tell_once(settled, store, bob, monkeypatch):
    """Another sweep comes between our look and our write."""
    sell_at_counter(variant=settled, store=store, by=bob, quantity=6)
    write = level._that_fell
    calls = []

    def meanwhile(pks):
        if not calls:
            calls.append(1)
            level._settle({settled.product_id}, level.timezone.now())
        return write(pks)

    monkeypatch.setattr(level, "_that_fell", meanwhile)
    settle_levels()
    assert calls
    assert NOTICES.count() == 1


def test_new_goods_ring_no_bell(shop, store):
    scarce = product_of(shop, "Scarce", 100, 2)
    nothing = product_of(shop, "Nothing", 100, 0)
    settle_levels()
    assert fresh(scarce).low
    assert fresh(nothing).low  # although it has no stock to be stale
    assert not NOTICES.exists()
    change(scarce.variants.get(), store, -2)
    settle_levels()
    assert not NOTICES.exists(), "it was low all the time"


def test_a_new_specification_rings_no_bell_either(shop, settled, store):
    rows = [VariantData(name="一", sku=settled.sku, price=1, id=settled.pk)]
    save_product(
        merchant=shop,
        product=settled.product,
        version=settled.product.version,
        name="龙井",
        variants=[*rows, VariantData(name="二", sku="new", price=1, opening=3)],
        store=store,
    )
    settle_levels()
    assert fresh(settled.product).low
    assert not NOTICES.exists()


def test_what_is_not_on_sale_rings_no_bell(settled, store):
    Product.objects.update(state=ProductState.DRAFT.value)
    change(settled, store, -8)
    settle_levels()
    assert fresh(settled.product).low
    assert not NOTICES.exists()


def test_a_changed_threshold_is_followed(shop, settled):
    product = settled.product
    data = VariantData(name="", sku=settled.sku, price=1, id=settled.pk, low_stock=10)
    save_product(merchant=shop, product=product, version=1, name="龙井", variants=[data])
    settle_levels()
    assert fresh(product).low
    the_sums_are_right()


def test_a_specification_that_is_taken_out_counts_no_more(shop, settled, store, bob):
    product = settled.product
    other = VariantData(name="大", sku="big", price=1, opening=20)
    data = VariantData(name="小", sku=settled.sku, price=1, id=settled.pk)
    save_product(
        merchant=shop, product=product, version=1, name="a", variants=[data, other], store=store
    )
    change(settled, store, -10)
    settle_levels()
    assert fresh(product).low
    big = VariantData(name="大", sku="big", price=1, id=product.variants.get(sku="big").pk)
    save_product(
        merchant=shop, product=product, version=2, name="a", variants=[big], gone=[settled.pk]
    )
    settle_levels()
    assert not fresh(product).low
    assert fresh(product).free == 20
    the_sums_are_right()


def test_one_product_more_costs_no_statement_more(shop, store):
    def cost(count: int) -> int:
        products = [product_of(shop, f"P{count}-{n}", 100, 9) for n in range(count)]
        with CaptureQueriesContext(connection) as seen:
            assert settle_levels() == len(products)
        return len(seen)

    assert cost(2) == cost(12)


def test_more_than_one_batch_is_counted(shop, store, monkeypatch):
    monkeypatch.setattr(level, "BATCH", 3)
    for n in range(8):
        product_of(shop, f"P{n}", 100, n)
    settle_levels()
    the_sums_are_right()


def test_goods_of_a_sheet_are_counted_in_one_go(shop, store):
    products = Product.objects.bulk_create(
        [Product(merchant=shop, name=f"P{n}") for n in range(400)]
    )
    variants = Variant.objects.bulk_create(
        [Variant(merchant=shop, product=one, sku=f"S{one.pk}", price=1) for one in products]
    )
    receive_new(pieces=dict.fromkeys(variants, 7), store=store, by=None, reference="import x")
    with CaptureQueriesContext(connection) as seen:
        assert settle_levels() == 400
    assert len(seen) < 50
    the_sums_are_right()


steps = st.lists(
    st.tuples(
        st.sampled_from(["receive", "sell", "reserve", "release", "take", "settle", "line"]),
        st.integers(0, 2),
        st.integers(0, 1),
        st.integers(1, 8),
    ),
    max_size=25,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps)
def test_after_anything_the_levels_are_the_sums(db, shop, store, second, steps):
    variants = [product_of(shop, f"X{n}-{Product.objects.count()}", 100, 6) for n in range(3)]
    places = [store, second]
    for number, (what, which, where, pieces) in enumerate(steps):
        variant, reference = variants[which].variants.get(), f"r{number % 3}"
        try:
            if what == "receive":
                change(variant, places[where], pieces)
            elif what == "sell":
                sell_at_counter(variant=variant, store=places[where], by=None, quantity=pieces)
            elif what == "reserve":
                reserve(merchant=shop, basket={variant.pk: pieces}, reference=reference)
            elif what == "release":
                release(merchant=shop, reference=reference)
            elif what == "take":
                take(merchant=shop, reference=reference, by=None)
            elif what == "settle":
                settle_levels()
            else:
                Variant.objects.filter(pk=variant.pk).update(low_stock=pieces)
                level.mark_stale([variants[which]])
        except RuleBroken:
            continue
    settle_levels()
    the_sums_are_right()
