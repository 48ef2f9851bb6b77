"""Sheets as people really have them: merged cells, formulas, far too wide, wrongly named."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.urls import reverse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from merchants.rules.importing import ImportState
from merchants.services.formula import unreckoned
from merchants.services.merged import Filling
from merchants.services.sheet import BadSheet

pytestmark = pytest.mark.django_db


def workbook(rows, merged=()) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_one_name_merged_beside_its_sizes_names_them_all(checked):
    rows = [
        ["品名", "规格", "编码", "价格"],
        ["龙井茶", "50g", "A", 68],
        [None, "100g", "B", 128],
        [None, "250g", "C", 298],
        ["毛峰", None, "D", 76],
    ]
    batch = checked(workbook(rows, ["A2:A4"]), "x.xlsx")
    assert batch.counts["new"] == 4
    assert [row.goods["name"] for row in batch.rows.all()] == ["龙井茶"] * 3 + ["毛峰"]


def test_a_title_merged_across_is_no_column(checked):
    rows = [["春茶价目表", None, None], ["品名", "编码", "价格"], ["茶", "A", 68]]
    batch = checked(workbook(rows, ["A1:C1"]), "x.xlsx")
    assert batch.rows.get().goods["name"] == "茶"


def test_a_merged_cell_ends_where_it_ends():
    filling = Filling({0: {2: 3}})
    read = [filling.fill(n, list(cells)) for n, cells in enumerate(["h", "a", "", ""], 1)]
    assert read == [["h"], ["a"], ["a"], []]


def formula(cached: str) -> bytes:
    """A sheet whose price is a formula, with the value that the program saved beside it."""
    plain = workbook([["品名", "编码", "价格"], ["茶", "A", "=10*2"]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            text = old.read(part)
            if part.endswith("sheet1.xml"):
                assert b"<v></v>" in text or b"<v />" in text or b"<v/>" in text
                for empty in (b"<v></v>", b"<v />", b"<v/>"):
                    text = text.replace(empty, cached.encode())
            new.writestr(part, text)
    return out.getvalue()


def test_a_formula_counts_as_what_it_came_to(checked):
    assert checked(formula("<v>20</v>"), "x.xlsx").rows.get().goods["price"] == 2000


@pytest.mark.parametrize("empty", ["", "<v></v>", "<v/>", "<v />"])
def test_a_formula_that_was_never_reckoned_is_told(checked, empty):
    row = checked(formula(empty), "x.xlsx").rows.get()
    assert [problem[1] for problem in row.problems if problem[2]] == ["formula"]


def test_a_formula_that_came_to_nothing_has_its_result(tmp_path):
    """As Excel saves `=IF(B2="","",B2*1.2)` down a column of which ten rows are used."""
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        cells = b'<c r="A2" s="1" t="str"><f>IF(B2="","",1)</f><v></v></c>'
        archive.writestr("part", cells + b'<c r="B2"><f>B9*2</f><v></v></c>')
    assert unreckoned(path, "part", 100) == {2: [1]}


@pytest.mark.parametrize("column", ["品名", "编码", "库存", "重量(kg)"])
def test_so_it_is_in_every_column(checked, column):
    rows = [["品名", "编码", "价格", "库存", "重量(kg)"], ["茶", "A", 10, 5, 1]]
    rows[1][rows[0].index(column)] = "=A9&B9"
    row = checked(workbook(rows), "x.xlsx").rows.get()
    assert "formula" in [problem[1] for problem in row.problems if problem[2]]


def test_cells_are_found_across_blocks_and_prefixes(tmp_path, monkeypatch):
    monkeypatch.setattr("merchants.services.merged.BLOCK", 7)
    path = tmp_path / "x.xlsx"
    cells = (
        '<c r="A1"><f>B1*2</f></c><c r="B1"><f>B1</f><v>4</v></c><c r="C1" s="1"><v>4</v></c>'
        '<x:c s="1" r="AB2"><x:f t="shared" si="0"/><x:v/></x:c>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("part", f"<row>{cells}</row>")
    assert unreckoned(path, "part", 100) == {1: [0], 2: [27]}
    assert unreckoned(path, "part", 27) == {1: [0]}


def test_a_formula_as_text_is_text(checked):
    batch = checked("品名,编码,价格\n=1+1,A,10\n")
    assert batch.rows.get().goods["name"] == "=1+1"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_sheet_of_far_too_many_columns_is_refused(bring, kind):
    heading = ["品名", "价格", *(f"c{n}" for n in range(200))]
    if kind == "csv":
        data = (",".join(heading) + "\n" + "x," * 1_000_000).encode()
    else:
        data = workbook([heading])
    with pytest.raises(BadSheet, match="100"):
        bring(data, f"x.{kind}")


def test_more_rows_than_we_take_are_told(checked, as_alice, monkeypatch):
    monkeypatch.setattr("merchants.services.sheet.MOST_ROWS", 40)
    batch = checked("品名,价格\n" + "".join(f"茶{n},10\n" for n in range(120)))
    assert batch.state == ImportState.FAILED
    assert "50" in batch.failure
    page = as_alice.get(reverse("merchants:import", args=["tea", batch.public_id]))
    assert batch.failure in page.text


def test_a_cell_at_the_far_end_of_the_sheet_costs_nothing(bring):
    """XFD1 is the last column there is: 16,384 columns that nobody filled."""
    book = Workbook(write_only=True)
    page = book.create_sheet()
    page.append([*["品名", "价格"], *[None] * 16_381, WriteOnlyCell(page, "x")])
    file = io.BytesIO()
    book.save(file)
    assert bring(file.getvalue(), "x.xlsx").headers == ["品名", "价格"]


@pytest.mark.parametrize("name", ["goods.pdf", "goods", "货品.XLSX", "../../etc/passwd.csv"])
def test_a_wrong_name_is_no_matter_for_what_is_in_it_counts(bring, name):
    batch = bring("品名,价格\n茶,10\n", name)
    assert batch.columns == {"0": "name", "1": "price"}
    assert "/" not in batch.file_name


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\n\x00\x01", b"\x89PNG\r\n\x1a\n\x00", b"PK\x03\x04x"]
)
def test_what_is_no_sheet_is_told_whatever_its_name(bring, content):
    with pytest.raises(BadSheet):
        bring(content, "goods.csv")
