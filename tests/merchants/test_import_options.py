"""Weights and options on their way through sheets: in, out, and back again."""

from __future__ import annotations

import csv
import io

import pytest

from merchants.models import Import, Product, Variant
from merchants.rules.column import Column
from merchants.rules.heading import guess, hints_of
from merchants.services.import_edit import edit_cell
from merchants.services.import_run import run
from merchants.services.importing import undo_import
from merchants.services.product import VariantData, save_product
from tests.merchants.sheets import SHOP, SHOPIFY, SHOPIFY_2025, SQUARE, TILL, WOO, codes, woo

pytestmark = pytest.mark.django_db


def weights(shop) -> dict[str, int | None]:
    return dict(shop.variants.values_list("sku", "weight"))


def chosen(product: Product) -> list[list[str]]:
    return [one.options for one in product.variants.all()]


def undone(batch: Import) -> None:
    undo_import(batch=batch)
    run(batch.pk)


def state_of(shop) -> list[object]:
    """Everything that an import may write, as it stands."""
    variants = Variant.whole.filter(merchant=shop).order_by("pk")
    return [
        *shop.products.order_by("pk").values_list("pk", "name", "options", "state"),
        *variants.values_list("pk", "name", "options", "weight", "price", "archived"),
    ]


@pytest.fixture
def tee(shop) -> Product:
    """In two colours and two sizes, as the page of a product makes it."""
    rows = [(colour, size) for colour in ("红", "蓝") for size in ("M", "L")]
    return save_product(
        merchant=shop,
        name="Tee",
        options=[("颜色", ["红", "蓝"]), ("尺码", ["M", "L"])],
        variants=[
            VariantData(f"{c} / {s}", f"T-{c}{s}", 9900, options=(c, s), weight=180)
            for c, s in rows
        ],
    )


def test_the_options_of_a_shopify_product_come_in(done, shop):
    done(SHOPIFY)
    tea = shop.products.get(name="West Lake Longjing")
    assert tea.options == [["Size", ["50 g", "250 g"]]]
    assert chosen(tea) == [["50 g"], ["250 g"]]
    assert shop.products.get(name="Glass cup").options == []
    assert weights(shop) == {"LJ-50": 60, "LJ-250": 286, "CUP": None}


def test_two_options_of_the_newer_shopify_come_in(done, shop):
    batch = done(SHOPIFY_2025)
    assert (batch.kind, batch.counts["new"]) == ("shopify 2025", 3)
    tee = shop.products.get()
    assert tee.options == [["Colour", ["Red", "Blue"]], ["Size", ["M", "L"]]]
    assert [one.name for one in tee.variants.all()] == ["Red / M", "Red / L", "Blue / M"]
    assert weights(shop) == {"TEE-RM": 180, "TEE-RL": 180, "TEE-BM": 190}


@pytest.mark.parametrize(
    ("unit", "parents", "own"), [("kg", 600, 650), ("lbs", 272, 295), ("oz", 17, 18), ("g", 1, 1)]
)
def test_a_variation_of_woocommerce_weighs_what_its_parent_does(done, shop, unit, parents, own):
    done(woo(unit))
    assert weights(shop) == {"HOODIE-B": parents, "HOODIE-R": own, "CAP": None}


def test_what_a_simple_product_is_made_of_is_no_choice(done, shop):
    done(WOO)
    assert shop.products.get(name="Hoodie").options == [["Colour", ["Blue", "Red"]]]
    cap = shop.products.get(name="Cap")
    assert (cap.options, cap.variants.get().name) == ([], "")


def test_the_item_options_of_square_come_in(done, shop):
    batch = done(SQUARE)
    latte = shop.products.get(name="Latte")
    assert latte.options == [["Size", ["Small", "Large"]], ["Milk", ["Whole", "Oat"]]]
    assert [one.name for one in latte.variants.all()] == ["Small / Whole", "Large / Oat"]
    assert weights(shop)["MUF"] == 113
    assert not codes(batch, 2) & {"spec.renamed"}


def test_a_chinese_till_has_a_column_for_each_choice(done, shop):
    done(TILL)
    shirt = shop.products.get(name="棉麻衬衫")
    assert shirt.options == [["颜色", ["红", "蓝"]], ["尺码", ["M", "L"]]]
    assert chosen(shirt) == [["红", "M"], ["红", "L"], ["蓝", "M"]]
    assert shop.products.get(name="丝巾").options == []
    assert weights(shop) == {"CS-RM": 220, "CS-RL": 240, "CS-BM": 220, "SJ-1": 46}


