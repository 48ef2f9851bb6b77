"""Who may open what (P14). Every address of Guitai has its row here, or the build fails.

An actor is let in (2xx, or a redirect to a page of ours), sent to sign in, refused (403) or told
that there is nothing (404). A foreign object and an absent one answer alike.
"""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.admin import site
from django.contrib.admin.utils import quote
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from config.asgi import application, sockets
from livestream.models import Draw, Sanction
from livestream.routing import websocket_urlpatterns
from livestream.rules.moderation import Measure
from livestream.services.chat import say
from livestream.services.claim import allot
from livestream.services.draw import close_draw, draw_winners, open_draw
from livestream.services.drop import open_drop
from livestream.services.entry import enter
from livestream.services.line import Voice
from livestream.services.moderation import sanction
from merchants.models import Customer, User, Variant
from merchants.rules.importing import Outcome
from merchants.rules.role import Role
from merchants.rules.verification import Paper
from merchants.services.correction import correct_stock
from merchants.services.importing import begin_import
from merchants.services.invitation import invite
from merchants.services.merchant import make_key
from merchants.services.photo import add_photo
from merchants.services.stocktake import begin_stocktake
from merchants.services.verification import Sheet, keep_papers, verification_of
from orders.models import Coupon, Line, Order, Refund, Review, Waiting
from orders.rules.refund import RefundKind
from orders.services.coupon import claim_coupon
from orders.services.refund import request_refund
from orders.services.shipping import save_rule
from tests.servers import session_of

pytestmark = pytest.mark.broad
PUBLIC, PERSON = "public", "person"  # everybody; everybody who has signed in
CLERK, MANAGER, OWNER, KEY = Role.CLERK, Role.MANAGER, Role.OWNER, "key"
HOOK_TOKEN = "a-token-that-only-the-media-server-knows"
BANK = "bank"  # a payment provider alone, by its signature
SERVER = "server"  # the media server alone, by the token in its address
HERS = "hers"  # the device that ordered alone
GET, POST = "get", "post"

