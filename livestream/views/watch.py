"""What a shopper sees: discovery, the room in each of its states, and the sheets over the video."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from livestream.forms.room import BAD_NICKNAME, NicknameForm, ReminderForm
from livestream.models import Claim, Drop, FlashSale, Room
from livestream.rules.moderation import Measure
from livestream.rules.room import RoomState
from livestream.selectors import discovery
from livestream.selectors.chat import seen_from
from livestream.selectors.claim import claim_of, claims_text, gathers_until
from livestream.selectors.draw import draws_of
from livestream.selectors.flash import announced, running, turns_at
from livestream.selectors.moderation import measure_against
from livestream.selectors.picture import picture_of
from livestream.selectors.room import (
    goods_in,
    live_prices,
    on_shelf,
    open_drops,
    shelf,
    with_flash,
)
from livestream.services.claim import take
from livestream.services.reminder import remind
from livestream.services.rush import buy_together
from livestream.services.sale import buy_in_room, may_buy
from merchants.device import customer_of, device_of, known_device, known_guest
from merchants.errors import RuleBroken
from merchants.models import Customer, Merchant
from merchants.pace import keep_pace
from merchants.selectors.product import variants_with_stock
from merchants.selectors.share import MARK, remember_sharer
from merchants.selectors.stock import held_pieces
from orders.errors import CouponHeld
from orders.models import Voucher
from orders.selectors.review import score_of
from orders.selectors.shipping import promise_to
from orders.views.checkout import asked, checkout_context, ordered

PAGES = {
    RoomState.SCHEDULED: "livestream/room/countdown.html",
    RoomState.LIVE: "livestream/room/live.html",
    RoomState.PAUSED: "livestream/room/live.html",
    RoomState.INTERRUPTED: "livestream/room/live.html",
    RoomState.ENDED: "livestream/room/replay.html",
    RoomState.EXPIRED: "livestream/room/over.html",
    RoomState.CANCELLED: "livestream/room/over.html",
}
BANNED = "livestream/room/banned.html"


@require_safe
def discover(request: HttpRequest) -> HttpResponse:
    """Live now, soon, and to watch again; with `q`, what was looked for."""
    words = request.GET.get("q", "")[:60].strip()
    if words:
        return render(request, "livestream/discovery/found.html", discovery.found(words))
    return render(request, "livestream/discovery/page.html", discovery.rooms(timezone.now()))


@require_safe
def strip(request: HttpRequest, merchant: str) -> HttpResponse:
    """What this shop shows now or next: a fragment for its pages."""
    shop = get_object_or_404(Merchant, slug=merchant)
    context = {"room": discovery.strip(shop)}
    return render(request, "livestream/discovery/_strip.html", context)


@require_safe
@ensure_csrf_cookie
def room(request: HttpRequest, room: str) -> HttpResponse:
    """The room at its one address: countdown, live or replay."""
    found = room_at(room)
    device = device_of(request.session)
    guest = known_guest(request.session, found.merchant)
    if is_banned(found, device, guest):
        return render(request, BANNED, {"room": found}, status=403)
    remember_sharer(request.session, found.merchant, request.GET.get(MARK, ""), request.user)
    context: dict[str, Any] = {
        "room": found,
        "merchant": found.merchant,
        "cards": shelf(found),
        "drops": (drops := open_drops(found)),
        "held": held_coupons(request, found) if drops else set(),
        "flash_sales": announced(found, timezone.now()) if found.is_on_air else (),
        **draws_of(found, guest),
        "now": timezone.now(),
    }
    context["pinned"] = next((card for card in context["cards"] if card.on_now), None)
    if found.is_on_air:
        context["chat"] = seen_from(found.pk, device, 40)
        context["nickname"] = request.session.get("nickname", "")
        context["picture"] = picture_of(found)
    if found.shown_state == RoomState.SCHEDULED:
        context["reminder_form"] = ReminderForm()
    if found.state == RoomState.ENDED:
        context |= discovery.replay(found, context["cards"])
    return render(request, PAGES[found.shown_state], context)


def is_banned(found: Room, device: UUID, guest: Customer | None) -> bool:
    """Whether the shop has closed its rooms to this guest; its shelves and orders stay open."""
    customer = guest.pk if guest else None
    measure = measure_against(found, device=device, customer=customer, now=timezone.now())
    return measure is Measure.BAN


def held_coupons(request: HttpRequest, found: Room) -> set[int]:
    """The coupons of the shop that this device has claimed."""
    guest = known_guest(request.session, found.merchant)
    return set(guest.vouchers.values_list("coupon", flat=True)) if guest else set()


@require_safe
def shelf_fragment(request: HttpRequest, room: str) -> HttpResponse:
    found = room_at(room)
    context = {"room": found, "merchant": found.merchant, "cards": shelf(found)}
    return render(request, "livestream/shelf/_list.html", context)


@require_safe
def product(request: HttpRequest, room: str, item: int) -> HttpResponse:
    """The product sheet over the video."""
    found = room_at(room)
    remember_sharer(request.session, found.merchant, request.GET.get(MARK, ""), request.user)
    shown = get_object_or_404(
        on_shelf(found).select_related("product__merchant").prefetch_related("product__photos"),
        pk=item,
    )
    variants = list(variants_with_stock(shown.product))
    now = timezone.now()
    flash = running(found, now)
    prices = live_prices(found, flash)
    for variant in variants:
        variant.live = prices.get(variant.pk, variant.price)  # type: ignore[attr-defined]
        if variant.pk in flash:  # what is put aside for it is to be had
            variant.left += flash[variant.pk].left  # type: ignore[attr-defined]
            variant.pay_first = flash[variant.pk].pay_first  # type: ignore[attr-defined]
    context = {
        "room": found,
        "merchant": found.merchant,
        "item": shown,
        "product": shown.product,
        "score": score_of(shown.product),
        "promise": promise_to(found.merchant, known_device(request.session)),
        "variants": variants,
        "first": _first(variants, request.GET.get("variant", "")),
        "some_sold_out": any(one.left <= 0 for one in variants),  # type: ignore[attr-defined]
        "turns_at": turns_at(found, shown, now),
        "pay_first": any(flash[one.pk].pay_first for one in variants if one.pk in flash),
    }
    return sheet_or_page(request, "livestream/shelf/_product.html", context)


def _first(variants: list[Any], wanted: str) -> Any:
    """The variant that is chosen at first: the one asked for, else the first that is to be had."""
    there = [variant for variant in variants if variant.left > 0]
    asked = [variant for variant in there if str(variant.pk) == wanted]
    return next(iter([*asked, *there]), None)


@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest, room: str) -> HttpResponse:
    """The checkout sheet over the video. A placed order goes on to the payment page."""
    found = room_at(room)
    # For what the form shows; who orders is told by what holds then.
    sales: dict[int, FlashSale] = SimpleLazyObject(  # type: ignore[assignment]
        lambda: running(found, timezone.now())
    )
    goods: tuple[set[int], dict[int, int]] = SimpleLazyObject(  # type: ignore[assignment]
        lambda: goods_in(found, context["basket"], sales)
    )
    prices: dict[int, int] = SimpleLazyObject(  # type: ignore[assignment]
        lambda: with_flash(goods[1], sales)
    )
    held: dict[tuple[int, int], int] = SimpleLazyObject(  # type: ignore[assignment]
        lambda: held_pieces(found.merchant, [sale.reference for sale in sales.values()])
    )
    context = checkout_context(request, found.merchant, asked(request), prices, sales, held)
    context["room"] = found
    context["pay_first"] = SimpleLazyObject(
        lambda: any(sales[pk].pay_first for pk in context.get("basket", ()) if pk in sales)
    )
    form = context["form"]
    status = 200 if form is not None else 422
    if request.method == "GET" and form is not None:
        try:
            may_buy(found, context["basket"], goods)
        except RuleBroken as refusal:
            context |= {"form": None, "refusal": str(refusal)}
            status = refusal.status
    if request.method == "POST":
        act, together = partial(_buy, found), partial(buy_together, found)
        number, status = ordered(request, context, act, together)
        if number:
            return _to_payment(request, found, number)
    return sheet_or_page(request, "livestream/sale/_checkout.html", context, status=status)


def sheet_or_page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """What lies over the video; a page of its own before the scripts are there, or without them."""
    if not request.headers.get("HX-Request"):
        context, template = context | {"sheet": template}, "livestream/shelf/page.html"
    return render(request, template, context, status=status)


def _buy(found: Room, *, merchant: Merchant, **wanted: Any) -> Any:
    return buy_in_room(room=found, **wanted)


def _to_payment(request: HttpRequest, found: Room, number: str) -> HttpResponse:
    """In the room the bank's page opens in the sheet; without JavaScript it is a page."""
    if request.headers.get("HX-Request"):
        context = {"room": found, "number": number, "url": reverse("track:pay", args=[number])}
        return render(request, "livestream/sale/_pay.html", context)
    return redirect("track:pay", number)


