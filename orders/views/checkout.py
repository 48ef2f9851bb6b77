"""Buying in the shop, without a live room; following an order.

The room's checkout sheet shares `checkout_context` and `ordered` so that there is one way to buy.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Container, Mapping
from functools import partial
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.device import device_of
from merchants.errors import RuleBroken
from merchants.forms.contact import as_typed
from merchants.models import Merchant, Store
from merchants.pace import keep_pace, take_back
from merchants.rules.qr import square
from merchants.selectors.share import brought_by
from merchants.selectors.stock import Place, lying, pickup_places
from merchants.services.code import texts_codes
from merchants.services.request import Asked, fingerprint
from orders.errors import CouponUnfit, NotTogether, PriceMoved
from orders.forms.checkout import PICKUP, CheckoutForm, ChoiceForm, CouponWish
from orders.hers import is_hers, people_of, phones_of
from orders.models import Order
from orders.models.shipment import CARRIER_LABELS
from orders.payments import open_gateway
from orders.rules.line import LineState
from orders.rules.pickup import pickup_text
from orders.selectors.dispute import disputable
from orders.selectors.order import lines_with_pictures, orders_of
from orders.selectors.review import reviewed_lines
from orders.selectors.shipping import MOST_SHOWN, addresses_of, bought_on, parcels_of
from orders.selectors.voucher import usable_vouchers, vouchers_of
from orders.services.cart import take_from_cart
from orders.services.customer import buyers
from orders.services.order import Terms, move_order, place_order, quote, shortage
from orders.services.order_batch import Wish, order_together
from orders.services.order_once import order_once, placed_before
from orders.services.payment import settle_nothing
from orders.services.saving import Choice, choose


def checkout_context(
    request: HttpRequest,
    merchant: Merchant,
    data: Mapping[str, Any] | None,
    live_prices: Mapping[int, int] | None = None,
    flash: Container[int] = (),
    held: Mapping[tuple[int, int], int] | None = None,
) -> dict[str, Any]:
    """What a checkout shows: the form, the lines, the best voucher, and how the sum came about.

    `held` are the pieces that are kept for her already, as in `lying`.
    """
    choice = ChoiceForm(data if data is not None else request.GET, merchant=merchant)
    if not choice.is_valid():
        return {"merchant": merchant, "choice": choice, "form": None}
    basket = choice.basket()
    # Looked up when it is wanted: a form that is sent and right asks for no stock.
    free: dict[tuple[int, int], int] = SimpleLazyObject(  # type: ignore[assignment]
        lambda: lying(merchant, basket, held)
    )
    if data is None and _is_short(basket, free):
        short = shortage(merchant=merchant, basket=basket)
        return {"merchant": merchant, "choice": choice, "form": None, "refusal": str(short)}
    # Her device is named with the form already: pressed again after a lost answer, the same form
    # must come from the same device, or it would be a second order.
    device = device_of(request.session)
    chosen = sorted(choice.cleaned_data["variant"], key=attrgetter("pk"))
    terms = Terms({one.pk: one for one in chosen}, parcels_of(merchant))
    regions = terms.parcels.regions
    # Looked up when it is wanted, as the rest of it: who types everything needs no book.
    known: list[Order] = SimpleLazyObject(lambda: bought_on(device))  # type: ignore[assignment]
    book: list[Order] = SimpleLazyObject(  # type: ignore[assignment]
        lambda: addresses_of(known, regions)[:MOST_SHOWN]
    )
    # Looked up when they are wanted: a form that is sent and right shows neither places nor sum.
    places: list[Place] = SimpleLazyObject(  # type: ignore[assignment]
        lambda: pickup_places(merchant, basket, chosen, free)
    )

    def able() -> list[Store]:
        return [place.store for place in places if not place.short]

    def price(without: Collection[str]) -> Choice:
        there = able() if (data or {}).get("method") == PICKUP else []
        store = _store(data, there)
        plain = quote(
            merchant=merchant,
            basket=basket,
            live_prices=live_prices,
            flash=flash,
            pickup=bool(there),
            region=_region(data, regions, book),
            terms=terms,
        )
        prefetch_related_objects([one for one, _line in plain.lines], "product__photos")
        good = usable_vouchers(people_of(request.session, merchant))
        hers = [one for one in good if str(one.pk) not in without]
        wish = CouponWish(data or {})
        return choose(plain, hers, wish=wish.key, merchant=merchant, basket=basket, store=store)

    without = set(data.getlist("without")) if isinstance(data, QueryDict) else set()

    initial = _remembered(known, book) if data is None else {}
    form = CheckoutForm(
        data,
        initial=initial,
        merchant=merchant,
        stores=able,
        regions=regions,
        book=book,
        chosen=chosen,
    )
    return {
        "merchant": merchant,
        "choice": choice,
        "form": form,
        "choices": (choices := SimpleLazyObject(lambda: price(without))),
        "quote": SimpleLazyObject(lambda: choices.quote),
        "price": price,
        "without": without,
        "basket": basket,
        "terms": terms,
        "key": uuid.uuid4(),  # a form that comes back is a new attempt
        "unable": SimpleLazyObject(lambda: [place for place in places if place.short]),
        "from_cart": choice.cleaned_data["cart"],
        "hold_minutes": settings.HOLD_MINUTES,
    }


def _is_short(basket: Mapping[int, int], free: Mapping[tuple[int, int], int]) -> bool:
    """Whether fewer pieces are free, or kept for her, than she wants of anything."""
    there = Counter[int]()
    for (_store, variant), pieces in free.items():
        there[variant] += pieces
    return any(there[pk] < wanted for pk, wanted in basket.items())


def _refused(context: dict[str, Any], refusal: RuleBroken) -> int:
    """Say in the form why nothing was ordered; returns the status.

    A coupon that does not fit (hers is used up on another device) is left out from now on.
    """
    context["form"].add_error(None, str(refusal))
    if isinstance(refusal, CouponUnfit):
        used = context["form"].wish.vouchers
        unfit = refusal.details.get("voucher")
        context["without"] |= {str(unfit)} if unfit else {str(one) for one in used}
        context["choices"] = context["price"](context["without"])
        context["quote"] = context["choices"].quote
    return refusal.status


def _store(data: Mapping[str, Any] | None, able: list[Store]) -> int | None:
    """Where it is about to be collected: what was chosen, or what stands first."""
    wanted = [store.pk for store in able if str(store.pk) == (data or {}).get("store", "")]
    return next(iter([*wanted, *(store.pk for store in able)]), None)


def _region(data: Mapping[str, Any] | None, regions: list[str], book: list[Order]) -> str:
    """Where it is about to be sent; empty while that is not known, or cannot be."""
    if data is None:
        wanted = book[0].region if book else ""
    elif data.get("saved"):
        known = {entry.address_key: entry.region for entry in book}
        wanted = known.get(data["saved"], data.get("region", ""))
    else:
        wanted = data.get("region", "")
    if not wanted and len(regions) == 1:
        return regions[0]
    return wanted if wanted in regions else ""


def _remembered(known: list[Order], book: list[Order]) -> dict[str, str]:
    """What she wrote when she last bought on this device, as the form wants it typed."""
    if not known:
        return {}
    last = known[0]
    contact = {"name": last.name, "email": last.email, "phone": as_typed(last.phone)}
    return contact | {"saved": book[0].address_key if book else ""}


def asked(request: HttpRequest) -> Mapping[str, Any] | None:
    """What was filled in: an order sent, or a form that only wants to be priced anew."""
    if request.method == "POST":
        return request.POST
    return request.GET if "method" in request.GET else None


def buy(
    request: HttpRequest,
    merchant: Merchant,
    form: CheckoutForm,
    terms: Terms,
    act: Callable[..., Order],
    together: Callable[[Wish], str] | None = None,
) -> str:
    """Place the order of a valid checkout form, once per form. Returns the order's number.

    `terms` are those of its context. `act` is the verb: `place_order`, or the room's; `together`
    the same for a crowd, which is how most orders go. Raises what they raise.
    """
    open_gateway(merchant)  # nothing is held for an order that nobody can pay
    data, coupons = form.cleaned_data, form.wish
    if coupons.key is not None and coupons.key != coupons.seen:  # no scripts: the sum is new to her
        raise PriceMoved(_("This is the sum with the coupons that you chose: order if it suits."))
    contact = form.contact()
    device = device_of(request.session)
    pace = _Pace(request)
    wish = Wish(
        basket=form.basket(),
        contact=contact,
        language=get_language() or settings.LANGUAGE_CODE,
        device=device,
        expected_total=data["expected_total"],
        asked=_asked(request, merchant, data["key"]),
        may=pace,
        terms=terms,
        shared_by=brought_by(request.session, merchant),
    )
    # A coupon is one person's own row, and what costs nothing is paid at once: each by itself.
    if together is None or coupons.vouchers or data["expected_total"] == 0:
        number, new = _by_itself(request, merchant, form, wish, act)
    else:
        try:
            number = together(wish)
            new = number == wish.number
        except NotTogether:
            number, new = _by_itself(request, merchant, form, wish, act)
    if not new:  # the same form again is no new order, and does not count as one
        pace.take_back()
    if data["cart"]:  # what she bought leaves it
        take_from_cart(device=device, variants=wish.basket)
    return number


class _Pace:
    """Counts a checkout once, however often its wish is tried, and can take that back."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._counted = False
        self._refusal: RuleBroken | None = None

    def __call__(self) -> None:
        if not self._counted:
            self._counted = True
            try:
                keep_pace(self._request, "checkout")
            except RuleBroken as refusal:
                self._refusal = refusal
        if self._refusal is not None:
            raise self._refusal

    def take_back(self) -> None:
        if self._counted:
            take_back(self._request, "checkout")