# name -> who, the methods it answers, the objects in its address besides the merchant
TABLE: dict[str, tuple[object, set[str], list[str]]] = {
    # platform
    "healthz": (PUBLIC, {GET}, []),
    "favicon": (PUBLIC, {GET}, []),
    "manifest": (PUBLIC, {GET}, []),
    "offline": (PUBLIC, {GET}, []),
    "readyz": (PUBLIC, {GET}, []),
    "theme": (PUBLIC, {POST}, []),
    "shortcuts": (PUBLIC, {POST}, []),
    "terms": (PUBLIC, {GET}, []),
    "privacy": (PUBLIC, {GET}, []),
    "join": (PUBLIC, {GET, POST}, ["token"]),
    "set_language": (PUBLIC, {GET, POST}, []),
    "dashboard": (PERSON, {GET}, []),
    "new_merchant": (PERSON, {GET, POST}, []),
    "api:schema": (PUBLIC, {GET}, []),
    "api:docs": (PUBLIC, {GET}, []),
    # shoppers
    "watch:discover": (PUBLIC, {GET}, []),
    "watch:nickname": (PUBLIC, {POST}, []),
    "watch:strip": (PUBLIC, {GET}, []),
    "watch:room": (PUBLIC, {GET}, ["room"]),
    "watch:say": (PUBLIC, {GET, POST}, ["room"]),
    "watch:shelf": (PUBLIC, {GET}, ["room"]),
    "watch:product": (PUBLIC, {GET}, ["room", "item"]),
    "watch:checkout": (PUBLIC, {GET, POST}, ["room"]),
    "watch:cart": (PUBLIC, {GET, POST}, ["room"]),
    "watch:drop": (PUBLIC, {GET}, ["room", "drop"]),
    "watch:drop_lots": (PUBLIC, {GET}, ["room", "drop"]),
    "watch:claim": (PUBLIC, {POST}, ["room", "drop"]),
    "watch:clip": (PUBLIC, {GET}, ["product"]),
    "watch:promise": (PUBLIC, {GET}, ["number"]),
    "watch:follow": (PUBLIC, {GET, POST}, []),
    "watch:draw": (PUBLIC, {GET}, ["room", "draw"]),
    "watch:draw_sheet": (PUBLIC, {GET}, ["room", "draw"]),
    "watch:draw_enter": (PUBLIC, {POST}, ["room", "draw"]),
    "watch:draw_claim": (PUBLIC, {POST}, ["room", "draw"]),
    "watch:draw_entries": (PUBLIC, {GET}, ["room", "draw"]),
    "watch:share": (PUBLIC, {GET}, ["room"]),
    "watch:poster": (PUBLIC, {GET}, ["room"]),
    "watch:reminder": (PUBLIC, {POST}, ["room"]),
    "shop:front": (PUBLIC, {GET}, []),
    "shop:manifest": (PUBLIC, {GET}, []),
    "shop:product": (PUBLIC, {GET}, ["product"]),
    "track:mine": (PUBLIC, {GET}, []),
    "track:find": (PUBLIC, {GET, POST}, []),
    "track:find_code": (PUBLIC, {GET, POST}, []),
    "track:vouchers": (PUBLIC, {GET, POST}, []),
    "track:voucher": (PUBLIC, {GET}, ["code"]),
    "track:shop_coupons": (PUBLIC, {GET}, []),
    "track:parcels": (PUBLIC, {GET}, []),
    "track:coupon": (PUBLIC, {GET, POST}, ["coupon"]),
    "track:addresses": (PUBLIC, {GET, POST}, []),
    "track:carts": (PUBLIC, {GET}, []),
    "track:cart": (PUBLIC, {GET, POST}, []),
    "track:waitlist_join": (PUBLIC, {GET, POST}, ["product"]),
    "track:waitlist": (PUBLIC, {GET, POST}, ["waiting"]),
    "track:waitlist_buy": (PUBLIC, {GET, POST}, ["waiting"]),
    "track:reviews": (PUBLIC, {GET}, ["product"]),
    "track:review": (PUBLIC, {GET, POST}, ["number", "line"]),
    "track:review_photos": (PUBLIC, {POST}, ["number", "line"]),
    "track:review_follow": (PUBLIC, {POST}, ["number", "line"]),
    "track:review_report": (PUBLIC, {GET, POST}, ["review"]),
    "track:checkout": (PUBLIC, {GET, POST}, []),
    "track:order": (PUBLIC, {GET}, ["number"]),
    "track:pay": (PUBLIC, {GET, POST}, ["number"]),
    "track:wait": (PUBLIC, {GET, POST}, ["number"]),
    "track:wechat": (PUBLIC, {GET}, []),
    "track:readdress": (PUBLIC, {GET, POST}, ["number"]),
    "track:cancel": (PUBLIC, {POST}, ["number"]),
    "track:refund_ask": (PUBLIC, {GET, POST}, ["number"]),
    "track:refund_photo": (HERS, {GET}, ["number", "refund", "proof"]),
    "track:refund_withdraw": (PUBLIC, {POST}, ["number", "refund"]),
    "track:refund_dispute": (PUBLIC, {POST}, ["number", "refund"]),
    "track:refund_sent": (PUBLIC, {POST}, ["number", "refund"]),
    # dashboard
    "livestream:home": (CLERK, {GET}, []),
    "livestream:at_risk": (CLERK, {GET}, []),
    "livestream:shelve": (CLERK, {POST}, []),
    "livestream:goods_share": (CLERK, {GET}, ["product"]),
    "livestream:goods_poster": (CLERK, {GET}, ["product"]),
    "livestream:room_list": (CLERK, {GET}, []),
    "livestream:room_new": (CLERK, {GET, POST}, []),
    "livestream:room_edit": (CLERK, {GET, POST}, ["room"]),
    "livestream:room_shelf": (CLERK, {GET}, ["room"]),
    "livestream:shelf_add": (CLERK, {POST}, ["room"]),
    "livestream:shelf_item": (CLERK, {POST}, ["room", "item"]),
    "livestream:room_schedule": (CLERK, {POST}, ["room"]),
    "livestream:room_cancel": (CLERK, {POST}, ["room"]),
    "livestream:console": (CLERK, {GET}, ["room"]),
    "livestream:console_panels": (CLERK, {GET}, ["room"]),
    "livestream:console_over": (CLERK, {GET}, ["room"]),
    "livestream:console_move": (CLERK, {POST}, ["room"]),
    "livestream:console_handover": (CLERK, {POST}, ["room"]),
    "livestream:console_spotlight": (CLERK, {POST}, ["room"]),
    "livestream:console_drop": (CLERK, {POST}, ["room"]),
    "livestream:console_chat": (CLERK, {POST}, ["room"]),
    "livestream:console_draw": (CLERK, {POST}, ["room"]),
    "livestream:console_flash": (CLERK, {POST}, ["room"]),
    "livestream:console_notice": (CLERK, {POST}, ["room"]),
    "livestream:console_inbox": (CLERK, {GET}, ["room"]),
    "livestream:rehearsal_crowd": (CLERK, {GET}, ["room"]),
    "livestream:rehearsal_inbox": (CLERK, {GET}, ["room"]),
    "livestream:rehearsal_chat": (CLERK, {POST}, ["room"]),
    "livestream:rehearsal_measure": (CLERK, {POST}, ["room"]),
    "livestream:runsheet": (CLERK, {GET}, ["room"]),
    "livestream:runsheet_find": (CLERK, {GET}, ["room"]),
    "livestream:runsheet_add": (CLERK, {POST}, ["room"]),
    "livestream:runsheet_item": (CLERK, {GET, POST}, ["room", "item"]),
    "livestream:film": (CLERK, {GET}, ["room"]),
    "livestream:stream": (CLERK, {GET, POST}, ["room"]),
    "livestream:helper": (CLERK, {GET}, ["room"]),
    "livestream:wall": (CLERK, {GET}, ["room"]),
    "livestream:wall_figures": (CLERK, {GET}, ["room"]),
    "livestream:prompter": (CLERK, {GET}, ["room"]),
    "livestream:prompter_card": (CLERK, {GET}, ["room"]),
    "livestream:chat_export": (MANAGER, {GET}, ["room"]),
    "livestream:chat_lists": (MANAGER, {GET, POST}, []),
    "livestream:sanction_lift": (MANAGER, {POST}, ["sanction"]),
    "merchants:product_list": (CLERK, {GET}, []),
    "merchants:product_bulk": (MANAGER, {POST}, []),
    "merchants:product_new": (CLERK, {GET, POST}, []),
    "merchants:product_edit": (CLERK, {GET, POST}, ["product"]),
    "merchants:product_stock": (CLERK, {GET, POST}, ["product"]),
    "merchants:product_left": (CLERK, {POST}, ["product"]),
    "merchants:left_undo": (CLERK, {POST}, ["product", "movement"]),
    "merchants:counter": (CLERK, {GET}, []),
    "merchants:counter_store": (CLERK, {POST}, []),
    "merchants:counter_sell": (CLERK, {POST}, []),
    "merchants:counter_back": (CLERK, {POST}, []),
    "merchants:transfer": (CLERK, {GET, POST}, []),
    "merchants:stocktake_list": (CLERK, {GET, POST}, []),
    "merchants:stocktake": (CLERK, {GET}, ["stocktake"]),
    "merchants:stocktake_count": (CLERK, {POST}, ["stocktake"]),
    "merchants:stocktake_apply": (MANAGER, {POST}, ["stocktake"]),
    "merchants:stocktake_discard": (MANAGER, {POST}, ["stocktake"]),
    "merchants:photo_add": (CLERK, {GET, POST}, ["product"]),
    "merchants:photo_ahead": (CLERK, {GET}, ["photo"]),
    "merchants:photo_move": (CLERK, {POST}, ["product", "photo"]),
    "merchants:photo_alt": (CLERK, {POST}, ["product", "photo"]),
    "merchants:photo_remove": (CLERK, {POST}, ["product", "photo"]),
    "merchants:product_export": (MANAGER, {GET}, []),
    "merchants:import_list": (MANAGER, {GET, POST}, []),
    "merchants:import": (MANAGER, {GET}, ["batch"]),
    "merchants:import_columns": (MANAGER, {POST}, ["batch"]),
    "merchants:import_rename": (MANAGER, {POST}, ["batch"]),
    "merchants:import_apply": (MANAGER, {POST}, ["batch"]),
    "merchants:import_undo": (MANAGER, {GET, POST}, ["batch"]),
    "merchants:import_progress": (MANAGER, {GET}, ["batch"]),
    "merchants:import_rows": (MANAGER, {GET}, ["batch"]),
    "merchants:import_cell": (MANAGER, {POST}, ["batch", "row"]),
    "merchants:import_bad": (MANAGER, {GET}, ["batch"]),
    "merchants:store_list": (MANAGER, {GET}, []),
    "merchants:store_new": (MANAGER, {GET, POST}, []),
    "merchants:store_edit": (MANAGER, {GET, POST}, ["store"]),
    "merchants:store_move": (MANAGER, {POST}, ["store"]),
    "merchants:store_close": (MANAGER, {GET, POST}, ["store"]),
    "merchants:store_open": (MANAGER, {POST}, ["store"]),
    "merchants:staff_list": (MANAGER, {GET, POST}, []),
    "merchants:staff_edit": (MANAGER, {GET, POST}, ["place"]),
    "merchants:me": (CLERK, {GET, POST}, []),
    "merchants:leave": (CLERK, {POST}, []),
    "merchants:invitation_revoke": (MANAGER, {POST}, ["invitation"]),
    "merchants:staff_remove": (OWNER, {POST}, ["place"]),
    "merchants:settings": (MANAGER, {GET, POST}, []),
    "merchants:verification": (MANAGER, {GET, POST}, []),
    "merchants:verification_withdraw": (MANAGER, {POST}, []),
    "merchants:verification_paper": (MANAGER, {GET}, ["paper"]),
    "merchants:verification_paper_remove": (MANAGER, {POST}, ["paper"]),
    "merchants:keys": (OWNER, {GET}, []),
    "merchants:key_new": (OWNER, {POST}, []),
    "merchants:key_revoke": (OWNER, {POST}, ["prefix"]),
    "merchants:notices": (CLERK, {GET, POST}, []),
    "orders:order_list": (CLERK, {GET}, []),
    "orders:order_waiting": (CLERK, {GET}, []),
    "orders:order_detail": (CLERK, {GET}, ["number"]),
    "orders:order_export": (MANAGER, {GET}, []),
    "orders:voucher_scan": (CLERK, {GET}, []),
    "orders:voucher_take": (CLERK, {GET, POST}, ["code"]),
    "orders:voucher_undo": (CLERK, {POST}, ["code"]),
    "orders:waitlist": (CLERK, {GET}, ["product"]),
    "orders:reviews": (CLERK, {GET}, []),
    "orders:review_reply": (CLERK, {POST}, ["review"]),
    "orders:review_hide": (MANAGER, {POST}, ["review"]),
    "orders:review_show": (MANAGER, {POST}, ["review"]),
    "orders:books": (MANAGER, {GET}, []),
    "orders:books_export": (MANAGER, {GET}, []),
    "orders:order_slips": (CLERK, {GET}, []),
    "orders:order_picks": (CLERK, {GET}, []),
    "orders:order_dispatch": (CLERK, {GET, POST}, []),
    "orders:order_dispatch_apply": (CLERK, {POST}, []),
    "orders:order_dispatch_bad": (CLERK, {POST}, []),
    "orders:order_dispatch_sheet": (CLERK, {GET}, []),
    "orders:order_pickup": (CLERK, {GET, POST}, []),
    "orders:order_note": (CLERK, {POST}, ["number"]),
    "orders:order_tags": (CLERK, {POST}, ["number"]),
    "orders:order_address": (CLERK, {GET, POST}, ["number"]),
    "orders:order_ship": (CLERK, {POST}, ["number"]),
    "orders:order_ready": (CLERK, {POST}, ["number"]),
    "orders:order_collect": (CLERK, {POST}, ["number"]),
    "orders:order_deliver": (CLERK, {POST}, ["number"]),
    "orders:order_cancel": (CLERK, {POST}, ["number"]),
    "orders:refund_give": (MANAGER, {GET, POST}, ["number"]),
    "orders:refund_photo": (CLERK, {GET}, ["number", "refund", "proof"]),
    "orders:refund_ok": (MANAGER, {POST}, ["number", "refund"]),
    "orders:refund_no": (MANAGER, {POST}, ["number", "refund"]),
    "orders:dispute_answer": (MANAGER, {POST}, ["number", "refund"]),
    "orders:refund_back": (CLERK, {POST}, ["number", "refund"]),
    "orders:shipping": (MANAGER, {GET}, []),
    "orders:shipping_new": (MANAGER, {GET, POST}, []),
    "orders:shipping_edit": (MANAGER, {GET, POST}, ["rule"]),
    "orders:shipping_drop": (MANAGER, {POST}, ["rule"]),
    "orders:tracking": (OWNER, {GET, POST}, []),
    "orders:tracking_remove": (OWNER, {POST}, []),
    "orders:payments": (MANAGER, {GET}, []),
    "orders:payments_wechatpay": (OWNER, {GET, POST}, []),
    "orders:payments_alipay": (OWNER, {GET, POST}, []),
    "orders:payments_remove": (OWNER, {POST}, []),
    "orders:payments_check": (OWNER, {POST}, []),
    "orders:coupon_list": (CLERK, {GET}, []),
    "orders:coupon_gift": (CLERK, {GET}, []),
    "orders:coupon_new": (CLERK, {GET, POST}, []),
    "orders:coupon_stop": (CLERK, {POST}, ["coupon"]),
    # payment providers
    "track:notify": (BANK, {POST}, ["gateway"]),
    # news about parcels
    "track:parcel_news": (BANK, {POST}, ["tracker"]),
    # media servers
    "hooks:hook": (SERVER, {POST}, ["provider", "hook_token"]),
    "hooks:seen": (PUBLIC, {GET}, ["stream"]),
    # programs
    "api:product-list": (KEY, {GET}, []),
    "api:product-detail": (KEY, {GET}, ["product_public_id"]),
    "api:room-list": (KEY, {GET, POST}, []),
    "api:room-detail": (KEY, {GET}, ["room_public_id"]),
    "api:room-schedule": (KEY, {POST}, ["room_public_id"]),
    "api:order-list": (KEY, {GET}, []),
    "api:order-detail": (KEY, {GET}, ["number"]),
    "api:order-ship": (KEY, {POST}, ["number"]),
}
# Not ours: guarded by the admin itself, whose login is tested apart; accounts/ has ACCOUNTS below.
# kit/ is there under DEBUG alone, which the addresses may or may not have been read under.
FOREIGN = ("accounts/", "admin/", "media/", "kit/")
STAFFED = [name for name, (who, _m, _o) in TABLE.items() if isinstance(who, Role)]
KEYED = [name for name, (who, _m, _o) in TABLE.items() if who == KEY]
OPEN = [name for name, (who, _m, _o) in TABLE.items() if who == PUBLIC]