@require_POST
def claim(request: HttpRequest, room: str, drop: str) -> HttpResponse:
    """Take a copy of the coupon on offer."""
    found = room_at(room)
    offer = get_object_or_404(
        Drop.objects.select_related("coupon__gift__product", "room"), room=found, public_id=drop
    )
    context: dict[str, Any] = {"room": found, "drop": offer, "refusal": None}
    context["until"] = gathers_until(offer)
    status, held = 200, True
    try:
        keep_pace(request, "claim")
        guest = customer_of(request.session, found.merchant)
        token = request.POST.get("proof", "")[:300]
        got = take(drop=offer, customer=guest, device=device_of(request.session), token=token)
        context["asked"] = got if isinstance(got, Claim) else None
    except RuleBroken as refusal:
        context["refusal"] = str(refusal)
        status, held = refusal.status, refusal.code == CouponHeld.code
    answer = sheet_or_page(request, "livestream/drop/_claimed.html", context, status=status)
    if asked := context.get("asked"):
        context_of_claim = {"id": offer.public_id, "handle": asked.handle}
        return trigger_client_event(answer, "drop:asked", context_of_claim)
    if held:  # the chip over the video changes its word
        trigger_client_event(answer, "drop:held", {"id": offer.public_id})
    return answer


@require_safe
def drop(request: HttpRequest, room: str, drop: str) -> HttpResponse:
    """The coupon sheet: what it gives, how long, and the button."""
    found = room_at(room)
    drops = Drop.objects.select_related("coupon__gift__product")
    offer = get_object_or_404(drops, room=found, public_id=drop)
    guest = customer_of(request.session, found.merchant)
    held = Voucher.objects.filter(coupon=offer.coupon, customer=guest).first()
    context: dict[str, Any] = {"room": found, "drop": offer, "held": held}
    context |= {"asked": claim_of(offer, guest), "until": gathers_until(offer)}
    context["now"] = timezone.now()
    return sheet_or_page(request, "livestream/drop/_sheet.html", context)