def _asked(request: HttpRequest, merchant: Merchant, key: uuid.UUID) -> Asked:
    """What makes a form that is sent again the same."""
    body = {name: said for name, said in request.POST.lists() if name != "csrfmiddlewaretoken"}
    scope = f"checkout:{merchant.pk}:{device_of(request.session)}"
    return Asked(scope, str(key), fingerprint(body))


def ordered(
    request: HttpRequest,
    context: dict[str, Any],
    act: Callable[..., Order],
    together: Callable[[Wish], str] | None = None,
    unless: tuple[type[RuleBroken], ...] = (),
) -> tuple[str, int]:
    """What became of a checkout form that was sent: the number of its order; or "", and with which
    status the form comes back, which says why.

    `act` and `together` as in `buy`. A refusal among `unless` is the caller's, and raised.
    """
    form, merchant = context["form"], context["merchant"]
    if form is None or not form.is_valid():
        return _answered_before(request, merchant), 422
    try:
        return buy(request, merchant, form, context["terms"], act, together), 200
    except unless:
        raise
    except RuleBroken as refusal:
        return "", _refused(context, refusal)


def _answered_before(request: HttpRequest, merchant: Merchant) -> str:
    """The number of the order that this form placed before. What it asks for may be no choice any
    more because of that very order: the last piece at a store, say."""
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return ""
    return placed_before(_asked(request, merchant, key)) or ""