@dataclass(frozen=True)
class Page:
    name: str
    path: str


def pages(
    patterns: list[URLPattern | URLResolver], space: str = "", path: str = ""
) -> Iterator[Page]:
    """Every address of the site, from Django's own resolver."""
    for pattern in patterns:
        here = path + str(pattern.pattern)
        if here.lstrip("^").startswith(FOREIGN):
            continue
        if isinstance(pattern, URLResolver):
            inner = pattern.namespace or space
            yield from pages(pattern.url_patterns, inner, here)
        else:
            name = f"{space}:{pattern.name}" if space else str(pattern.name)
            yield Page(name, here)


def test_every_address_has_a_row():
    assert {page.name for page in pages(get_resolver().url_patterns)} == set(TABLE)


def a_paper(shop, picture) -> str:
    sheet = Sheet(ContentFile(picture()[0].read(), "a.webp"), "licence.jpg")
    draft = verification_of(shop)
    keep_papers(verification=draft, version=draft.version, papers={Paper.LICENCE: sheet})
    return Paper.LICENCE.value


def a_sanction(live, bob) -> Sanction:
    line = say(room=live, voice=Voice("Eve", device=uuid.uuid4()), text="spam")
    by = live.merchant.staff.get(user=bob)
    return sanction(line=line, measure=Measure.MUTE, minutes=5, by=by)


