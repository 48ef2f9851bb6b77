"""Many orders are shipped by a sheet: good rows ship, bad ones say why and stop nobody."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from openpyxl import Workbook, load_workbook

from livestream.selectors.invariant import ALL
from merchants.models import Customer
from merchants.selectors.invariant import offenders
from orders.forms.dispatch import written
from orders.models import Order, Shipment
from orders.payments import sandbox
from orders.rules.dispatch import Column, Row, columns_of
from orders.rules.refund import RefundKind
from orders.rules.shipment import CARRIERS, carrier_of
from orders.selectors.dispatch import Verdict, judge
from orders.services import dispatch as service
from orders.services.dispatch import dispatch
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.services.refund import request_refund
from tests.conftest import DAN


@pytest.fixture(autouse=True)
def _in_english(as_bob):
    as_bob.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    with override("en"):
        yield


@pytest.fixture
def buy(shop, variant):
    def bought(*, pay=True, **contact) -> Order:
        order = place_order(
            merchant=shop,
            customer=Customer.objects.create(merchant=shop),
            basket={variant.pk: 1},
            contact=replace(DAN, **contact),
            language="en",
        )
        if pay:
            sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
            order.refresh_from_db()
        return order

    return bought


@pytest.fixture
def three(buy) -> list[Order]:
    return [buy() for _time in range(3)]


def url(name: str = "order_dispatch", shop: str = "tea") -> str:
    return reverse(f"orders:{name}", args=[shop])


def bring(client, content: str | bytes, name: str = "sheet.csv"):
    body = content if isinstance(content, bytes) else content.encode()
    return client.post(url(), {"file": SimpleUploadedFile(name, body)})


def sheet_of(*lines: tuple[str, str, str], heading: str = "订单号,快递公司,运单号") -> str:
    return "\n".join([heading, *(",".join(line) for line in lines)])


def verdicts(answer) -> list[tuple[str, str]]:
    return [(one.verdict.value, one.why) for one in answer.context["rows"]]


def again(client, answer, name: str = "order_dispatch_apply"):
    return client.post(url(name), {"rows": answer.context["again"]})


def sound() -> None:
    assert [str(one) for one in offenders(ALL, timezone.now())] == []


# --- what words mean ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key"),
    [
        *(("顺丰", "sf"), ("ＳＦ", "sf"), ("SF Express", "sf"), (" 圆通 速递 ", "yto")),
        *(("京东物流有限公司", "jd"), ("j&t express", "jt"), ("中国邮政", "post"), ("EMS", "ems")),
        *(("", ""), ("UPS", ""), ("顺", "")),
    ],
)
def test_a_carrier_is_known_by_its_chinese_and_its_english_name(name, key):
    assert carrier_of(name) == key


def test_no_name_means_two_carriers():
    names = [(key, name) for key, names in CARRIERS.items() for name in (key, *names)]
    assert [one for one in names if carrier_of(one[1]) != one[0]] == []


@pytest.mark.parametrize(
    "heading",
    [
        ["订单编号", "收件人", "物流公司", "快递单号"],
        ["Order number", "Name", "Carrier", "Tracking number"],
        ["*订单号", "备注", "快递公司：", "运单号（必填）"[:3]],
        ["ORDER NO.", "", "Courier", "Waybill"],
    ],
)
def test_columns_are_known_in_both_languages(heading):
    assert columns_of(heading) == {Column.ORDER: 0, Column.CARRIER: 2, Column.TRACKING: 3}


# --- a sheet --------------------------------------------------------------------------------------


def test_nothing_is_shipped_before_it_was_looked_at(as_bob, three):
    lines = [(order.number, "顺丰", f"SF100000{at}") for at, order in enumerate(three)]
    answer = bring(as_bob, sheet_of(*lines))
    assert verdicts(answer) == [("good", "")] * 3
    assert "Ship 3 orders" in answer.text
    assert not Shipment.objects.exists()


def test_good_rows_ship_and_bad_ones_stop_nobody(as_bob, three, buy, store):
    unpaid, pickup, back = buy(pay=False), buy(store=store), buy()
    request_refund(order=back, pieces={back.lines.get().pk: 1}, kind=RefundKind.MONEY)
    first, second, third = three
    answer = bring(
        as_bob,
        sheet_of(
            (first.number, "顺丰速运", "SF1000001"),
            ("zzzzzzzzzzzzzzzz", "顺丰", "SF1000002"),
            (second.number, "飞鸽", "SF1000003"),
            (third.number, "yto", "12"),
            (unpaid.number, "yto", "YT1000004"),
            (pickup.number, "yto", "YT1000005"),
            (back.number, "yto", "YT1000006"),
            (first.number, "yto", "YT1000007"),
            ("", "yto", "YT1000008"),
            (second.number[:8].upper(), "", "YT1000009"),
            (f"#{second.number[:8].upper()}", "YTO Express", "YT 1000 010"),
        ),
    )
    assert [why for verdict, why in verdicts(answer) if verdict == "bad"] == [
        "There is no order with this number.",
        "We know no carrier “飞鸽”.",
        "A tracking number has 6 to 32 letters, digits or hyphens.",
        "It is not paid yet.",
        "This order is collected at the shop, not shipped.",
        "The customer wants money back for it. Answer that first.",
        "Row 2 ships this order already.",
        "The order number is missing.",
        "The carrier is missing.",
    ]
    done = again(as_bob, answer)
    assert done.context["counts"] == {"good": 0, "same": 0, "bad": 9, "shipped": 2}
    sent = Shipment.objects.order_by("pk").values_list("order", "carrier", "tracking_number")
    assert list(sent) == [(first.pk, "sf", "SF1000001"), (second.pk, "yto", "YT1000010")]
    sound()


def test_applied_twice_it_changes_nothing(as_bob, three):
    lines = [(order.number, "顺丰", f"SF100000{at}") for at, order in enumerate(three)]
    answer = bring(as_bob, sheet_of(*lines))
    again(as_bob, answer)
    done = again(as_bob, answer)
    assert done.context["counts"] == {"good": 0, "same": 3, "bad": 0, "shipped": 0}
    assert "Nothing was shipped this time" in done.text
    assert Shipment.objects.count() == 3
    assert verdicts(bring(as_bob, sheet_of(*lines)))[0][0] == "same"


def test_whoever_is_slower_with_the_same_sheet_is_told_that_it_is_done(host, three, bob):
    rows = [Row(2, three[0].number, "sf", "SF1000001")]
    seen = judge(host, rows)
    dispatch(staff=host, sheet=rows, by=bob)
    assert service._ship(host, seen[0], bob).verdict == Verdict.SAME
    assert Shipment.objects.count() == 1


def test_the_bad_rows_come_as_a_file_that_can_be_mended_and_brought_again(as_bob, three):
    answer = bring(
        as_bob,
        sheet_of((three[0].number, "飞鸽", "SF1000001"), (three[1].number, "顺丰", "=1+1")),
    )
    file = again(as_bob, answer, "order_dispatch_bad")
    assert file["Content-Type"].startswith("text/csv")
    text = file.content.decode("utf-8-sig")
    heading, first, second = csv.reader(io.StringIO(text))
    assert heading == ["Order number", "Carrier", "Tracking number", "What is wrong"]
    assert first[:3] == [three[0].number, "飞鸽", "SF1000001"]
    assert second[2] == "'=1+1"  # nothing in it runs
    mended = text.replace("飞鸽", "ZTO Express")
    assert verdicts(bring(as_bob, mended))[-1][0] == "good"


def test_a_sheet_to_fill_in_has_the_orders_that_wait_and_comes_back_good(as_bob, three, buy, store):
    buy(store=store)
    buy(pay=False)
    file = as_bob.get(url("order_dispatch_sheet"))
    page = load_workbook(io.BytesIO(file.content)).active
    assert [cell.value for cell in page[1]][:3] == ["Order number", "Carrier", "Tracking number"]
    assert [row[0].value for row in page.iter_rows(min_row=2)] == [one.number for one in three]
    assert three[0].phone not in str([cell.value for row in page for cell in row])
    for at in range(2, 5):
        page.cell(at, 2).value, page.cell(at, 3).value = "中通快递", f"7500000000{at}"
    filled = io.BytesIO()
    page.parent.save(filled)
    answer = bring(as_bob, filled.getvalue(), "sheet.xlsx")
    assert [verdict for verdict, _why in verdicts(answer)] == ["good"] * 3


def test_numbers_of_a_workbook_and_titles_above_the_heading_are_read(as_bob, three):
    book = Workbook()
    book.active.append(["桂芳茶行 11 月发货"])
    book.active.append(["订单编号", "收件人", "物流公司", "快递单号"])
    book.active.append([three[0].number, "沈梅", "圆通", 885623451234567])
    file = io.BytesIO()
    book.save(file)
    done = again(as_bob, bring(as_bob, file.getvalue(), "sheet.xlsx"))
    assert done.context["counts"]["shipped"] == 1
    assert Shipment.objects.get().tracking_number == "885623451234567"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_a_csv_of_any_usual_kind_is_read(as_bob, three, encoding):
    text = sheet_of((three[0].number, "顺丰", "SF1000001")).replace(",", "\t")
    assert verdicts(bring(as_bob, text.encode(encoding))) == [("good", "")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "This file is empty."),
        ("订单号,运单号\n1,2", "The heading lacks: Carrier."),
        ("名称,价格\n龙井,38", "The heading lacks: Order number, Carrier, Tracking number."),
        ("订单号,快递公司,运单号\n", "There is no row below the heading."),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "CSV and XLSX work."),
    ],
)
def test_what_is_no_shipping_sheet_is_refused_with_what_it_lacks(as_bob, content, words):
    answer = bring(as_bob, content)
    assert answer.status_code == 422
    assert words in answer.text


def test_more_rows_than_the_limit_are_refused_and_the_limit_is_named(as_bob, monkeypatch):
    monkeypatch.setattr(service, "MOST_ROWS", 3)
    lines = [("x" * 16, "sf", f"SF100000{at}") for at in range(4)]
    answer = bring(as_bob, sheet_of(*lines))
    assert answer.status_code == 422
    assert "At most 3 parcels at a time." in answer.text


@pytest.mark.parametrize("rows", ["", "x", "[]", "[[1]]", '[["a","b","c","d"]]', "{}", "[" * 2000])
def test_rows_that_were_tampered_with_are_asked_for_again(as_bob, three, rows):
    for name in ("order_dispatch_apply", "order_dispatch_bad"):
        answer = as_bob.post(url(name), {"rows": rows})
        assert answer.status_code == 422
        assert "Bring the sheet again." in answer.text


def test_a_sheet_reaches_no_order_of_another_shop(client, three, other_shop, mallory):
    client.force_login(mallory)
    rows = written([Row(2, three[0].number, "sf", "SF1000001")])
    client.post(url("order_dispatch_apply", "other"), {"rows": rows})
    assert not Shipment.objects.exists()


def test_it_asks_as_often_for_two_rows_as_for_thirty(host, three, django_assert_num_queries):
    rows = [Row(at, three[at % 3].number, "sf", f"SF10000{at:02}") for at in range(30)]
    with django_assert_num_queries(4):  # the orders with their lines, parcels, refunds
        judge(host, rows)
