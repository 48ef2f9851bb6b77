"""An import taken out again: all of it, and nothing that came since."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from merchants.models import Stock, StockMovement, Variant
from merchants.rules.importing import ImportState
from merchants.rules.product import ProductState
from merchants.rules.stock import Reason
from merchants.selectors.invariant import INVARIANTS, offenders
from merchants.services.counter import sell_at_counter
from merchants.services.import_run import run
from merchants.services.importing import (
    undo_import,
)
from merchants.services.stock import change_stock
from tests.merchants.sheets import PLAIN

pytestmark = pytest.mark.django_db


def test_an_import_is_undone(done, shop, longjing, store):
    variant = longjing.variants.first()
    before = (variant.price, Stock.objects.get(variant=variant, store=store).on_hand)
    products = shop.products.count()
    batch = done(PLAIN + f"{longjing.name},{variant.sku},好茶,149,99\n")
    variant.refresh_from_db()
    assert variant.price == 14900
    undo_import(batch=batch)
    run(batch.pk)
    batch.refresh_from_db()
    variant.refresh_from_db()
    assert batch.state == ImportState.UNDONE
    assert shop.products.count() == products
    assert (variant.price, Stock.objects.get(variant=variant, store=store).on_hand) == before


def test_a_shelf_place_comes_in_and_goes_out_again(done, shop, longjing):
    variant = longjing.variants.get()
    Variant.objects.filter(pk=variant.pk).update(shelf_place="A1")
    batch = done(
        f"品名,编码,价格,库位\n{longjing.name},{variant.sku},168,A2-3\n新茶,XC-1,9,C9\n老茶,XC-2,9,\n"
    )
    places = dict(shop.variants.values_list("sku", "shelf_place"))
    assert places == places | {variant.sku: "A2-3", "XC-1": "C9", "XC-2": ""}
    undo_import(batch=batch)
    run(batch.pk)
    variant.refresh_from_db()
    assert variant.shelf_place == "A1"


def test_a_product_is_found_by_what_it_is_after_the_undo(done, shop, longjing):
    variant = longjing.variants.get()
    batch = done(
        f"品名,规格,编码,价格\n{longjing.name},,{variant.sku},168\n{longjing.name},小,XS-1,9\n"
    )
    found = shop.products.matching("xs-1")
    assert found.get().price_from == 900
    undo_import(batch=batch)
    run(batch.pk)
    longjing.refresh_from_db()
    assert longjing.price_from == 16800
    assert not found.all().exists()


def test_what_was_sold_cannot_be_undone(done, shop, store, bob):
    batch = done(PLAIN)
    sell_at_counter(variant=shop.variants.get(sku="BH-50"), store=store, by=bob)
    with pytest.raises(Exception, match="白毫银针"):
        undo_import(batch=batch)
    batch.refresh_from_db()
    assert batch.state == ImportState.DONE


def test_what_came_in_by_hand_during_the_undo_stays_for_sale(done, shop, store, bob):
    batch = done(PLAIN)
    undo_import(batch=batch)
    silver = shop.variants.get(sku="BH-50")
    change_stock(variant=silver, store=store, delta=5, reason=Reason.RECEIVED, by=bob)
    run(batch.pk)
    silver = shop.variants.get(sku="BH-50")  # not archived: nobody would find its pieces again
    assert silver.stock.get().on_hand == 5
    assert silver.product.state != ProductState.ARCHIVED


def test_goods_that_an_undo_takes_out_leave_the_list(done, shop, store, bob):
    batch = done(PLAIN)
    undo_import(batch=batch)
    silver = shop.variants.get(sku="BH-50")
    sell_at_counter(variant=silver, store=store, by=bob)
    run(batch.pk)
    product = Variant.whole.get(pk=silver.pk).product
    assert product.state == ProductState.ARCHIVED
    assert [str(one) for one in offenders(INVARIANTS, timezone.now())] == []


def test_a_sale_during_the_undo_is_kept_with_its_goods(done, shop, store, bob):
    batch = done(PLAIN)
    undo_import(batch=batch)
    silver = shop.variants.get(sku="BH-50")
    sell_at_counter(variant=silver, store=store, by=bob)
    run(batch.pk)
    silver = Variant.whole.get(pk=silver.pk)
    assert silver.archived
    deltas = StockMovement.objects.filter(stock__variant=silver).order_by("pk")
    first = batch.rows.get(variant=silver).goods["stock"]
    assert list(deltas.values_list("delta", flat=True)) == [first, -1, 1 - first]
    assert not shop.variants.filter(sku="ZS-125").exists()


def test_what_no_longer_fits_is_left_as_it_is(done, shop, longjing):
    variant = longjing.variants.first()
    Variant.objects.filter(pk=variant.pk).update(price=10000, compare_at=20000)
    batch = done(f"品名,编码,价格,原价\n{longjing.name},{variant.sku},150,300\n")
    Variant.objects.filter(pk=variant.pk).update(price=25000)
    undo_import(batch=batch)
    run(batch.pk)
    batch.refresh_from_db()
    variant.refresh_from_db()
    assert (batch.state, variant.price) == (ImportState.UNDONE, 25000)


def test_it_asks_in_numbers_before_it_undoes(done, as_alice, shop, longjing, store):
    as_alice.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    variant = longjing.variants.get()
    batch = done(PLAIN + f"{longjing.name},{variant.sku},好茶,149,99\n")
    brought = batch.rows.filter(outcome="new").count()
    pieces = sum(
        StockMovement.objects.filter(reference=batch.reference).values_list("delta", flat=True)
    )
    page = reverse("merchants:import", args=["tea", batch.public_id])
    ask = reverse("merchants:import_undo", args=["tea", batch.public_id])
    whole = as_alice.get(page).text
    dialog = whole.split('<dialog class="dialog" id="undo"')[1].split("</dialog>")[0]
    for asked in (dialog, as_alice.get(ask).text):
        assert f"{brought} specifications that it brought leave the shop." in asked
        assert "1 that it changed becomes what it was" in asked
        assert f"{pieces} pieces are taken off the stock of {store.name}." in asked
    assert "autofocus" in dialog.split("Keep it")[0].rsplit("<button", 1)[1]
    assert f'href="{ask}"' in whole  # leads to the question where no script opens the dialog
    batch.refresh_from_db()
    assert batch.state == ImportState.DONE  # asking changed nothing
    as_alice.post(ask)
    batch.refresh_from_db()
    assert batch.state == ImportState.UNDOING
    assert as_alice.get(ask).status_code == 302  # nothing is left to be asked