def a_draw(live, bob) -> Draw:
    """Closed and drawn, with one entry."""
    by = live.merchant.staff.get(user=bob)
    terms = {"prize": "茶点", "winners": 1, "minutes": 3, "entry_by": "follow"}
    draw = open_draw(room=live, by=by, **terms)
    enter(draw=draw, customer=Customer.objects.create(merchant=live.merchant, device=uuid.uuid4()))
    close_draw(draw=draw)
    draw_winners(draw=draw)
    return draw


def a_refund(paid) -> Refund:
    pieces = {line.pk: 1 for line in paid.lines.all()}
    photo = ContentFile(b"1", name="a.webp")
    return request_refund(order=paid, pieces=pieces, kind=RefundKind.MONEY, photos=[photo])


@pytest.fixture
def things(shop, live, longjing, paid, coupon, bob, store, picture) -> dict[str, object]:
    """One of everything, all of Alice's shop."""
    batch = begin_import(
        merchant=shop,
        by=bob,
        file=io.BytesIO(b"name,price\ntea,38\n"),
        file_name="goods.csv",
        store=store,
    )
    batch.rows.create(number=2, cells=["tea", "38"], outcome=Outcome.NEW)
    file, size = picture()
    drop = open_drop(room=live, coupon=coupon, minutes=5, fair=True)
    allot(drop=drop)
    key, secret = make_key(merchant=shop, name="till")
    invitation = invite(by=shop.staff.get(role=Role.OWNER), role=Role.CLERK)
    return {
        "merchant": shop.slug,
        "room": live.public_id,
        "room_public_id": live.public_id,
        "sanction": a_sanction(live, bob).pk,
        "item": live.items.first().pk,
        "drop": drop.public_id,
        "draw": a_draw(live, bob).public_id,
        "product": longjing.public_id,
        "product_public_id": longjing.public_id,
        "photo": add_photo(product=longjing, file=file, size=size).pk,
        "store": store.pk,
        "paper": a_paper(shop, picture),
        "place": shop.staff.get(user=bob).pk,
        "invitation": invitation.public_id,
        "token": invitation.path.split("/")[2],
        "prefix": key.prefix,
        "number": paid.number,
        "refund": (refund := a_refund(paid)).public_id,
        "proof": refund.photos.get().public_id,
        "coupon": listed(coupon),
        "rule": save_rule(merchant=shop, regions=["CN-XJ"], fee=0, free_from=None).public_id,
        "code": a_voucher(coupon),
        "waiting": a_waiting(longjing.variants.get()),
        "line": paid.lines.get().pk,
        "review": a_review(paid.lines.get()),
        "batch": batch.public_id,
        "row": 2,
        "movement": correct_stock(
            variant=longjing.variants.get(), store=store, seen=8, found=9, by=bob
        ).pk,
        "stocktake": begin_stocktake(store=store, by=bob).public_id,
        "secret": secret,
        "provider": "nginx_rtmp",
        "gateway": "sandbox",
        "tracker": "kuaidi100",
        "hook_token": HOOK_TOKEN,
        "stream": a_stream(live),
    }