def _by_itself(
    request: HttpRequest,
    merchant: Merchant,
    form: CheckoutForm,
    wish: Wish,
    act: Callable[..., Order],
) -> tuple[str, bool]:
    """In a transaction of its own: the number, and whether the order is new."""
    data, contact = form.cleaned_data, wish.contact

    def place() -> Order:
        wish.may()
        guest, customer = buyers(
            merchant=merchant,
            device=wish.device,
            phone=contact.phone,
            name=contact.name,
            email=contact.email,
        )
        keys = form.wish.vouchers
        people = [guest, *people_of(request.session, merchant)] if keys else []
        hers = vouchers_of(people, keys)
        if data["extra"] and data["extra"] not in hers:  # no sum shows that a gift is missing
            raise CouponUnfit(voucher=data["extra"])
        order = act(
            merchant=merchant,
            customer=customer,
            basket=wish.basket,
            contact=contact,
            language=wish.language,
            voucher=hers.get(data["voucher"]),
            extra=hers.get(data["extra"]),
            device=wish.device,
            expected_total=wish.expected_total,
            asked=wish.asked,
            terms=wish.terms,
            shared_by=wish.shared_by,
        )
        if order.total == 0:
            settle_nothing(order=order)
        return order

    return order_once(asked=wish.asked, act=place)


@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest, merchant: str) -> HttpResponse:
    """One product of the shop, bought at once."""
    shop = get_object_or_404(Merchant, slug=merchant)
    context = checkout_context(request, shop, asked(request))
    status = 200 if context["form"] is not None else 422
    if request.method == "POST":
        together = partial(order_together, shop)
        number, status = ordered(request, context, place_order, together)
        if number:
            return redirect("track:pay", number)
    return render(request, "orders/checkout/page.html", context, status=status)


@require_safe
def track(request: HttpRequest, number: str) -> HttpResponse:
    """Where is it? Whoever knows the number may ask; the address shows on its device only."""
    order = _order(number)
    mine = is_hers(request.session, order)
    context = {
        "order": order,
        "mine": mine,
        "reviewed": reviewed_lines(order) if mine else (),
        "square": square(pickup_text(order.number, order.pickup_code)),
        "refunds": order.refunds.all(),
        "disputable": disputable(order, timezone.now()) if mine else (),
        "carriers": CARRIER_LABELS.items(),
    }
    if "part" in request.GET:
        return render(request, "orders/refund/_list.html", context)
    template = "_progress.html" if request.headers.get("HX-Request") else "page.html"
    return render(request, f"orders/tracking/{template}", context)


@require_POST
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """She does not want it after all. Only the device that ordered may, and only unpaid."""
    order = _order(number)
    if not is_hers(request.session, order):
        messages.error(request, _("Only the device it was ordered with can cancel it."))
        return redirect("track:order", order.number)
    try:
        move_order(order=order, to=LineState.CANCELLED, by=None)
        messages.success(request, _cancelled(order))
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect("track:order", order.number)


def _cancelled(order: Order) -> str:
    """That nothing was charged is said only when no provider may still say otherwise."""
    if order.payments.filter(next_ask_at__isnull=False).exists():
        return _("Cancelled. Should you have paid just now, the money comes back by itself.")
    return _("Cancelled. Nothing was charged.")


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The orders placed on this device, and with a number that was shown to be hers."""
    orders = orders_of(device_of(request.session), phones_of(request.session))
    return render(request, "orders/tracking/list.html", {"orders": orders, "texts": texts_codes()})


def _order(number: str) -> Order:
    orders = Order.objects.select_related(
        "merchant", "store", "voucher__coupon", "extra__coupon"
    ).prefetch_related(
        lines_with_pictures(),
        "steps",
        "shipments__lines",
        "shipments__events",
        "payments",
        "refunds__pieces__line",
        "refunds__pieces__wanted__product",
        "refunds__photos",
        "refunds__replacement",
        "replaces__order",
        "refunds__steps",
        "refunds__dispute",
    )
    return get_object_or_404(orders, number=number)
