"""Each row of a sheet says what is wrong with it, and is mended in place."""

from __future__ import annotations

import pytest

from merchants.rules.column import Column
from merchants.services.import_edit import edit_cell
from merchants.services.importing import (
    BadColumns,
    WrongState,
    name_columns,
    undo_import,
)
from merchants.services.product import VariantData, save_product
from tests.merchants.sheets import PLAIN, codes

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        *((",A9,10,1", "name.no_name"), ("茶,A9,,1", "price.no_price")),
        *(("茶,A9,-3,1", "price.below_nothing"), ("茶,A9,1.234,1", "price.not_an_amount")),
        *(("茶,A9,99999999999,1", "price.too_dear"), ("茶,A9,10,-1", "stock.below_zero")),
        *(("茶,A9,10,1.5", "stock.in_parts"), ("茶,A9,10,9999999", "stock.too_many")),
        *(("茶,A9,10,99999999999999", "stock.too_many"), ("茶,A9,￥-3,1", "price.not_an_amount")),
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


def test_a_duplicate_without_sku_stays_one_when_its_cell_is_edited(checked):
    batch = checked("品名,编码,价格\n茶,,10\n茶,,12\n")
    assert codes(batch, 3) >= {"name.twice"}
    edit_cell(batch=batch, number=3, column=Column.NAME, text="茶")
    assert codes(batch, 3) >= {"name.twice"}


@pytest.mark.parametrize("variants", [2, 60])
def test_a_cell_of_a_large_product_asks_as_often_as_one_of_a_small(
    checked, variants, django_assert_max_num_queries
):
    rows = "".join(f"衫,{n % 8},{n // 8},A{n},10\n" for n in range(variants))
    batch = checked(f"品名,颜色,尺码,编码,价格\n{rows}帽,,,A1,5\n")
    assert codes(batch, variants + 2) == {"sku.twice"}
    with django_assert_max_num_queries(30):
        edit_cell(batch=batch, number=3, column=Column.SKU, text="B1")
    assert batch.problems == {}
    with django_assert_max_num_queries(30):
        edit_cell(batch=batch, number=3, column=Column.VALUE_1, text="0")
    assert codes(batch, 3) == {"value_1.twice"}