def a_stream(live) -> str:
    """The name under which a media server knows a show."""
    now = timezone.now()
    return live.stream_keys.create(
        provider="nginx_rtmp", name="s0123456789", issued_at=now, expires_at=now, revoked_at=now
    ).name


def a_voucher(coupon: Coupon) -> str:
    customer = Customer.objects.create(merchant=coupon.merchant)
    return claim_coupon(coupon=coupon, customer=customer).code


def a_waiting(variant: Variant) -> str:
    fields = {"merchant": variant.merchant, "variant": variant, "phone": "+8613800138000"}
    now = timezone.now()
    return Waiting.objects.create(
        **fields, device=uuid.uuid4(), quantity=1, joined_at=now
    ).public_id


def a_review(line: Line) -> str:
    facts = {"merchant": line.order.merchant, "product": line.variant.product}
    return Review.objects.create(**facts, line=line, stars=5, written_at=timezone.now()).public_id


def listed(coupon: Coupon) -> str:
    """It stands in the shop, where everybody may look at it."""
    Coupon.objects.filter(pk=coupon.pk).update(listed=True)
    return coupon.public_id


@pytest.fixture
def address(things):
    """The address of a page about Alice's things, at any shop; `absent`: about none."""

    def address(name: str, merchant: str = "", absent: bool = False) -> str:
        kwargs = {}
        needs = list(TABLE[name][2])
        if isinstance(TABLE[name][0], Role) or TABLE[name][0] == KEY or name in WITH_MERCHANT:
            kwargs["merchant"] = merchant or things["merchant"]
        for need in needs:
            value = things[need]
            if absent:
                value = 10**9 if isinstance(value, int) else "zzzzzzzzzz"
            name_there = need.removeprefix("product_").removeprefix("room_").removeprefix("hook_")
            kwargs[name_there] = value
        return reverse(name, kwargs=kwargs)

    return address


