"""The merchant's order pages."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from merchants.access import MerchantRequest, merchant_view
from merchants.errors import RuleBroken
from merchants.pace import keep_staff_pace
from merchants.rules.role import Role
from merchants.rules.search import key_of
from merchants.selectors.paging import Pages, has_more
from merchants.services.sheet import MOST_EXPORTED, too_many, write_csv
from orders.forms.order import HandOverForm, ShipForm
from orders.models import Order
from orders.rules.line import LineState
from orders.selectors.exchange import free_for
from orders.selectors.order import lines_with_pictures, order_list, seen_by, sold, tab_counts
from orders.selectors.order_export import order_table
from orders.services.order import move_order
from orders.services.shipment import confirm_delivery, hand_over, make_ready, ship_order

NARROWING = ("store", "tag", "since", "until")
PACKS = {"to_ship", "ready"}  # the tabs whose orders can be ticked and packed together
MOST_TAGS = 100  # in the list to choose from
TAB_LABELS = {
    "to_ship": _l("To ship"),
    "ready": _l("To be collected"),
    "unpaid": _l("Unpaid"),
    "shipped": _l("Shipped"),
    "refunds": _l("Refunds"),
    "done": _l("Completed"),
    "ended": _l("Cancelled"),
    "all": _l("All"),
}


@require_safe
@vary_on_headers("HX-Request")
@merchant_view(Role.CLERK)
def index(request: MerchantRequest) -> HttpResponse:
    counts = tab_counts(request.staff)
    # Who only hands over at the counter begins there.
    first = "ready" if counts["ready"] and not counts["to_ship"] else "to_ship"
    tab = request.GET.get("tab", first)
    orders = order_list(request.staff, {**request.GET.dict(), "tab": tab})
    page = Pages(orders, per_page=50).get_page(request.GET.get("page"))
    template = "_table.html" if request.htmx and not request.htmx.boosted else "list.html"
    context = {
        "page": page,
        "tab": tab,
        "tabs": [(name, word, counts.get(name)) for name, word in TAB_LABELS.items()],
        "q": request.GET.get("q", ""),
        "query": request.GET,
        "stores": request.stores,
        "tags": request.merchant.order_tags.all()[:MOST_TAGS],
        "narrowed": any(request.GET.get(name) for name in NARROWING),
        "narrowing": [("tab", tab), *_narrowing(request)],
        "packs": tab in PACKS,
        "to_collect": counts["ready"],
    }
    return render(request, f"orders/order/{template}", context)


@require_safe
@merchant_view(Role.CLERK)
def waiting(request: MerchantRequest) -> HttpResponse:
    """How many orders she has to pack, for the menus of a page that is open."""
    return render(request, "orders/order/_waiting.html")


def _narrowing(request: MerchantRequest) -> list[tuple[str, str]]:
    """What is looked for here, so that what is printed is what is shown."""
    asked = ((name, request.GET.get(name, "")) for name in ("q", *NARROWING))
    return [(name, value) for name, value in asked if value]


@require_safe
@merchant_view(Role.MANAGER)
def export(request: MerchantRequest) -> HttpResponse:
    """The orders of a tab as they are filtered, with names and numbers: for managers alone."""
    orders = order_list(request.staff, {"tab": "all", **request.GET.dict()})
    if has_more(orders, MOST_EXPORTED):
        messages.error(request, too_many(MOST_EXPORTED))
        back = reverse("orders:order_list", args=[request.merchant.slug])
        return redirect(f"{back}?{request.GET.urlencode()}")
    table = write_csv(order_table(orders))
    body = "".join(table)
    answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    day = timezone.localdate()
    answer["Content-Disposition"] = f'attachment; filename="orders-{day:%Y-%m-%d}.csv"'
    return answer


@require_safe
@merchant_view(Role.CLERK)
def detail(request: MerchantRequest, number: str) -> HttpResponse:
    order = _order(request, number)
    return _page(request, order, ShipForm(order=order), HandOverForm())


@require_POST
@merchant_view(Role.CLERK)
def ship(request: MerchantRequest, number: str) -> HttpResponse:
    order = _order(request, number)
    form = ShipForm(request.POST, order=order)
    if not form.is_valid():
        return _page(request, order, form, HandOverForm(), status=422)
    return _act(
        request,
        order,
        lambda: ship_order(order=order, by=request.user, **form.cleaned_data),
        _("Shipped. The customer has been told."),
    )


@require_POST
@merchant_view(Role.CLERK)
def ready(request: MerchantRequest, number: str) -> HttpResponse:
    order = _order(request, number)
    return _act(
        request,
        order,
        lambda: make_ready(order=order, by=request.user),
        _("The customer has been told that it is ready."),
    )


@require_POST
@merchant_view(Role.CLERK)
def collect(request: MerchantRequest, number: str) -> HttpResponse:
    order = _order(request, number)
    form = HandOverForm(request.POST)
    if not form.is_valid():
        return _page(request, order, ShipForm(order=order), form, status=422)

    def act() -> None:
        keep_staff_pace(request.staff.pk, "collect")
        hand_over(order=order, by=request.user, **form.cleaned_data)

    return _act(request, order, act, _("Handed over."))


@require_POST
@merchant_view(Role.CLERK)
def deliver(request: MerchantRequest, number: str) -> HttpResponse:
    """One parcel has arrived, or all that are on their way."""
    order = _order(request, number)
    parcel = None
    if "shipment" in request.POST:
        parcel = get_object_or_404(order.shipments, pk=key_of(request.POST["shipment"]))
    return _act(
        request,
        order,
        lambda: confirm_delivery(order=order, by=request.user, shipment=parcel),
        _("Delivered."),
    )


@require_POST
@merchant_view(Role.CLERK)
def cancel(request: MerchantRequest, number: str) -> HttpResponse:
    order = _order(request, number)
    return _act(
        request,
        order,
        lambda: move_order(order=order, to=LineState.CANCELLED, by=request.user),
        _("Cancelled. The stock is free again."),
    )


def _order(request: MerchantRequest, number: str) -> Order:
    orders = seen_by(request.staff).select_related("merchant", "store", "customer", "voucher")
    orders = orders.select_related("shared_by")
    orders = orders.prefetch_related(lines_with_pictures(), "steps__by", "payments")
    orders = orders.prefetch_related(
        "refunds__pieces__line", "refunds__dispute", "notes__by", "tags"
    )
    orders = orders.prefetch_related(
        "refunds__pieces__wanted__product",
        "refunds__photos",
        "refunds__replacement",
        "replaces__order",
    )
    orders = orders.prefetch_related("shipments__lines", "shipments__by", "shipments__events")
    return get_object_or_404(orders, number=number)


def _act(
    request: MerchantRequest, order: Order, verb: Callable[[], object], done: str
) -> HttpResponse:
    try:
        verb()
        messages.success(request, done)
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
    return redirect("orders:order_detail", request.merchant.slug, order.number)


def _page(
    request: MerchantRequest,
    order: Order,
    ship_form: ShipForm,
    hand_over_form: HandOverForm,
    status: int = 200,
) -> HttpResponse:
    context = {
        "order": order,
        "ship_form": ship_form,
        "hand_over_form": hand_over_form,
        "refunds": order.refunds.all(),
        "free": free_for(order, order.refunds.all()),
        "stores": request.stores,
        "bought": order.customer.orders.filter(sold(), replaces=None).count(),
    }
    return render(request, "orders/order/detail.html", context, status=status)