def test_names_of_options_stand_in_the_first_row_alone(done, shop):
    done(SHOP)
    tea = shop.products.get(name="明前龙井")
    assert tea.options == [["包装", ["罐装", "袋装"]], ["净含量", ["50克", "100克"]]]
    assert weights(shop) == {"LJ-G50": 120, "LJ-G100": 200, "LJ-D100": 110, "BLB": None}


def test_a_specification_beside_a_choice_tells_variants_apart(done, shop):
    done("品名,规格,颜色,编码,价格\n壶,大,红,H1,10\n壶,小,红,H2,8\n")
    assert [one.name for one in shop.products.get().variants.all()] == ["大 / 红", "小 / 红"]
    assert shop.products.get().options == []


def test_headings_say_units_and_names():
    headers = ["品名", "重量（千克）", "* 颜色名称", "Size", "规格3值", "price"]
    columns = guess(headers)
    assert columns == {
        0: Column.NAME,
        1: Column.WEIGHT,
        2: Column.VALUE_1,
        3: Column.VALUE_2,
        4: Column.VALUE_3,
        5: Column.PRICE,
    }
    hints = hints_of(headers, columns)
    assert hints == {Column.WEIGHT: "千克", Column.VALUE_1: "颜色", Column.VALUE_2: "Size"}


def test_the_headings_of_a_book_kept_by_hand_are_known():
    assert list(guess(["货名", "花色", "单价", "剩余"]).values()) == [
        *(Column.NAME, Column.VALUE_1, Column.PRICE, Column.STOCK)
    ]


def test_a_fourth_choice_joins_the_name(done, shop):
    done("品名,颜色,尺码,款式,口味,编码,价格\n糖,红,L,圆,甜,A,1\n糖,红,L,圆,咸,B,1\n")
    assert [one.name for one in shop.products.get().variants.all()] == [
        *("甜 / 红 / L / 圆", "咸 / 红 / L / 圆")
    ]


@pytest.mark.parametrize("text", ["abc", "-1", "1e9", "1000000000", "12 stone", "1.2.3kg"])
def test_a_bad_weight_is_told_at_its_cell_and_stops_no_other_row(done, shop, text):
    batch = done(f"品名,编码,价格,重量\n好茶,A1,10,1.5kg\n坏茶,A2,20,{text}\n茶,A3,30,\n")
    assert weights(shop) == {"A1": 1500, "A3": None}
    assert codes(batch, 3) == {"weight.not_a_weight"}


def test_a_unit_beside_the_weight_counts_and_one_in_the_cell_counts_more(done, shop):
    done("品名,编码,价格,重量,重量单位\n茶,A,1,2,kg\n茶乙,B,1,2斤,kg\n茶丙,C,1,８０,\n")
    assert weights(shop) == {"A": 2000, "B": 1000, "C": 80}


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ("颜色,红,,", "value_2.no_value"),
        ("颜色,红,尺码,", "value_2.no_value"),
        ("颜色,红,材质,棉", "value_2.other_options"),
        ("颜色,红,颜色,蓝", "value_2.option_twice"),
        ("颜色,红,尺码,M", "value_1.twice"),
        (f"颜色,红,{'尺' * 25},L", "value_2.long_option"),
        (f"颜色,红,尺码,{'长' * 40}", "value_1.too_long"),
    ],
)
def test_rows_that_contradict_each_other_stay_out_alone(done, shop, second, code):
    head = "品名,规格1名,规格1值,规格2名,规格2值,编码,价格\n"
    batch = done(f"{head}衫,颜色,红,尺码,M,A,10\n衫,{second},B,10\n衫,颜色,蓝,尺码,L,C,10\n")
    assert code in codes(batch, 3)
    assert set(weights(shop)) == {"A", "C"}
    assert shop.products.get().options == [["颜色", ["红", "蓝"]], ["尺码", ["M", "L"]]]


def test_the_same_options_in_another_order_are_the_same(done, shop):
    head = "品名,规格1名,规格1值,规格2名,规格2值,编码,价格\n"
    done(f"{head}衫,颜色,红,尺码,M,A,10\n衫,尺码,L,颜色,红,B,10\n")
    assert [one.name for one in shop.products.get().variants.all()] == ["红 / M", "红 / L"]


def test_a_value_is_written_as_the_first_row_wrote_it(done, shop):
    done("品名,颜色,编码,价格\n衫,Red,A,10\n衫,Blue,B,10\n")
    done("品名,颜色,尺码,编码,价格\n衣,Red,M,C,10\n衣,red,L,D,10\n")
    assert shop.products.get(name="衣").options == [["颜色", ["Red"]], ["尺码", ["M", "L"]]]