GOT_IN = {200, 302}
# A form that came without its fields: the verb or the form said no, not the door.
DONE = GOT_IN | {201, 204, 400, 409, 415, 422}
WITH_MERCHANT = {
    "watch:strip",
    "watch:clip",
    "watch:follow",
    "shop:front",
    "shop:manifest",
    "shop:product",
    "track:checkout",
    "track:cart",
    "track:shop_coupons",
    "track:parcels",
    "track:waitlist_join",
    "track:reviews",
    "track:notify",
    "track:wechat",
    "track:parcel_news",
}


def visit(client: Client, url: str, method: str, **headers: str) -> int:
    return getattr(client, method)(url, headers=headers).status_code


def every(names: list[str]):
    return pytest.mark.parametrize(
        ("name", "method"),
        [(name, method) for name in names for method in sorted(TABLE[name][1])],
    )


@every(STAFFED)
def test_who_opens_what(
    address, client, shop, alice, bob, carol, mallory, other_shop, name, method
):
    """One row of the matrix: every actor in turn, those who are refused first."""
    least, objects = TABLE[name][0], TABLE[name][2]
    guest = getattr(client, method)(address(name))
    assert guest.status_code == 302, "a guest is asked to sign in"
    assert guest["Location"].startswith("/accounts/login/")

    client.force_login(mallory)
    assert visit(client, address(name), method) == 404, "a stranger must not see the shop"
    assert visit(client, address(name, merchant="no-such-shop"), method) == 404
    if objects:
        foreign = visit(client, address(name, merchant=other_shop.slug), method)
        absent = visit(client, address(name, merchant=other_shop.slug, absent=True), method)
        assert foreign == absent == 404, "through her own shop she reaches nothing of another"

    for who, role in ((bob, CLERK), (carol, MANAGER)):
        if least > role:
            client.force_login(who)
            assert visit(client, address(name), method) == 403, f"too high for role {role}"

    client.force_login({CLERK: bob, MANAGER: carol, OWNER: alice}[least])
    url = address(name)
    assert visit(client, url, method) in (GOT_IN if method == GET else DONE)

    client.force_login(bob)
    shop.staff.filter(user=bob).delete()  # as remove_staff does
    assert visit(client, url, method) == 404, "removed, she is out at the next request"


@every(OPEN)
def test_a_shopper_needs_no_account(address, client, name, method):
    # 409: the verb said no, for the draw is over.
    assert visit(client, address(name), method) in {200, 204, 302, 409, 422}


@every([name for name in OPEN if TABLE[name][2]])
def test_what_is_not_there_is_not_found(address, client, name, method):
    assert visit(client, address(name, absent=True), method) == 404


@every([name for name, row in TABLE.items() if row[0] == HERS])
def test_only_the_device_that_ordered_gets_in(address, client, alice, paid, name, method):
    url = address(name)
    assert visit(client, url, method) == 404
    client.force_login(alice)
    assert visit(client, url, method) == 404, "the shop's own staff have another door"
    client.logout()
    client.get(reverse("track:mine"))
    Order.objects.filter(pk=paid.pk).update(device=client.session["device"])
    assert visit(client, url, method) == 200
    assert visit(client, address(name, absent=True), method) == 404


@every([name for name, row in TABLE.items() if row[0] == PERSON])
def test_a_page_for_people_asks_to_sign_in(address, client, alice, name, method):
    assert visit(client, address(name), method) == 302
    client.force_login(alice)
    assert visit(client, address(name), method) in {200, 204, 302, 422}


@every(KEYED)
def test_which_key_opens_what(address, things, shop, client, alice, other_shop, name, method):
    """One row of the second door's matrix: no key, a bad one, a session, a stranger's, ours."""
    _key, foreign = make_key(merchant=other_shop, name="theirs")
    own, theirs = f"Api-Key {things['secret']}", f"Api-Key {foreign}"
    assert visit(client, address(name), method) == 401
    assert visit(client, address(name), method, authorization="Api-Key bad.key") == 401
    assert visit(client, address(name), method, authorization=theirs) == 404
    if TABLE[name][2]:
        through_own = address(name, merchant=other_shop.slug)
        assert visit(client, through_own, method, authorization=theirs) == 404
    client.force_login(alice)
    assert visit(client, address(name), method) == 401, "a session is no key"
    client.logout()
    status = visit(client, address(name), method, authorization=own)
    assert status in ({200} if method == GET else DONE)
    shop.api_keys.update(revoked=True)
    assert visit(client, address(name), method, authorization=own) == 401


@every([name for name, row in TABLE.items() if row[0] == SERVER])
def test_only_the_media_server_is_heard(address, client, alice, settings, name, method):
    client.force_login(alice)
    url = address(name)
    assert visit(client, url, method) == 404, "no media server is set up"
    settings.LIVE_PROVIDER, settings.LIVE_HOOK_TOKEN = "nginx_rtmp", ""
    assert visit(client, url, method) == 404, "without a token nobody is let in"
    settings.LIVE_HOOK_TOKEN = HOOK_TOKEN
    assert visit(client, address(name, absent=True), method) == 404
    assert visit(client, url, method) == 200
    large = client.post(url, b"x" * (64 * 1024 + 1), content_type="application/json")
    assert large.status_code == 413


