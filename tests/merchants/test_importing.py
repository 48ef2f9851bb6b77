"""Goods from a checked sheet come into the shop, whatever happens meanwhile; its pages."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from merchants.models import Import, Product, Stock, StockMovement, Variant
from merchants.rules.importing import ImportState, minutes_left
from merchants.services import import_apply
from merchants.services.counter import sell_at_counter
from merchants.services.import_run import run
from merchants.services.importing import (
    LEASE,
    Overtaken,
    apply_import,
    commit_batch,
    take_lease,
)
from merchants.services.product import VariantData, save_product
from merchants.tasks import run_imports
from tests.merchants.sheets import PLAIN, codes

pytestmark = pytest.mark.django_db


def test_what_is_good_comes_in(done, shop, store):
    batch = done(PLAIN)
    assert batch.state == ImportState.DONE
    silver = Variant.objects.get(merchant=shop, sku="BH-50")
    assert (silver.price, silver.product.category.name) == (18000, "茶叶")
    assert Stock.objects.get(variant=silver, store=store).on_hand == 12
    movement = StockMovement.objects.get(stock__variant=silver)
    assert (movement.delta, movement.reference) == (12, batch.reference)
    assert Variant.objects.get(product__name="玻璃公道杯").sku
    assert Product.objects.matching("bh-50").exists()


def test_a_bad_row_never_stops_the_good_ones(done, shop):
    batch = done(
        "品名,编码,价格,库存\n好茶,A1,10,1\n坏茶,A2,一百八,1\n茶三,A3,30,18 罐\n好茶二,A4,20,2\n"
    )
    assert set(shop.variants.filter(sku__startswith="A").values_list("sku", flat=True)) == {
        *("A1", "A4")
    }
    assert codes(batch, 3) == {"price.not_an_amount"}
    assert codes(batch, 4) == {"stock.not_a_count"}
    assert batch.counts["bad"] == 2


def test_what_is_known_is_changed_and_what_is_the_same_is_left(
    done, checked, shop, longjing, store
):
    variant = longjing.variants.first()
    sheet = f"品名,编码,价格\n{longjing.name},{variant.sku},{variant.price / 100}\n"
    assert checked(sheet).counts.get("same") == 1
    done(sheet.replace(str(variant.price / 100), "149"))
    variant.refresh_from_db()
    assert variant.price == 14900


def test_applying_twice_changes_nothing(done):
    first = done(PLAIN)
    rows = list(Variant.objects.order_by("pk").values())
    stock = list(Stock.objects.order_by("pk").values())
    moved = StockMovement.objects.count()
    again = done(PLAIN)
    assert again.counts.get("new") is None
    assert again.counts["same"] == first.counts["new"]
    assert list(Variant.objects.order_by("pk").values()) == rows
    assert list(Stock.objects.order_by("pk").values()) == stock
    assert StockMovement.objects.count() == moved


def test_what_was_sold_since_the_check_stays_sold(checked, done, shop, store, bob):
    done(PLAIN)
    again = checked(PLAIN.replace("180,12", "180,20"))
    silver = shop.variants.get(sku="BH-50")
    sell_at_counter(variant=silver, store=store, by=bob, quantity=2)
    apply_import(batch=again)
    run(again.pk)
    assert Stock.objects.get(variant=silver).on_hand == 18


def test_rows_of_one_product_are_its_variants(done, shop):
    done("品名,规格,编码,价格\n毛尖,50 g,M50,38\n毛尖,250 g,M250,168\n")
    product = shop.products.get(name="毛尖")
    assert [v.name for v in product.variants.all()] == ["50 g", "250 g"]
    done("品名,规格,编码,价格\n毛尖,500 g,M500,299\n")
    assert product.variants.count() == 3


def test_a_killed_worker_is_followed_by_another(checked, shop, monkeypatch):
    from merchants.services import import_apply

    sheet = "品名,编码,价格,库存\n" + "".join(f"茶{n},K{n},10,1\n" for n in range(30))
    batch = checked(sheet)
    apply_import(batch=batch)
    monkeypatch.setattr(import_apply, "BATCH", 10)
    written = import_apply._apply
    calls = []

    def dies(batch, rows):
        calls.append(len(rows))
        if len(calls) == 2:
            raise KeyboardInterrupt
        written(batch, rows)

    monkeypatch.setattr(import_apply, "_apply", dies)
    with pytest.raises(KeyboardInterrupt):
        run(batch.pk)
    assert shop.variants.filter(sku__startswith="K").count() == 10
    run_imports()
    assert take_lease(batch.pk) is None  # the dead one's lease still runs
    assert shop.variants.filter(sku__startswith="K").count() == 10
    Import.objects.update(leased_until=F("leased_until") - LEASE)  # so much later
    run_imports()  # the sweep finds it
    assert shop.variants.filter(sku__startswith="K").count() == 30
    assert Stock.objects.filter(variant__sku__startswith="K").count() == 30


def test_who_was_overtaken_writes_nothing(checked, shop):
    batch = checked(PLAIN)
    apply_import(batch=batch)
    slow = take_lease(batch.pk)
    Import.objects.update(leased_until=None)
    assert take_lease(batch.pk)
    with pytest.raises(Overtaken):
        commit_batch(slow, lambda: Product.objects.all().delete())
    run(batch.pk)


def test_a_sku_taken_since_the_check_stays_out_alone(checked, shop, longjing):
    batch = checked(PLAIN)
    Variant.objects.create(merchant=shop, product=longjing, name="x", sku="zs-125", price=1)
    apply_import(batch=batch)
    run(batch.pk)
    batch.refresh_from_db()
    assert shop.variants.filter(sku="BH-50").exists()
    assert codes(batch, 3) >= {"sku.taken_since"}
    assert batch.counts["bad"] == 1


def test_variants_that_a_sheet_names_otherwise_are_chosen_by_name(done, shop):
    tee = save_product(
        merchant=shop,
        name="Tee",
        options=[("尺码", ["S", "M"])],
        variants=[VariantData(name, f"T-{name}", 9900, options=(name,)) for name in ("S", "M")],
    )
    tee.refresh_from_db()
    assert tee.options == [["尺码", ["S", "M"]]]
    done("品名,规格,编码,价格\nTee,S 小号,T-S,99\nTee,M,T-M,99\n")
    tee.refresh_from_db()
    assert tee.options == []


def test_only_the_bad_rows_are_handed_back_with_their_reasons(done, shop, client, alice):
    batch = done("品名,编码,价格\n好茶,A1,10\n坏茶,A2,一百八\n")
    client.force_login(alice)
    path = f"/dashboard/{shop.slug}/imports/{batch.public_id}/bad.csv"
    lines = client.get(path, headers={"Accept-Language": "en"}).content.decode("utf-8-sig")
    assert lines.splitlines() == [
        "品名,编码,价格,What to mend",
        '坏茶,A2,一百八,"Price: Write the price in digits, such as 180."',
    ]


def test_a_sheet_sent_twice_comes_once(shop, client, alice, store):
    client.force_login(alice)
    for _press in range(2):
        file = io.BytesIO(PLAIN.encode())
        file.name = "goods.csv"
        client.post(f"/dashboard/{shop.slug}/imports/", {"file": file, "form_key": "k" * 22})
    assert shop.imports.count() == 1


def test_the_pages_lead_from_file_to_shop(shop, client, alice, store, settings, tmp_path):
    client.force_login(alice)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    begin = f"/dashboard/{shop.slug}/imports/"
    refused = client.post(begin, {"file": io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(99))})
    assert refused.status_code == 422
    file = io.BytesIO("品名,编码,价格\n好茶,A1,10\n坏茶,A2,一百八\n".encode())
    file.name = "茶.csv"
    there = client.post(begin, {"file": file})["Location"]
    assert "好茶" in client.get(there).content.decode()
    bad = client.post(f"{there}columns/", {"c0": "name", "store": store.pk})
    assert bad.status_code == 422
    assert "Say which column holds the price." in bad.content.decode()
    columns = {"c0": "name", "c1": "sku", "c2": "price", "store": store.pk}
    assert client.post(f"{there}columns/", columns)["Location"] == there
    assert "Checking the rows" in client.get(there).content.decode()
    batch = Import.objects.get()
    run(batch.pk)
    assert client.get(f"{there}progress/")["HX-Refresh"] == "true"
    page = client.get(there).content.decode()
    assert "Bring in the 1 good row<" in page
    assert "一百八" in page
    mended = client.post(f"{there}rows/3/", {"column": "price", "text": "180"})
    assert "Bring in 2 rows" in mended.content.decode()
    client.post(f"{there}apply/")
    run(batch.pk)
    assert shop.variants.filter(sku__in=["A1", "A2"]).count() == 2
    client.post(f"{there}undo/")
    run(batch.pk)
    assert not shop.variants.filter(sku__in=["A1", "A2"]).exists()
    assert "Undone" in client.get(begin).content.decode()


def test_one_variant_named_in_two_ways_is_counted_once(done, shop, longjing, store):
    variant = longjing.variants.first()
    variant.barcode = "6901"
    variant.save()
    batch = done(
        f"品名,编码,条码,价格,库存\n{longjing.name},{variant.sku},,68,30\n龙井,,6901,68,30\n"
    )
    assert codes(batch, 3) >= {"name.twice"}
    assert Stock.objects.get(variant=variant, store=store).on_hand == 30


def test_a_name_saved_while_a_batch_waits_is_not_written_back(checked, shop, longjing, monkeypatch):
    """Somebody saves the product between the look at it and the lock on it."""
    variant = longjing.variants.first()
    batch = checked(f"品名,编码,价格\n{longjing.name},{variant.sku},{variant.price / 100 + 1}\n")

    def waits(*args, **changes):
        Product.objects.filter(pk=longjing.pk).update(description="by hand")
        Variant.objects.filter(pk=variant.pk).update(low_stock=9)
        return commit_batch(*args, **changes)

    monkeypatch.setattr(import_apply, "commit_batch", waits)
    apply_import(batch=batch)
    price = variant.price
    run(batch.pk)
    variant.refresh_from_db()
    longjing.refresh_from_db()
    assert (variant.price, variant.low_stock, longjing.description) == (price + 100, 9, "by hand")


def test_a_shelf_place_is_read_in_both_languages_and_an_empty_one_changes_nothing(
    done, shop, longjing
):
    variant = longjing.variants.get()
    for heading, cell, place in [("货位", "A1", "A1"), ("Bin", "b-2", "b-2"), ("架位", "", "b-2")]:
        done(f"品名,编码,价格,{heading}\n{longjing.name},{variant.sku},168,{cell}\n")
        variant.refresh_from_db()
        assert variant.shelf_place == place


def test_a_shelf_place_that_is_too_long_or_became_a_date_keeps_its_row_out(checked, shop, longjing):
    book = Workbook()
    book.active.append(["品名", "编码", "价格", "货位"])
    book.active.append(["甲", "A1", 9, datetime(2026, 2, 3)])  # 2-3, as Excel takes it
    book.active.append(["乙", "A2", 9, "第三仓库二楼东侧靠窗货架第二层左边数第三格"])
    file = io.BytesIO()
    book.save(file)
    batch = checked(file.getvalue(), "goods.xlsx")
    assert codes(batch, 2) == {"shelf_place.a_date"}
    assert codes(batch, 3) == {"shelf_place.too_long"}
    assert batch.counts["bad"] == 2


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("2月3日", "a_date"),  # what 2-3 is in a CSV that Excel or WPS has saved, in its languages
        ("3-Feb", "a_date"),
        ("Mar-23", "a_date"),
        ("2026/2/3", "a_date"),
        ("0101-02-03", ""),  # aisle, rack, level
        ("2-3", ""),
        ("A-2026-02-03", ""),
    ],
)
def test_a_place_that_a_spreadsheet_saved_as_a_date_is_told_from_one_that_is_a_place(
    checked, shop, cell, problem
):
    batch = checked(f"品名,编码,价格,货位\n甲,A1,9,{cell}\n")
    assert ("shelf_place.a_date" in codes(batch, 2)) == bool(problem)


@pytest.mark.parametrize(
    ("done", "total", "seconds", "minutes"),
    [
        (0, 100, 60, None),  # nothing is done yet
        (50, 100, 3, None),  # it has hardly begun
        (50, 100, 60, 1),
        (99, 100, 600, 1),
        (10, 100, 60, 9),
        (1_000, 50_000, 30, 25),
    ],
)
def test_it_tells_how_long_the_rest_takes(done, total, seconds, minutes):
    assert minutes_left(done, total, seconds) == minutes


def test_the_progress_says_it(checked, as_alice):
    batch = checked(PLAIN)
    apply_import(batch=batch)
    begun = timezone.now() - timedelta(minutes=2)
    Import.objects.filter(pk=batch.pk).update(started_at=begun, cursor=2, total=6)
    address = reverse("merchants:import_progress", args=["tea", batch.public_id])
    whole = reverse("merchants:import", args=["tea", batch.public_id])
    for told in (address, whole):  # by itself, and to who loads the page again
        page = as_alice.get(told, headers={"accept-language": "en"})
        assert "2 of 6 rows" in page.text
        assert "about 5 min left" in page.text