@require_safe
def lots(request: HttpRequest, room: str, drop: str) -> HttpResponse:
    """How the copies of a fair drop were given out, as text; there is none before."""
    given = Drop.objects.filter(fair=True, allotted_at__isnull=False)
    offer = get_object_or_404(given, room=room_at(room), public_id=drop)
    return HttpResponse(claims_text(offer), content_type="text/plain; charset=utf-8")


@require_POST
def nickname(request: HttpRequest) -> JsonResponse:
    """Choose the name under which this device talks."""
    form = NicknameForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"sentence": str(BAD_NICKNAME)}, status=422)
    request.session["nickname"] = form.cleaned_data["nickname"]
    return JsonResponse({"nickname": request.session["nickname"]})


@require_POST
def reminder(request: HttpRequest, room: str) -> HttpResponse:
    """ "Tell me when it starts." """
    found = room_at(room)
    form = ReminderForm(request.POST)
    status = 422
    done = False
    if form.is_valid():
        try:
            keep_pace(request, "reminder")
            remind(
                room=found,
                customer=customer_of(request.session, found.merchant),
                email=form.cleaned_data["email"],
                phone=str(form.cleaned_data["phone"] or ""),
                language=get_language() or "zh-hans",
            )
            status, done = 200, True
        except RuleBroken as refusal:
            form.add_error(None, str(refusal))
            status = max(status, refusal.status)
    context = {"room": found, "reminder_form": form, "reminded": done}
    if request.headers.get("HX-Request"):
        return render(request, "livestream/reminder/_form.html", context, status=status)
    if done:
        return redirect("watch:room", found.public_id)
    context |= {"merchant": found.merchant, "cards": shelf(found), "now": timezone.now()}
    return render(request, PAGES[RoomState.SCHEDULED], context, status=status)


def room_at(public_id: str) -> Room:
    """A room that everybody may see, or 404."""
    rooms = Room.objects.public().select_related("merchant", "host")
    return get_object_or_404(rooms, public_id=public_id)