@every([name for name, row in TABLE.items() if row[0] == BANK])
def test_only_a_bank_is_heard(address, client, alice, name, method):
    client.force_login(alice)
    assert visit(client, address(name), method) == 400, "nobody is a bank by being signed in"
    assert visit(client, address(name, absent=True), method) == 404
    assert visit(client, address(name, merchant="no-such-shop"), method) == 404


@pytest.mark.parametrize("name", sorted(TABLE.keys() - {"set_language"}))  # Django's own
def test_other_methods_are_refused(address, things, alice, client, name):
    client.force_login(alice)
    for other in {"get", "post", "put", "delete"} - TABLE[name][1]:
        key = f"Api-Key {things['secret']}"
        assert visit(client, address(name), other, authorization=key) in {403, 405}, other


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, (who, methods, _o) in TABLE.items()
        if GET not in methods and who not in {KEY, SERVER, BANK}
    ],
)
def test_the_address_of_a_form_leads_to_the_page_it_belongs_to(address, alice, client, name):
    client.force_login(alice)
    url = address(name)
    page = client.get(url, headers={"Accept": "text/html,*/*;q=0.8"}, follow=True)
    assert page.status_code == 200, page.redirect_chain
    assert url.startswith(page.redirect_chain[0][0])
    assert client.get(url, headers={"Accept": "application/json"}).status_code == 405


def test_the_look_is_chosen_and_the_page_stays_even_after_an_error(address, alice, client):
    client.force_login(alice)
    html = {"Accept": "text/html", "Referer": "http://testserver" + address("merchants:photo_add")}
    for name, words in (("theme", {"theme": "dark"}), ("set_language", {"language": "en"})):
        answer = client.post(reverse(name), words, headers=html, follow=True)
        assert answer.status_code == 200
        assert answer.redirect_chain[-1][0].partition("#")[0] == address("merchants:product_edit")


def test_nobody_is_sent_to_another_site(client, db):
    html = {"Accept": "text/html", "Referer": "https://elsewhere.example/page/"}
    for name, words in (("theme", {"theme": "dark"}), ("set_language", {"language": "en"})):
        answer = client.post(reverse(name), words | {"next": html["Referer"]}, headers=html)
        assert answer["Location"] == "/"


def test_the_admin_is_closed_to_merchants(client, alice):
    paths = [
        f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in site._registry
    ]
    for path in ["/admin/", *paths]:
        client.logout()
        assert client.get(path).status_code == 302, path
        client.force_login(alice)
        assert client.get(path).status_code == 302, path


def test_the_admin_reads_everything(client, things, settings):
    settings.ADMIN_REQUIRES_MFA = False
    client.force_login(User.objects.create_superuser("root@example.com", "a long password"))
    for model in site._registry:
        listed = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(listed, {"q": "a"}).status_code in {200, 302}, listed
        one = model._default_manager.first()
        if one is not None:
            assert client.get(f"{listed}{quote(one.pk)}/change/").status_code == 200, listed


# django-allauth's pages: what a guest and what somebody signed in gets. OK is a page of ours, SIGN
# the way to sign in, IN the way to the counter, ONWARD another step of the same, and NONE a 404.
OK, SIGN, IN, ONWARD, NONE = "page", "sign in", "counter", "onward", "nothing"
ACCOUNTS = {
    "account_login": (OK, IN),
    "account_logout": (ONWARD, OK),
    "account_inactive": (OK, OK),
    "account_signup": (OK, IN),
    "sign_up_again": (ONWARD, ONWARD),
    "account_reauthenticate": (SIGN, OK),
    "account_email": (SIGN, OK),
    "account_email_verification_sent": (SIGN, ONWARD),
    "account_change_password": (SIGN, OK),
    "account_set_password": (SIGN, ONWARD),
    "account_reset_password": (OK, OK),
    "account_reset_password_done": (OK, OK),
    "account_reset_password_from_key": (OK, OK),
    "account_reset_password_from_key_done": (OK, OK),
    "account_confirm_login_code": (SIGN, IN),
    "account_request_login_code": (OK, IN),
    "account_verify_phone": (SIGN, ONWARD),
    "account_change_phone": (SIGN, OK),
    "mfa_index": (SIGN, OK),
    "mfa_authenticate": (SIGN, IN),
    "mfa_reauthenticate": (SIGN, ONWARD),
    "mfa_activate_totp": (SIGN, OK),
    "mfa_deactivate_totp": (SIGN, NONE),
    "mfa_view_recovery_codes": (SIGN, NONE),
    "mfa_generate_recovery_codes": (SIGN, OK),
    "mfa_download_recovery_codes": (SIGN, NONE),
    "mfa_list_webauthn": (SIGN, OK),
    "mfa_add_webauthn": (SIGN, OK),
    "mfa_reauthenticate_webauthn": (SIGN, ONWARD),
    "mfa_remove_webauthn": (SIGN, NONE),
    "mfa_edit_webauthn": (SIGN, NONE),
    "mfa_login_webauthn": (SIGN, IN),
    "usersessions_list": (SIGN, OK),
}
PARTS = {"pk": 1, "uidb36": "1", "key": "a-b"}
RAW = ["您", "Email", "e-mail address", "Are you sure", "DEBUG"]  # words that are not ours


