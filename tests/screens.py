"""Every screen of the demo shop, and how one gets to it in a browser."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

ROOT = Path(__file__).resolve().parent.parent
HOST, PASSWORD = "fang@demo.guitai", "guitai-demo"
TICKED = ("[data-row]:nth-child(2) [data-tick]", "[data-row]:nth-child(3) [data-tick]")
SAVE = ".savebar .btn--primary"
CLOSE = ("[data-dialog-open=close]", "#close .btn--danger")
SCAN = "[data-scan] button:not([type])"
CODES = (("#scan", "GF-01-1"), ("#scan", "GF-02-1"))
# Good rows, one to mend and one worth a look; a number makes it new goods each time.
SHEET = """商品名称,规格1名,规格1值,规格2名,规格2值,规格编码,价格(元),库存,重量(kg)
云雾绿茶 {n},包装,罐装,净含量,50克,YW{n}-G50,68.00,10,0.12
云雾绿茶 {n},,罐装,,100克,YW{n}-G100,128.00,6,0.2
云雾绿茶 {n},,袋装,,100克,YW{n}-D100,118.00,9,很重
玻璃公道杯 {n},,,,,YW{n}-B,一百八,4,0.3
竹茶则 {n},,,,,,35.00,26,
"""
SHOP = (("[name=store]", "湖滨店"), ("[name=city]", "杭州"))
PERSON = (
    ("[name=shop_name]", "桂芳茶行"),
    *SHOP,
    ("[name=name]", "芳姐"),
    ("[name=contact]", "138 0013 8{n}"),
    ("[name=agree]", "on"),
)
CODE = "main form .btn--primary"
CLAIM = ("main form .btn--primary", "main [href='/orders/vouchers/']", "main article .link")
REJECTED = "授权书上的印章看不清，请在光线好的地方重拍一张。其他没有问题。"
NEVER = "2100-01-01 00:00:00"  # until when a worker leaves a row alone
NEW = (("[name=name]", "湖畔茶馆 {n}"), *SHOP)
ADMIN = "admin@demo.guitai"
PHOTO = str(ROOT / "merchants" / "demo" / "pictures" / "keemun.webp")
BUYER = (
    ("[name=name]", "沈梅"),
    ("[name=phone]", "138 0014 8{n}"),
    ("[name=region]", "CN-ZJ"),
    ("[name=city]", "杭州"),
    ("[name=address]", "清河坊 12 号"),
)
ORDER = "main form .btn--primary >> nth=-1"
FIRST_ORDER = "main .my-o >> nth=0"
# Orders of nobody: what a row that has to be mended looks like.
PARCELS = (("[name=file]", str(ROOT / "tests" / "orders" / "parcels.csv")),)
LOOK = ("main form .btn--primary",)
_sheets = count(1)
_hosts: dict[str, Any] = {}  # by the shop's address: she signs in once


@dataclass(frozen=True)
class Screen:
    """One screen: its address, whether staff see it, and what to press before the picture."""

    name: str
    path: str
    staff: bool = False
    press: tuple[str, ...] = ()
    full: bool = True
    fill: tuple[tuple[str, str], ...] = ()  # fields and what is typed or chosen, once they show
    sheet: bool = False  # begins with the upload of a goods sheet
    invited: bool = False  # begins with an invitation of the host: the page of its link
    meanwhile: tuple[tuple[str, str], ...] = ()  # what a colleague saves in the same form first
    admin: bool = False  # seen by a platform admin
    then: str = ""  # SQL for what no press reaches (time, another person); the page is loaded again
    folder: Path = Path()  # whose database that is said to


def screens(folder: Path) -> list[Screen]:
    """Every screen of the demo; public ids are looked up in its database."""
    rows = sqlite3.connect(folder / "db.sqlite3")

    def one(sql: str) -> str:
        return rows.execute(sql).fetchone()[0]

    live = one("select public_id from livestream_room where state in ('live','interrupted')")
    soon = one("select public_id from livestream_room where state='scheduled'")
    past = one("select public_id from livestream_room where state='ended'")
    draw = one("select public_id from livestream_draw where state='drawn'")
    tea = one("select public_id from merchants_product order by id limit 1")
    number = one("select number from orders_order where state='shipped' order by id desc limit 1")
    contested = one("select public_id from merchants_product where name like '福鼎白茶饼%'")
    gone = one("select public_id from merchants_product where name like '桂花乌龙%'")
    said = one("select public_id from orders_review where text like '年年%'")
    scarce = one("select public_id from merchants_product order by id limit 1 offset 18")
    listed = one("select public_id from orders_coupon where listed order by id limit 1")
    to_ship = one("select number from orders_order where state='paid' order by id desc limit 1")
    shop = "/dashboard/guifang"
    return [
        Screen("discover", "/"),
        Screen("found", "/?q=龙井"),
        Screen("shop", "/s/guifang/"),
        Screen("product", f"/s/guifang/p/{tea}/"),
        Screen("countdown", f"/live/{soon}/"),
        Screen("live", f"/live/{live}/", full=False),
        Screen("live-say", f"/live/{live}/say/"),
        Screen("live-product", f"/live/{live}/", press=("[data-pin-link]",), full=False),
        Screen(
            "live-checkout",
            f"/live/{live}/",
            press=("[data-pin-link]", "#sheet footer .btn--primary"),
            full=False,
        ),
        Screen("live-bag", f"/live/{live}/", press=(".lr-bar .bag",), full=False),
        Screen("live-modes", f"/live/{live}/", press=(".lr-modes summary",), full=False),
        Screen("live-share", f"/live/{live}/", press=(".lr-bar [data-share]",), full=False),
        Screen("replay", f"/live/{past}/"),
        Screen("draw", f"/live/{past}/draws/{draw}/", press=("[data-verify]",)),
        Screen("tracking", f"/orders/{number}/"),
        Screen("my-orders", "/orders/"),
        Screen("checkout", f"/orders/checkout/guifang/?variant={_variant(rows, tea)}&quantity=1"),
        Screen("cart-kept", f"/s/guifang/p/{tea}/", press=("[name=add]",), full=False),
        Screen("cart", "/orders/cart/guifang/"),
        Screen("cart-all", "/orders/cart/"),
        Screen(
            "live-cart",
            f"/live/{live}/",
            press=("[data-pin-link]", "#sheet [name=add]", "#put-aside a"),
            full=False,
        ),
        Screen("addresses", "/orders/addresses/"),
        Screen("waitlist-join", f"/orders/waitlist/guifang/{gone}/"),
        Screen(
            "waitlist",
            f"/orders/waitlist/guifang/{gone}/",
            fill=(("[name=phone]", "138 0013 8000"),),
            press=("main .sheet__foot .btn",),
        ),
        Screen("reviews", f"/orders/reviews/of/guifang/{tea}/"),
        Screen("review-report", f"/orders/reviews/{said}/report/"),
        Screen("wallet", "/orders/vouchers/"),
        Screen("voucher", f"/orders/coupons/{listed}/", press=CLAIM),
        Screen("coupon", f"/orders/coupons/{listed}/", press=("main form .btn--primary",)),
        Screen("sign-in", "/accounts/login/"),
        Screen("sign-up", "/accounts/signup/"),
        Screen("sign-up-wrong", "/accounts/signup/", press=("main form .btn--primary",)),
        Screen(
            "sign-up-code", "/accounts/signup/", fill=PERSON, press=("main form .btn--primary",)
        ),
        Screen(  # of the sign-up that waits since the screen before
            "sign-up-code-wrong",
            "/accounts/signup/",
            fill=(("[name=code]", "000000"),),
            press=(CODE,),
        ),
        Screen("join", "", invited=True),
        Screen("join-signed-in", "", admin=True, invited=True),
        Screen("join-works-here", "", staff=True, invited=True),
        Screen(
            "join-expired",
            "",
            invited=True,
            then="update merchants_invitation set expires_at='2020-01-01 00:00:00'"
            " where id=(select max(id) from merchants_invitation)",
            folder=folder,
        ),
        Screen("terms", "/terms/"),
        Screen("privacy", "/privacy/"),
        Screen("account-email", "/accounts/email/", staff=True),
        Screen("account-phone", "/accounts/phone/change/", staff=True),
        Screen("account-second-step", "/accounts/2fa/", staff=True),
        Screen("account-devices", "/accounts/sessions/", staff=True),
        Screen("missing", "/no-such-page/"),
        Screen("offline", "/offline/"),
        Screen("home", f"{shop}/", staff=True),
        Screen("rooms", f"{shop}/rooms/", staff=True),
        Screen("room-new", f"{shop}/rooms/new/", staff=True),
        Screen("room-shelf", f"{shop}/rooms/{soon}/shelf/", staff=True),
        Screen(
            "console",
            f"{shop}/rooms/{live}/console/",
            staff=True,
            press=("[data-publish-takeover]",),
            full=False,
        ),
        *_console(f"{shop}/rooms/{live}"),
        Screen("console-over", f"{shop}/rooms/{past}/console/", staff=True, full=False),
        Screen("wall-over", f"{shop}/rooms/{past}/wall/", staff=True, full=False),
        Screen("console-soon", f"{shop}/rooms/{soon}/console/", staff=True, full=False),
        Screen("products", f"{shop}/products/", staff=True),
        Screen("product-new", f"{shop}/products/new/", staff=True),
        Screen(
            "product-new-wrong",
            f"{shop}/products/new/",
            staff=True,
            fill=(("[name=name]", "祁门红茶"), ("#id_file", PHOTO), ("[name$=-price]", "一百八")),
            press=(SAVE,),
        ),
        Screen(
            "product-options",
            f"{shop}/products/new/",
            staff=True,
            fill=(
                ("[name=name]", "真丝方巾"),
                ("[name=option_0_name]", "颜色"),
                ("[name=option_0_values]", "藕荷，竹青，月白"),
                ("[name=option_1_name]", "尺码"),
                ("[name=option_1_values]", "60 × 60，90 × 90"),
            ),
            press=("[data-options] summary", ".p-build"),
        ),
        Screen("product-edit", f"{shop}/products/{tea}/", staff=True),
        Screen(
            "product-photo-waits",
            f"{shop}/products/{scarce}/",
            staff=True,
            then="update merchants_photo set state='waiting', original='photos/away',"
            f" leased_until='{NEVER}' where product_id="
            f"(select id from merchants_product where public_id='{scarce}')",
            folder=folder,
        ),
        Screen(
            "products-ticked",
            f"{shop}/products/",
            staff=True,
            press=TICKED,
            full=False,
        ),
        Screen(
            "product-conflict",
            f"{shop}/products/{contested}/",
            staff=True,
            meanwhile=(("[name$=-price]", "1{n}"),),
            fill=(("[name$=-price]", "2{n}"), ("[name=name]", "福鼎白茶饼 {n}")),
            press=(SAVE,),
        ),
        Screen("stock", f"{shop}/products/{tea}/stock/", staff=True),
        Screen(
            "stock-refused",
            f"{shop}/products/{tea}/stock/",
            staff=True,
            fill=(
                ("#id_reason", "transferred"),
                ("#id_target", "2"),
                ("#id_quantity", "9999"),
            ),
            press=(".s-book .btn--primary",),
        ),
        Screen("counter", f"{shop}/counter/", staff=True, press=("main form button",)),
        Screen(
            "counter-sold",
            f"{shop}/counter/",
            staff=True,
            press=("main form button", *[SCAN] * len(CODES)),
            fill=CODES,
        ),
        Screen(
            "counter-camera",
            f"{shop}/counter/",
            staff=True,
            press=("main form button", "[data-scan-camera]"),
            full=False,
        ),
        Screen("stocktakes", f"{shop}/stocktakes/", staff=True),
        Screen(
            "stocktake",
            f"{shop}/stocktakes/",
            staff=True,
            press=("main [name=store], main .rows a", *[SCAN] * len(CODES)),
            fill=CODES,
        ),
        Screen(
            "stocktake-applied",
            f"{shop}/stocktakes/",
            staff=True,
            press=(
                "main [name=store], main .rows a",
                *[SCAN] * len(CODES),
                "form[action$='/apply/'] .btn--primary",
            ),
            fill=CODES,
        ),
        Screen(
            "transfer-done",
            f"{shop}/transfer/",
            staff=True,
            press=(*[SCAN] * len(CODES), "[name=go]"),
            fill=CODES,
        ),
        Screen("transfer", f"{shop}/transfer/", staff=True),
        Screen(
            "transfer-box",
            f"{shop}/transfer/",
            staff=True,
            press=(*[SCAN] * len(CODES), "[name=go]"),
            fill=(*CODES, ("#list [name^=n-] >> nth=0", "999")),
        ),
        Screen(
            "products-store",
            f"{shop}/products/?store=1",
            staff=True,
            fill=(("[name=left] >> nth=1", "十"),),
            press=("h1",),
        ),
        Screen("products-nothing", f"{shop}/products/?q=咖啡", staff=True),
        Screen("shelve", f"{shop}/products/", staff=True, press=(*TICKED, "[data-shelve]")),
        Screen("products-filtered", f"{shop}/products/?state=on_sale&sort=name", staff=True),
        Screen(
            "products-bulk",
            f"{shop}/products/",
            staff=True,
            press=(*TICKED, "[data-bar] [value=change]", "[value=preview]:visible"),
            fill=(("#id_way", "cheaper_percent"), ("#id_value", "10")),
        ),
        Screen("imports", f"{shop}/imports/", staff=True),
        Screen("import-columns", "", staff=True, sheet=True),
        Screen(
            "import-progress",
            "",
            staff=True,
            sheet=True,
            press=(".savebar button",),
            then="update merchants_import set state='applying', cursor=3, total=5,"
            f" leased_until='{NEVER}' where id=(select max(id) from merchants_import)",
            folder=folder,
        ),
        Screen("import-preview", "", staff=True, sheet=True, press=(".savebar button",)),
        Screen(
            "import-undo",
            "",
            staff=True,
            sheet=True,
            press=(".savebar button", ".imp-go", "[data-dialog-open=undo]"),
            full=False,
        ),
        Screen("import-result", "", staff=True, sheet=True, press=(".savebar button", ".imp-go")),
        Screen(
            "import-undone",
            "",
            staff=True,
            sheet=True,
            press=(".savebar button", ".imp-go", "[data-dialog-open=undo]", "#undo .btn--danger"),
        ),
        Screen("orders", f"{shop}/orders/", staff=True),
        Screen("coupon-scan", f"{shop}/vouchers/", staff=True),
        Screen("who-waits", f"{shop}/products/{gone}/waitlist/", staff=True),
        Screen("review-inbox", f"{shop}/reviews/", staff=True),
        Screen("books", f"{shop}/books/?since={date.today() - timedelta(days=30)}", staff=True),
        Screen("order", f"{shop}/orders/{to_ship}/", staff=True),
        Screen("slips", f"{shop}/orders/slips/", staff=True),
        Screen("picks", f"{shop}/orders/picks/", staff=True),
        Screen("dispatch", f"{shop}/orders/dispatch/", staff=True),
        Screen("dispatch-sheet", f"{shop}/orders/dispatch/", staff=True, fill=PARCELS, press=LOOK),
        Screen(
            "pickup",
            f"{shop}/orders/pickup/",
            staff=True,
            fill=(("#code", "000000"),),
            press=("main form .btn--primary",),
        ),
        Screen("coupons", f"{shop}/coupons/", staff=True),
        Screen("coupon-new", f"{shop}/coupons/new/", staff=True),
        Screen("stores", f"{shop}/stores/", staff=True),
        Screen("store", f"{shop}/stores/1/", staff=True),
        Screen("store-close", f"{shop}/stores/2/close/", staff=True),
        Screen("store-new", f"{shop}/stores/new/", staff=True),
        Screen(
            "stores-closed",
            f"{shop}/stores/new/",
            staff=True,
            fill=(("[name=name]", "龙井村店 {n}"), ("[name=city]", "杭州")),
            press=(SAVE, "main .st:last-child .store-name", *CLOSE),
        ),
        Screen("staff", f"{shop}/staff/", staff=True),
        Screen("staff-invited", f"{shop}/staff/", staff=True, press=("main form .btn--primary",)),
        Screen("me", f"{shop}/staff/me/", staff=True),
        Screen("staff-place", f"{shop}/staff/3/", staff=True),
        Screen("admin-desk", "/admin/merchants/verification/waiting/", admin=True),
        Screen("settings", f"{shop}/settings/", staff=True),
        Screen("chat-lists", f"{shop}/settings/chat/", staff=True),
        *_verification(folder, f"{shop}/settings/verification/"),
        *_exchange(folder, shop, *_variants(rows, tea)[:2]),
        *_first_to_pay(folder, f"{shop}/rooms/{live}", live, _flash(rows, live)),
        Screen("payments", f"{shop}/settings/payments/", staff=True),
        Screen("shipping", f"{shop}/settings/shipping/", staff=True),
        Screen("shipping-new", f"{shop}/settings/shipping/new/", staff=True),
        Screen("parcel-tracking", f"{shop}/settings/tracking/", staff=True),
        Screen("keys", f"{shop}/settings/keys/", staff=True),
        Screen("notices", f"{shop}/notices/", staff=True),
        Screen("new-merchant", "/dashboard/new/", staff=True),
        Screen(
            "checklist",
            "/dashboard/new/",
            staff=True,
            fill=NEW,
            press=("main form .btn--primary",),
        ),
        Screen(
            "checklist-going",
            "/dashboard/new/",
            staff=True,
            fill=(*NEW, ("[name=name]", "碧螺春"), ("#id_file", PHOTO), ("[name$=-price]", "68")),
            press=(
                "main form .btn--primary",
                "nav a[href$='/products/']:visible",
                "main .empty .btn--primary",
                SAVE,
                "nav a[href*='/dashboard/']:visible",
            ),
        ),
        Screen(
            "verification-none",
            "/dashboard/new/",
            staff=True,
            fill=NEW,
            press=(
                "main form .btn--primary",
                "[data-sheet-open=more]:visible",
                "nav a[href$='/settings/']:visible",
                "main nav a[href$='/verification/']",
            ),
        ),
        Screen(
            "products-none",
            "/dashboard/new/",
            staff=True,
            fill=NEW,
            press=("main form .btn--primary", "nav a[href$='/products/']:visible"),
        ),
    ]


def _verification(folder: Path, page: str) -> list[Screen]:
    """The brand as its reviewer left it; at the end it waits again, as the demo has it."""

    def after(name: str, state: str, reason: str = "") -> Screen:
        decided = "null" if state == "submitted" else "datetime('now')"
        said = f"update merchants_verification set state='{state}', reason='{reason}'"
        sql = f"{said}, decided_at={decided}"
        return Screen(name, page, staff=True, then=sql, folder=folder)

    return [
        after("verification-rejected", "rejected", REJECTED),
        after("verification-approved", "approved"),
        after("verification", "submitted"),
    ]


def _exchange(folder: Path, shop: str, wanted: int, bought: int) -> list[Screen]:
    """Something sent is to be exchanged for another size, with a photo: both sides of it."""
    ask = (FIRST_ORDER, "main a[href$='/refund/']", "label:has([value=exchange])")
    asked = (("[name^=for-]", f"{wanted}"), ("[name=words]", "盖子裂了"), ("[name=file]", PHOTO))
    clerk = "main table a[id^=to-] >> nth=0"
    sent = "update orders_{} set state='shipped' where {}=(select max(id) from orders_order);"
    return [
        Screen(
            "exchange-bought",
            f"/orders/checkout/guifang/?variant={bought}&quantity=2",
            fill=BUYER,
            press=(ORDER, "main [data-pay]"),
            then=sent.format("line", "order_id") + sent.format("order", "id"),
            folder=folder,
        ),
        Screen("exchange-ask", "/orders/", press=ask),
        Screen("exchange-asked", "/orders/", press=(*ask, ORDER), fill=asked),
        Screen("exchange-answer", f"{shop}/orders/?tab=refunds", staff=True, press=(clerk,)),
        Screen(
            "exchange-agreed",
            "/orders/",
            press=(FIRST_ORDER,),
            then="update orders_refund set state='awaiting_return', answer_by=null"
            " where kind='exchange'",
            folder=folder,
        ),
        Screen("exchange-back", f"{shop}/orders/?tab=refunds", staff=True, press=(clerk,)),
    ]


def _flash(rows: sqlite3.Connection, live: str) -> tuple[int, str]:
    """A variant on the shelf of the room, and the SQL of a flash sale of it: first to pay gets it.

    More pieces than there are, for every look at it buys some.
    """
    item, room, variant, merchant = rows.execute(
        "select i.id, r.id, v.id, r.merchant_id from livestream_shelfitem i"
        " join livestream_room r on r.id=i.room_id"
        " join merchants_variant v on v.product_id=i.product_id"
        " where r.public_id=? and v.sku like 'GF-02-%' order by v.id",
        [live],
    ).fetchone()
    at = f"(select min(id) from merchants_stock where variant_id={variant})"
    return (
        variant,
        f"""
        update merchants_stock set on_hand=on_hand+200, reserved=reserved+200 where id={at};
        insert or ignore into livestream_flashsale (public_id, room_id, item_id, variant_id, price,
          quota, per_buyer, announced_at, starts_at, ends_at, pay_first, sold)
          values ('payfirst00', {room}, {item}, {variant}, 6800, 200, 20,
          datetime('now', '-1 minute'), datetime('now', '-30 seconds'),
          datetime('now', '+19 minutes'), true, 0);
        insert into merchants_reservation (merchant_id, stock_id, quantity, reference, opened_at,
          taken) values ({merchant}, {at}, 200, 'flash:payfirst00', datetime('now'), false);""",
    )


def _first_to_pay(folder: Path, room: str, live: str, flash: tuple[int, str]) -> list[Screen]:
    """A flash sale for whoever pays first: room, console, orders of who won and who lost."""
    variant, announced = flash
    page = f"/live/{live}/checkout/?variant={variant}&quantity=1"
    waits = "state='pending_payment' and pool<>''"
    gone = (
        "update orders_line set state='expired' where order_id in"
        f" (select id from orders_order where {waits});"
        f"update orders_order set state='expired' where {waits};"
    )
    # Nothing is left for those who have paid unheard, and their banks are asked at once.
    late = (
        "update livestream_flashpurchase set quantity=999 where order_id in"
        f" (select id from orders_order where {waits});"
        "update orders_payment set next_ask_at=datetime('now') where state='created';"
    )
    sheet = ("[data-flash]", "#sheet footer .btn--primary")
    ways = ("[data-publish-takeover]", "#dock-now:visible")
    return [
        Screen("first-room", f"/live/{live}/", full=False, then=announced, folder=folder),
        Screen("first-console", f"{room}/console/", staff=True, press=ways, full=False),
        Screen("first-sheet", f"/live/{live}/", press=sheet[:1], full=False),
        Screen("first-checkout", f"/live/{live}/", press=sheet, full=False),
        Screen("first-pay", page, fill=BUYER, press=(ORDER,)),
        Screen("first-waits", "/orders/", press=(FIRST_ORDER,)),
        Screen("first-gone", "/orders/", press=(FIRST_ORDER,), then=gone, folder=folder),
        Screen(
            "first-unheard",
            page,
            fill=BUYER[:2],
            press=(ORDER, "main summary", "main [value=lost]"),
        ),
        Screen("first-orders", "/orders/", then=late, folder=folder),
        Screen("first-won", page, fill=BUYER[:2], press=(ORDER, "main [data-pay]")),
        Screen("first-late", "/orders/", press=("main .my-o >> nth=1",)),
    ]


def _console(room: str) -> list[Screen]:
    """What opens in the console of the room on air, and its pages for other devices."""

    def opened(name: str, *press: str) -> Screen:
        way = ("[data-publish-takeover]", *press)
        return Screen(f"console-{name}", f"{room}/console/", staff=True, press=way, full=False)

    chat, line = "#dock-reply:visible", "[data-chat-lines] li.q >> nth=-1"
    tools = ("drop", "draw", "flash", "notice")
    return [
        *(opened(tool, f"#open-{tool}:visible, #dock-{tool}:visible") for tool in tools),
        opened("inbox", chat, "[data-show=asked]"),
        opened("line", chat, line),
        opened("guest", chat, line, f"{line} >> [data-act=guest]"),
        opened("pace", chat, "[data-dialog-open=chat-pace]"),
        opened("sheet", "#dock-shelf:visible", "#shelf-add"),
        opened("item", "#dock-now:visible", "#edit-now"),
        opened("prompter", "[data-prompt-toggle]"),
        opened("handover", "[data-dialog-open=handover]"),
        opened("devices", "[data-dialog-open=devices]:visible"),
        opened("share", "[data-dialog-open=share]:visible"),
        opened("keys", "[data-dialog-open=keys]"),
        opened("end", "[data-dialog-open=end-show]"),
        Screen("helper", f"{room}/helper/", staff=True, full=False),
        Screen("prompter", f"{room}/prompter/", staff=True, full=False),
        Screen("stream", f"{room}/stream/", staff=True),
        Screen("wall", f"{room}/wall/", staff=True, full=False),
    ]


def _variant(rows: sqlite3.Connection, product: str) -> int:
    return _variants(rows, product)[0]


def _variants(rows: sqlite3.Connection, product: str) -> list[int]:
    sql = (
        "select v.id from merchants_variant v join merchants_product p on p.id=v.product_id"
        " where p.public_id=? order by v.position"
    )
    return [one for (one,) in rows.execute(sql, [product])]


@contextmanager
def demo() -> Iterator[tuple[str, Path]]:
    """The demo shop on a free port, with data of its own: its address and its folder."""
    # An encoder that is being killed may still write: that its folder stays is no failure.
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with folder as temporary, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {**os.environ, "DEBUG": "1", "VAR_DIR": temporary, "LOG_LEVEL": "ERROR"}
        environment.pop("DATABASE_URL", None)
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
        try:
            url = f"http://localhost:{port}"
            _wait(url)
            time.sleep(5)  # the camera's first pictures
            yield url, Path(temporary)
        finally:
            server.terminate()  # a background run ignores Ctrl-C, and so do its children
            with suppress(subprocess.TimeoutExpired):
                server.wait(40)
            with suppress(ProcessLookupError):  # what has not ended with it by then
                os.killpg(server.pid, signal.SIGKILL)
            server.wait(20)


def sign_in_as(context: BrowserContext, who: str) -> None:
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(who)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/**")
    page.close()


def speak(context: BrowserContext, language: str) -> None:
    url = context.new_page()
    url.goto("/")
    context.add_cookies([{"name": "django_language", "value": language, "url": url.url}])
    url.close()


def arrive(page: Page, screen: Screen) -> None:
    """Open it, fill what is to be filled, press what is to be pressed."""
    if screen.sheet:
        _upload(page)
    elif screen.invited:
        page.goto(_invite(page))
    else:
        page.goto(screen.path)
    if screen.meanwhile:
        _save(page, screen.meanwhile)
    page.wait_for_timeout(1800 if "live" in screen.name or "console" in screen.name else 500)
    filled = list(screen.fill)
    for selector in screen.press:
        typed: set[str] = set()  # what comes next into the same field waits for the next press
        while filled and filled[0][0] not in typed and page.locator(filled[0][0]).is_visible():
            typed.add(filled[0][0])
            _type(page, *filled.pop(0))
        if page.locator(selector).first.is_visible():
            page.locator(selector).first.click()
        page.wait_for_timeout(4000 if screen.sheet else 900)
    if screen.then:
        with closing(sqlite3.connect(screen.folder / "db.sqlite3", timeout=20)) as rows, rows:
            rows.executescript(screen.then)
        page.reload()
        page.wait_for_timeout(500)


def _type(page: Page, selector: str, text: str) -> None:
    field = page.locator(selector).first
    text = text.replace("{n}", f"{next(_sheets):03}")
    if field.get_attribute("type") == "checkbox":
        field.check()
    elif field.get_attribute("type") == "file":
        field.set_input_files(text)
    elif field.evaluate("field => field.tagName") == "SELECT":
        field.select_option(text)
    else:
        field.fill(text)


def _invite(page: Page) -> str:
    """The link of an invitation that the host has just made, on a device of her own."""
    page.goto("/")
    here = page.url
    known = _hosts.get(here)
    host = page.context.browser.new_context(base_url=here, storage_state=known)  # type: ignore[union-attr]
    if not known:
        sign_in_as(host, HOST)
        _hosts[here] = host.storage_state()
    staff = host.new_page()
    staff.goto("/dashboard/guifang/staff/")
    staff.locator("main form .btn--primary").click()
    link = staff.locator(".st__link").first.input_value()
    host.close()
    return link


def _save(page: Page, fields: tuple[tuple[str, str], ...]) -> None:
    """What a colleague saves in the form that is open here."""
    other = page.context.new_page()
    other.goto(page.url)
    for selector, text in fields:
        _type(other, selector, text)
    other.locator(SAVE).click()
    other.wait_for_timeout(900)
    other.close()


def _upload(page: Page) -> None:
    page.goto("/dashboard/guifang/imports/")
    sheet = SHEET.format(n=next(_sheets)).encode("gb18030")
    file = {"name": "三月商品.csv", "mimeType": "text/csv", "buffer": sheet}
    page.locator("[name=file]").set_input_files(files=[file])  # type: ignore[list-item]
    page.locator("main form button").first.click()
    page.wait_for_url("**/imports/*/")


def _wait(url: str) -> None:
    for _ in range(1500):
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")
