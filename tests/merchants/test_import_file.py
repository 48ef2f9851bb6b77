"""Files that a merchant may bring, and those that nobody may."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook

from merchants.models import Import, Stock
from merchants.rules.importing import ImportState
from merchants.services.sheet import BadSheet
from tests.merchants.sheets import PLAIN, SHOPIFY, SQUARE, WOO

pytestmark = pytest.mark.django_db


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


def test_a_sheet_without_goods_says_so(checked, as_alice, shop):
    batch = checked("品名,编码,价格\n,,\n\n")
    assert batch.state == ImportState.FAILED
    page = as_alice.get(f"/dashboard/{shop.slug}/imports/{batch.public_id}/")
    assert batch.failure
    assert batch.failure in page.text
    assert "Every row can be brought in" not in page.text
    assert "每一行都可以直接导入" not in page.text


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