def accounts(patterns: list[URLPattern | URLResolver], path: str = "") -> Iterator[Page]:
    for pattern in patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from accounts(pattern.url_patterns, here)
        elif here.startswith("accounts/"):
            yield Page(str(pattern.name), here)


def account_path(page: Page) -> str:
    kwargs = {
        name: value for name, value in PARTS.items() if re.search(rf"<(int:)?{name}>", page.path)
    }
    return reverse(page.name, kwargs=kwargs)


def answered(client: Client, path: str) -> str:
    answer = client.get(path, headers={"Accept-Language": "zh-hans", "Accept": "text/html"})
    to = answer.headers.get("Location", "")
    if answer.status_code == 404:
        return NONE
    if answer.status_code == 302:
        return SIGN if to.startswith("/accounts/login/") else IN if to == "/dashboard/" else ONWARD
    assert answer.status_code == 200, path
    if "json" in answer["Content-Type"]:
        return ONWARD
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    assert "su__form" in answer.text, path
    assert not [word for word in RAW if word in main], (path, main)
    return OK


def test_every_page_about_accounts_has_a_row_and_wears_our_dress(client, alice):
    found = {page.name: page for page in accounts(get_resolver().url_patterns)}
    assert set(found) == set(ACCOUNTS)
    guest = {name: answered(client, account_path(page)) for name, page in found.items()}
    words = {"login": alice.email, "password": "a long password"}
    for name in ("account_login", "account_reauthenticate"):
        client.post(reverse(name), words)
    hers = {name: answered(client, account_path(page)) for name, page in found.items()}
    assert {name: (guest[name], hers[name]) for name in found} == ACCOUNTS


# path -> who may open the socket
SOCKETS = {
    "/ws/live/{room}/": {"guest", "mallory", "bob", "alice"},
    "/ws/publish/{room}/": {"bob", "alice"},
    "/ws/dashboard/{merchant}/": {"bob", "alice"},
}


def test_every_socket_has_a_row():
    rows = {path.replace("{room}", "x").replace("{merchant}", "x") for path in SOCKETS}
    known = [str(one.pattern) for one in websocket_urlpatterns]
    assert {re.sub(r"<slug:\w+>", "x", f"/{path}") for path in known} == rows


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("origin", ["http://localhost", "https://elsewhere.example"])
async def test_who_opens_which_socket(transactional_db, sessions, things, path, origin):
    for actor, session in sessions.items():
        headers = [(b"origin", origin.encode()), (b"host", b"localhost")]
        if session:
            headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode()))
        opened = await opens(path.format(**things), headers)
        may = origin == "http://localhost" and actor in SOCKETS[path]
        assert opened == may, (actor, path, origin)


async def opens(path: str, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the socket is accepted and stays open."""
    scope = {"type": "websocket", "path": path, "headers": headers, "query_string": b""}
    scope |= {"subprotocols": [], "client": ("127.0.0.1", 1), "server": ("localhost", 80)}
    socket = ApplicationCommunicator(sockets, scope)
    await socket.send_input({"type": "websocket.connect"})
    answer = await socket.receive_output(timeout=5)
    while answer["type"] == "websocket.accept" and not await socket.receive_nothing(timeout=0.3):
        if (await socket.receive_output(timeout=1))["type"] == "websocket.close":
            answer = {"type": "websocket.close"}
        else:
            break  # it speaks: it is open
    opened = answer["type"] == "websocket.accept"
    if opened:
        await socket.send_input({"type": "websocket.disconnect", "code": 1001})
        await socket.wait(timeout=5)
    return opened


# who -> what she gets at /whip/<stream>/ without its key (with it: test_whip.py)
WHIP = {"guest": 401, "mallory": 401, "bob": 401, "alice": 401, "a wrong key": 403}


@pytest.mark.parametrize("who", WHIP)
async def test_only_its_key_opens_a_whip_address(transactional_db, sessions, settings, who):
    settings.LIVE_PROVIDER = "janus"
    headers = [(b"host", b"localhost"), (b"content-type", b"application/sdp")]
    if session := sessions.get(who):
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode()))
    if who not in sessions:
        headers.append((b"authorization", b"Bearer wrong"))
    path = "/whip/s0123456789abcdef0123/"
    assert await posts(path, headers) == WHIP[who]
    settings.LIVE_PROVIDER = "embedded"
    assert await posts(path, headers) == 404


async def posts(path: str, headers: list[tuple[bytes, bytes]]) -> int:
    """The status of an empty POST to what stands before Django."""
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    asked = ApplicationCommunicator(application, scope | {"query_string": b""})
    await asked.send_input({"type": "http.request", "body": b""})
    return int((await asked.receive_output(timeout=5))["status"])


@pytest.fixture
def sessions(alice, bob, mallory) -> dict[str, str]:
    """{actor: the key of her session}."""
    found = {"guest": ""}
    for name, user in (("alice", alice), ("bob", bob), ("mallory", mallory)):
        client = Client()
        client.force_login(user)
        found[name] = session_of(client)
    return found
