"""Goods from a spreadsheet: checked, brought in, taken out again (issue of moving in)."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.utils import timezone
from openpyxl import Workbook

from merchants.models import Import, Product, Stock, StockMovement, Store, Variant
from merchants.rules.column import Column
from merchants.rules.importing import ImportState
from merchants.rules.product import ProductState
from merchants.rules.stock import Reason
from merchants.selectors.invariant import INVARIANTS, offenders
from merchants.services import import_apply
from merchants.services.counter import sell_at_counter
from merchants.services.import_edit import edit_cell
from merchants.services.import_run import run
from merchants.services.importing import (
    BadColumns,
    Overtaken,
    WrongState,
    apply_import,
    commit_batch,
    name_columns,
    take_lease,
    undo_import,
)
from merchants.services.product import VariantData, save_product
from merchants.services.sheet import BadSheet
from merchants.services.stock import change_stock
from tests.merchants.sheets import SHOPIFY, SQUARE, WOO

pytestmark = pytest.mark.django_db
PLAIN = """品名,编码,分类,零售价,现存
白毫银针,BH-50,茶叶,180,12
正山小种,ZS-125,茶叶,92.00,7
玻璃公道杯,,茶具,35,26
"""


def codes(batch: Import, number: int) -> set[str]:
    return {f"{p[0]}.{p[1]}" for p in batch.rows.get(number=number).problems}


def test_a_plain_chinese_sheet_is_understood(bring):
    batch = bring(PLAIN)
    assert batch.columns == {"0": "name", "1": "sku", "2": "category", "3": "price", "4": "stock"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_usual_csv_is_read(checked, encoding, delimiter):
    batch = checked(PLAIN.replace(",", delimiter).encode(encoding))
    assert batch.counts["new"] == 3
    assert batch.rows.get(number=2).goods["name"] == "白毫银针"


def test_a_workbook_with_a_title_above_the_heading_is_read(checked):
    book = Workbook()
    page = book.active
    page.append(["桂芳茶行 库存表"])
    page.append(["商品名称*", "条形码", "售价(元)", "库存数量"])
    page.append(["龙井茶 新", 6901234567892, 138.5, 12.0])
    file = io.BytesIO()
    book.save(file)
    batch = checked(file.getvalue(), "库存.xlsx")
    goods = batch.rows.get().goods
    assert goods == {"name": "龙井茶 新", "barcode": "6901234567892", "price": 13850, "stock": 12}


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


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        *((",A9,10,1", "name.no_name"), ("茶,A9,,1", "price.no_price")),
        *(("茶,A9,-3,1", "price.not_an_amount"), ("茶,A9,1.234,1", "price.not_an_amount")),
        *(("茶,A9,99999999999,1", "price.not_an_amount"), ("茶,A9,10,-1", "stock.below_zero")),
        *(("茶,A9,10,1.5", "stock.not_a_count"), ("茶,A9,10,9999999", "stock.too_many")),
        *((f"{'茶' * 61},A9,10,1", "name.too_long"), (f"茶,{'A' * 41},10,1", "sku.too_long")),
    ],
)
def test_each_bad_cell_says_what_is_wrong(checked, cell, code):
    batch = checked(f"品名,编码,价格,库存\n{cell}\n")
    assert code in codes(batch, 2)
    assert batch.rows.get().outcome == "bad"


def test_full_width_digits_and_signs_are_numbers(checked):
    batch = checked("品名,价格,库存\n茶,￥１，３８０．５０,１２\n")
    assert batch.rows.get().goods["price"] == 138050
    assert batch.rows.get().goods["stock"] == 12


def test_a_sku_or_barcode_twice_in_a_file_is_told(checked):
    batch = checked("品名,编码,条码,价格\n茶一,A1,69,10\n茶二,a1,70,10\n茶三,A3,69,10\n")
    assert codes(batch, 2) == set()
    assert codes(batch, 3) == {"sku.twice"}
    assert codes(batch, 4) == {"barcode.twice"}


def test_a_barcode_of_another_shop_is_no_matter(checked, other_shop):
    theirs = [VariantData("", "T-1", 1000, barcode="6900")]
    save_product(merchant=other_shop, name="Theirs", variants=theirs)
    assert checked("品名,条码,价格\n茶,6900,10\n").counts == {"new": 1, "look": 0}


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
    assert take_lease(batch.pk) is None  # the dead one's lease still runs
    Import.objects.update(leased_until=None)
    run(batch.pk)
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


def test_a_cell_is_mended_in_place(checked):
    batch = checked("品名,编码,价格\n茶,A1,一百八\n茶二,A1,20\n")
    row = edit_cell(batch=batch, number=2, column=Column.PRICE, text="180")
    assert (row.outcome, row.goods["price"]) == ("new", 18000)
    edit_cell(batch=batch, number=2, column=Column.SKU, text="A9")
    assert codes(batch, 3) == set()  # its twin is free now
    assert batch.counts["new"] == 2
    assert batch.problems == {}


def test_columns_are_remembered(bring, checked):
    sheet = "甲,乙,丙\n茶,A1,18\n"
    batch = bring(sheet)
    assert batch.columns == {}
    named = {0: Column.NAME, 1: Column.SKU, 2: Column.PRICE}
    name_columns(batch=batch, columns=named, store=batch.store)
    assert bring(sheet).columns == {"0": "name", "1": "sku", "2": "price"}


def test_without_name_or_price_nothing_begins(bring):
    batch = bring(PLAIN)
    with pytest.raises(BadColumns):
        name_columns(batch=batch, columns={0: Column.NAME}, store=None)
    with pytest.raises(BadColumns):
        name_columns(
            batch=batch, columns={0: Column.NAME, 1: Column.PRICE, 2: Column.PRICE}, store=None
        )


def test_states_are_kept(checked):
    batch = checked(PLAIN)
    with pytest.raises(WrongState):
        undo_import(batch=batch)


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"",
            b"\x89PNG\r\n\x1a\n" + bytes(100),
            b"\xd0\xcf\x11\xe0" + bytes(600),
            b"PK\x03\x04junk",
        ),
        *(b"\n\n\n", ("a," * 200 + "\n1").encode()),
    ],
)
def test_what_is_no_table_is_refused(bring, content):
    with pytest.raises(BadSheet):
        bring(content)
    assert not Import.objects.exists()


def test_what_goes_out_comes_in_unchanged(done, checked, shop, longjing, cup, client, alice):
    done('品名,编码,价格,库存\n"=1+1 茶",X1,10,3\n')
    client.force_login(alice)
    before = list(Variant.objects.order_by("pk").values())
    for kind in ("csv", "xlsx"):
        answer = client.get(f"/dashboard/{shop.slug}/export/?as={kind}")
        again = checked(answer.content, f"goods.{kind}")
        assert again.counts.get("bad") is None
        assert again.counts.get("new") is None
        assert again.counts.get("change") is None
        assert again.counts["same"] == len(before)
    assert b"'=1+1" in client.get(f"/dashboard/{shop.slug}/export/").content


def test_the_stock_of_a_second_store_goes_out_by_itself(shop, longjing, client, alice):
    second = Store.objects.create(merchant=shop, name="湖滨店", city="杭州", position=1)
    variant = longjing.variants.get()
    change_stock(variant=variant, store=second, delta=4, reason=Reason.RECEIVED, by=None)
    client.force_login(alice)
    rows = client.get(f"/dashboard/{shop.slug}/export/", {"store": second.pk}).text.splitlines()
    assert ",4," in rows[1] or rows[1].endswith(",4")
    rows = client.get(f"/dashboard/{shop.slug}/export/", {"store": "0"}).text.splitlines()
    assert ",10," in rows[1] or rows[1].endswith(",10")


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
    assert "Bring in 1 row<" in page
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


def test_a_shopify_export_is_understood(done, shop):
    batch = done(SHOPIFY)
    assert (batch.kind, batch.counts["new"], batch.counts["silent"]) == ("shopify", 3, 1)
    tea = shop.products.get(name="West Lake Longjing")
    assert tea.description == "First picking& more"
    assert [(v.name, v.price, v.compare_at) for v in tea.variants.all()] == [
        *(("50 g", 6800, 8800), ("250 g", 29900, None))
    ]
    cup = shop.products.get(name="Glass cup")
    assert (cup.state, cup.variants.get().name, cup.category.name) == ("draft", "", "Ware")


def test_a_woocommerce_export_is_understood(done, shop):
    batch = done(WOO)
    assert (batch.kind, batch.counts["new"], batch.counts["silent"]) == ("woocommerce", 3, 1)
    hoodie = shop.products.get(name="Hoodie")
    assert hoodie.category.name == "Hoodies"
    assert [(v.name, v.price, v.compare_at) for v in hoodie.variants.all()] == [
        *(("Blue", 15900, 20000), ("Red", 20000, None))
    ]
    assert shop.products.get(name="Cap").state == "draft"


def test_a_square_library_is_understood(done, shop, store):
    batch = done(SQUARE)
    assert (batch.kind, batch.counts["new"]) == ("square", 3)
    latte = shop.products.get(name="Latte")
    assert [v.name for v in latte.variants.all()] == ["Small / Whole", "Large / Oat"]
    muffin = shop.variants.get(sku="MUF")
    assert (muffin.name, muffin.barcode) == ("", "0123456789012")
    assert Stock.objects.get(variant=muffin, store=store).on_hand == 6


def test_a_workbook_that_unpacks_to_too_much_is_refused(bring):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        for number in range(4):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", bytes(80 * 1024 * 1024))
    assert len(bomb.getvalue()) < 1_000_000
    with pytest.raises(BadSheet):
        bring(bomb.getvalue(), "goods.xlsx")


def test_entities_in_a_workbook_are_never_expanded(bring):
    book = Workbook()
    book.active.append(["品名", "价格"])
    plain = io.BytesIO()
    book.save(plain)
    hostile = io.BytesIO()
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(hostile, "w") as made:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sheet1.xml"):
                data = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]>' + data
            made.writestr(name, data)
    with pytest.raises(BadSheet):
        bring(hostile.getvalue(), "goods.xlsx")


def test_a_file_that_breaks_off_says_so_and_can_be_looked_at(checked, shop, client, alice):
    alice.language = "en"
    alice.save()
    batch = checked('name,price\n"' + "x" * 200_000)
    assert batch.state == ImportState.FAILED
    client.force_login(alice)
    page = client.get(
        f"/dashboard/{shop.slug}/imports/{batch.public_id}/", headers={"Accept-Language": "en"}
    )
    assert page.status_code == 200
    assert "cannot be read" in page.content.decode()


def test_one_variant_named_in_two_ways_is_counted_once(done, shop, longjing, store):
    variant = longjing.variants.first()
    variant.barcode = "6901"
    variant.save()
    batch = done(
        f"品名,编码,条码,价格,库存\n{longjing.name},{variant.sku},,68,30\n龙井,,6901,68,30\n"
    )
    assert codes(batch, 3) >= {"name.twice"}
    assert Stock.objects.get(variant=variant, store=store).on_hand == 30


def test_a_duplicate_without_sku_stays_one_when_its_cell_is_edited(checked):
    batch = checked("品名,编码,价格\n茶,,10\n茶,,12\n")
    assert codes(batch, 3) >= {"name.twice"}
    edit_cell(batch=batch, number=3, column=Column.NAME, text="茶")
    assert codes(batch, 3) >= {"name.twice"}


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


def test_a_control_character_breaks_no_export(shop, longjing, client, alice):
    longjing.description = "line\x0bbreak"
    longjing.save()
    client.force_login(alice)
    assert client.get(f"/dashboard/{shop.slug}/export/?as=xlsx").status_code == 200