def test_what_would_part_a_value_is_left_out_of_it(done, shop):
    done('品名,颜色,编码,价格\n衫,"Blue, dark",A,10\n衫,S / M,B,10\n衫,"1,5",C,10\n')
    assert shop.products.get().options == [["颜色", ["Blue dark", "S/M", "1.5"]]]


def test_too_much_choice_is_chosen_by_name(done, shop):
    rows = "".join(f"衫,色{n},{n % 10},A{n},10\n" for n in range(30))
    batch = done(f"品名,颜色,尺码,编码,价格\n{rows}")
    assert shop.variants.count() == 30
    assert shop.products.get().options == []
    assert batch.problems["value_1.many_options"][0] == 1


def test_options_of_the_shop_are_not_renamed_by_a_sheet(done, checked, tee):
    head = "品名,规格1名,规格1值,规格2名,规格2值,编码,价格\n"
    batch = checked(f"{head}Tee,色彩,红,尺码,M,T-红M,99\n")
    assert codes(batch, 2) == {"value_1.other_options"}
    same = checked(f"{head}Tee,尺码,M,颜色,红,T-红M,99\n")
    assert same.counts["same"] == 1


def test_a_new_size_joins_the_options_and_the_undo_takes_it_out(done, shop, tee):
    before = state_of(shop)
    batch = done("品名,颜色,尺码,编码,价格,重量\nTee,红,XL,T-XL,109,0.2kg\nTee,红,M,T-红M,99,170\n")
    tee.refresh_from_db()
    assert tee.options == [["颜色", ["红", "蓝"]], ["尺码", ["M", "L", "XL"]]]
    assert shop.variants.get(sku="T-红M").weight == 170
    undone(batch)
    assert state_of(shop) == before


def test_the_undo_gives_options_back_that_a_sheet_broke(done, shop, tee):
    before = state_of(shop)
    batch = done("品名,规格,编码,价格\nTee,红色小码,T-红M,99\n")
    tee.refresh_from_db()
    assert tee.options == []
    undone(batch)
    assert state_of(shop) == before


def test_the_undo_takes_options_away_that_a_sheet_gave(done, shop):
    tea = save_product(
        merchant=shop,
        name="毛尖",
        variants=[VariantData(name, f"M{name}", 3800) for name in ("50g", "250g")],
    )
    before = state_of(shop)
    batch = done("品名,包装,净含量,编码,价格\n".replace("包装,净含量", "规格1名,规格1值")
                 + "毛尖,净含量,50g,M50g,38\n毛尖,净含量,250g,M250g,38\n")  # fmt: skip
    tea.refresh_from_db()
    assert tea.options == [["净含量", ["50g", "250g"]]]
    undone(batch)
    assert state_of(shop) == before


def test_options_changed_by_hand_since_stay(done, shop, tee):
    batch = done("品名,颜色,尺码,编码,价格\nTee,红,XL,T-XL,109\n")
    theirs = [["颜色", ["红", "蓝"]], ["号", ["M", "L", "XL"]]]
    Product.objects.filter(pk=tee.pk).update(options=theirs)
    undone(batch)
    tee.refresh_from_db()
    assert tee.options == theirs


def test_batches_of_a_large_product_add_up(done, shop, monkeypatch):
    monkeypatch.setattr("merchants.services.import_apply.BATCH", 2)
    before = state_of(shop)
    rows = "".join(f"衫,红,{n},A{n},10\n" for n in range(7))
    batch = done(f"品名,颜色,尺码,编码,价格\n{rows}")
    assert shop.products.get().options == [["颜色", ["红"]], ["尺码", [str(n) for n in range(7)]]]
    undone(batch)
    assert state_of(shop) == before


@pytest.mark.parametrize("sheet", [SHOPIFY, SHOPIFY_2025, WOO, SQUARE, TILL, SHOP])
def test_every_sheet_brought_again_or_taken_out_and_back_changes_nothing(
    done, checked, shop, client, alice, sheet
):
    done(sheet)
    assert set(checked(sheet).counts) <= {"same", "silent", "look"}
    client.force_login(alice)
    for language in ("zh-hans", "en"):
        for kind in ("csv", "xlsx"):
            client.cookies["django_language"] = language
            answer = client.get(f"/dashboard/{shop.slug}/export/", {"as": kind})
            again = checked(answer.content, f"goods.{kind}")
            assert set(again.counts) <= {"same", "look"}
            assert again.counts["same"] == shop.variants.count()
            assert again.counts["look"] == 0


def test_the_export_has_a_column_for_each_part(shop, tee, client, alice):
    client.force_login(alice)
    client.cookies["django_language"] = "zh-hans"
    text = client.get(f"/dashboard/{shop.slug}/export/").content.decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(text)))
    assert row["重量（g）"] == "180"
    assert [row[f"选项{n}{part}"] for n in (1, 2, 3) for part in ("名", "值")] == [
        *("颜色", "红", "尺码", "M", "", "")
    ]


def test_a_goods_export_comes_into_an_empty_shop_as_it_was(
    done, shop, tee, client, alice, other_shop
):
    """What goes out of one shop makes the same goods in another."""
    client.force_login(alice)
    content = client.get(f"/dashboard/{shop.slug}/export/?as=xlsx").content
    Product.objects.filter(merchant=shop).delete()
    done(content, "goods.xlsx")
    again = shop.products.get()
    assert again.options == tee.options
    assert [(v.name, v.weight) for v in again.variants.all()] == [
        *(("红 / M", 180), ("红 / L", 180), ("蓝 / M", 180), ("蓝 / L", 180))
    ]


def test_the_page_of_a_product_saves_what_a_sheet_brought(done, shop, client, alice):
    """Opened and saved as it stands, nothing is taken out and no table is asked for."""
    done(SHOPIFY_2025)
    product = shop.products.get()
    before = list(product.variants.values("pk", "name", "options", "weight"))
    client.force_login(alice)
    path = f"/dashboard/{shop.slug}/products/{product.public_id}/"
    page = client.get(path)
    sent = {key: field.value() or "" for form in [page.context["form"]]
            for key, field in ((one.html_name, one) for one in form)}  # fmt: skip
    rows = page.context["variants"]
    for row in [rows.management_form, *rows.forms]:
        sent |= {field.html_name: field.value() for field in row if field.value() is not None}
    assert client.post(path, sent | {"state": "on_sale"}).status_code == 302
    product.refresh_from_db()
    assert product.options == [["Colour", ["Red", "Blue"]], ["Size", ["M", "L"]]]
    assert list(product.variants.values("pk", "name", "options", "weight")) == before


def test_the_preview_shows_what_was_understood(checked, shop, client, alice):
    batch = checked(TILL)
    client.force_login(alice)
    page = client.get(f"/dashboard/{shop.slug}/imports/{batch.public_id}/?only=all").text
    assert "颜色 红 · 尺码 M" in page
    assert "46g" in page


def test_a_mended_value_frees_the_rows_beside_it(checked):
    head = "品名,规格1名,规格1值,编码,价格\n"
    batch = checked(f"{head}衫,颜色,红,A,10\n衫,,红,B,10\n衫,,蓝,C,10\n")
    assert codes(batch, 3) == {"value_1.twice"}
    row = edit_cell(batch=batch, number=3, column=Column.VALUE_1, text="绿")
    assert (row.outcome, row.goods["options"]) == ("new", [["颜色", "绿"]])
    edit_cell(batch=batch, number=2, column=Column.VALUE_1, text="蓝")
    assert codes(batch, 4) == {"value_1.twice"}
    edit_cell(batch=batch, number=2, column=Column.OPTION_1, text="色彩")
    assert batch.rows.get(number=3).goods["options"] == [["色彩", "绿"]]
    assert edit_cell(batch=batch, number=4, column=Column.VALUE_1, text="白").outcome == "new"


def test_a_mended_weight_is_taken(checked):
    batch = checked("品名,编码,价格,重量(kg)\n茶,A1,10,abc\n")
    row = edit_cell(batch=batch, number=2, column=Column.WEIGHT, text="0.25")
    assert (row.outcome, row.goods["weight"]) == ("new", 250)


def test_another_cell_of_a_row_keeps_its_group_and_its_twins_their_trouble(checked):
    batch = checked(WOO)
    group = batch.rows.get(number=3).group
    edit_cell(batch=batch, number=3, column=Column.PRICE, text="210")
    assert batch.rows.get(number=3).group == group
    assert batch.rows.get(number=3).goods["weight"] == 600
    twins = checked("品名,规格,编码,价格\n茶,小,A,1\n茶,中,B,1\n饼,大,B,1\n茶,大,C,x\n")
    assert codes(twins, 4) == {"sku.twice"}
    edit_cell(batch=twins, number=2, column=Column.PRICE, text="2")
    assert codes(twins, 4) == {"sku.twice"}
