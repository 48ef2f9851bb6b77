"""Paying an order: choose a way, go to the bank, wait for its word; and where banks call back.

Each page is a sheet over the video too: the same fragment, asked for by htmx.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants.errors import RuleBroken
from merchants.models import Merchant
from merchants.pace import keep_pace
from merchants.rules.qr import square
from orders.errors import BadCallback
from orders.hers import is_hers
from orders.models import Order, Payment
from orders.payments import GATEWAYS, connected, gateway_of
from orders.payments.gateway import GatewayTrouble, Heard, Refused, Visit
from orders.payments.sandbox import bank
from orders.payments.wechatpay.line import account_of
from orders.payments.wechatpay.person import asking, openid_by
from orders.rules.line import LineState
from orders.rules.payment import PaymentState
from orders.rules.way import Browser, Way, browser_of, offered, way_named
from orders.services.charge import ask_soon, hear_charge
from orders.services.payment import keep_step, open_payment
from orders.views.callback import answered
from orders.wechat import begin, end, keep_openid, openid_of, tells

logger = logging.getLogger(__name__)


@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """Where to pay. With one way only she is at once where it leads. Pressed twice: one payment."""
    order = _order(number)
    if order.state != LineState.PENDING:
        return settled(request, order)
    way = _way(request, order)
    if way is None:
        trouble = _("Choose how to pay.") if request.method == "POST" else _refusal(order)
        return _choose(request, order, trouble)
    if request.method != "POST" and way.gateway != "sandbox":
        return _choose(request, order)  # looking starts nothing, and gives nothing up
    try:
        if request.method == "POST" and way.gateway != "sandbox":
            keep_pace(request, "pay")
        if way.name == "jsapi" and not openid_of(request.session, order.merchant):
            return _ask_wechat(request, order)
        return _go(request, order, _open(request, order, way.gateway, way.name))
    except RuleBroken as refusal:
        order.refresh_from_db()  # pressed twice: the other press may have paid it just now
        return settled(request, order, "" if order.paid_at else str(refusal))


def _way(request: HttpRequest, order: Order) -> Way | None:
    """The way that was chosen, if it is offered; the only one need not be."""
    asked = request.POST.get("way") or request.GET.get("way") or ""
    if asked == "sandbox:" and settings.SANDBOX_PAYMENTS:
        return way_named(asked)  # without asking what else there is
    ways = _offered(request, order.merchant)
    if asked or len(ways) != 1:
        return next((way for way in ways if way.key == asked), None)
    return ways[0] if request.method == "POST" or ways[0].gateway == "sandbox" else None


def _offered(request: HttpRequest, merchant: Merchant) -> list[Way]:
    gateways, browser = connected(merchant), _browser(request)
    asks = browser == Browser.WECHAT and "wechatpay" in gateways
    return offered(gateways, browser, told=asks and tells(merchant))


def _open(request: HttpRequest, order: Order, gateway: str, way: str) -> Payment:
    """Raises WrongState."""
    payer = _payer(request, order, way)
    payment = open_payment(order=order, gateway=gateway, way=way, payer=payer)
    payment.order = order  # with its merchant
    return payment


def _go(request: HttpRequest, order: Order, payment: Payment) -> HttpResponse:
    """On with a payment that is open: to the practice bank's counter, or to the provider."""
    if payment.gateway == "sandbox":
        return _bank(request, order, payment)
    try:
        step = gateway_of(payment.gateway).start(payment, _visit(request, order, payment))
    except GatewayTrouble:
        logger.exception("payment %s could not be started", payment.public_id)
        trouble = _("This way to pay does not answer just now. Nothing was charged. Try again.")
        return _choose(request, order, trouble)
    keep_step(payment=payment, step=step.as_json())
    return _wait(request, order, payment)


def _bank(request: HttpRequest, order: Order, payment: Payment) -> HttpResponse:
    """The practice bank's page, and what was chosen on it."""
    trouble = ""
    if request.method == "POST":
        wanted = request.POST.get("ending", bank.Ending.SUCCESS.value)
        ending = bank.Ending(wanted) if wanted in set(bank.Ending) else bank.Ending.SUCCESS
        try:
            order = bank.press(payment, ending)
        except BadCallback:
            trouble = _("A forged message came. It changed nothing: the order is still unpaid.")
        else:
            if order.state != LineState.PENDING:
                return settled(request, order)
            if ending == bank.Ending.LOST:
                return _wait(request, order, payment)
    context = {"order": order, "payment": payment, "trouble": trouble or _refusal(order)}
    return _show(request, "sandbox", context)


@require_http_methods(["GET", "POST"])
def wait(request: HttpRequest, number: str) -> HttpResponse:
    """Waiting for the bank's word. Asked by the page itself it answers 204 until there is some."""
    order = _order(number)
    payment = order.payments.filter(state=PaymentState.CREATED).first()
    polled = "poll" in request.GET
    if order.state != LineState.PENDING or payment is None:
        over = order.state != LineState.PENDING
        if polled and request.GET["poll"] == "page":
            to = reverse("track:order" if over else "track:pay", args=[number])
            return HttpResponse(status=204, headers={"HX-Redirect": to})
        return settled(request, order) if over else redirect("track:pay", number)
    if request.method == "POST":
        ask_soon(payment=payment)
    elif polled:
        return HttpResponse(status=204)
    return _wait(request, order, payment, told=request.method == "POST")


def _wait(
    request: HttpRequest, order: Order, payment: Payment, *, told: bool = False
) -> HttpResponse:
    """`told`: she says that she has paid, and no till opens by itself again."""
    kind, value = payment.step.get("kind"), payment.step.get("value", "")
    context = {
        "order": order,
        "payment": payment,
        "page": value if kind == "page" else "",
        "code": square(value) if kind == "code" else None,
        "bridge": json.dumps(value) if kind == "bridge" else "",
        "told": told,
    }
    return _show(request, "wait", context)


def _choose(request: HttpRequest, order: Order, trouble: str = "") -> HttpResponse:
    ways = _offered(request, order.merchant)
    within = _browser(request) == Browser.WECHAT and all(way.name != "jsapi" for way in ways)
    context = {"order": order, "ways": ways, "trouble": trouble, "wechat": within}
    return _show(request, "choose", context)


def _ask_wechat(request: HttpRequest, order: Order) -> HttpResponse:
    """On to WeChat, which asks her nothing and leads back with who she is."""
    try:
        account = account_of(order.merchant)
    except GatewayTrouble:
        logger.exception("the account of %s cannot be opened", order.merchant.slug)
        return _choose(request, order, _("This way to pay does not answer just now."))
    back = settings.SITE_URL + reverse("track:wechat", args=[order.merchant.slug])
    url = asking(account, back=back, state=begin(request.session, order))
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    # No redirect: a form may lead to this site alone (CSP), and this was a form.
    answer = render(request, "orders/payment/wechat.html", {"order": order, "url": url})
    answer["Refresh"] = f"0; url={url}"
    return answer


@require_safe
def wechat(request: HttpRequest, merchant: str) -> HttpResponse:
    """Back from WeChat with a code: the payment goes on where she pressed.

    It answers her own press alone, once: the state is in her session, and names the order.
    """
    shop = get_object_or_404(Merchant, slug=merchant)
    number, first = end(request.session, shop, request.GET.get("state", "")[:64])
    if not number:
        messages.error(request, _("This was asked too long ago, or by somebody else. Press again."))
        return redirect("track:mine")
    if not first:
        return redirect("track:wait", number)
    order = _order(number)
    try:
        account = account_of(shop)
        openid = openid_by(account, request.GET.get("code", "")[:200])
    except GatewayTrouble as trouble:
        return _no_till(request, number, known=not isinstance(trouble, Refused))
    keep_openid(request.session, account.appid, openid)
    try:
        payment = _open(request, order, "wechatpay", "jsapi")
        step = gateway_of("wechatpay").start(payment, _visit(request, order, payment))
    except GatewayTrouble:
        return _no_till(request, number)
    except RuleBroken as refusal:
        order.refresh_from_db()  # paid another way while WeChat was asked
        return settled(request, order, "" if order.paid_at else str(refusal))
    keep_step(payment=payment, step=step.as_json())
    return redirect("track:wait", number)


def _no_till(request: HttpRequest, number: str, *, known: bool = True) -> HttpResponse:
    """Called while the trouble is handled. Not `known`: WeChat refused to say who she is, because
    of her code or of this shop's app secret."""
    logger.exception("order %s: WeChat's till does not open", number)
    words = _("WeChat did not answer. Nothing was charged. Try again.")
    if not known:
        words = _(
            "WeChat does not tell this shop who you are. Nothing was charged. Try again, or pay "
            "another way."
        )
    messages.error(request, words)
    return redirect("track:pay", number)


@csrf_exempt
@require_POST
def notify(request: HttpRequest, gateway: str, merchant: str) -> HttpResponse:
    """What a provider tells us, proved by nothing but its signature (P4)."""
    if gateway not in GATEWAYS:
        raise Http404
    shop = get_object_or_404(Merchant, slug=merchant)
    provider = gateway_of(gateway)

    def act(heard: Heard) -> None:
        hear_charge(gateway=gateway, merchant=shop, charge=provider.hear(shop, heard))

    return answered(request, provider, f"{gateway} for {shop.slug}", act)


def settled(request: HttpRequest, order: Order, refusal: str = "") -> HttpResponse:
    """On to the tracking page; in a sheet over the video, a word of thanks instead, or why not."""
    if request.headers.get("HX-Request"):
        mine = order.is_pickup and is_hers(request.session, order)  # who may see the code
        context = {"order": order, "mine": mine, "refusal": refusal}
        return render(request, "orders/payment/_paid.html", context)
    if refusal:
        messages.error(request, refusal)
    return redirect("track:order", order.number)


def _show(request: HttpRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    template = f"_{page}.html" if request.headers.get("HX-Request") else f"{page}.html"
    return render(request, f"orders/payment/{template}", context)


def _order(number: str) -> Order:
    return get_object_or_404(Order.objects.select_related("merchant", "store"), number=number)


def _refusal(order: Order) -> str:
    """What she reads after a try that the bank declined."""
    last = order.payments.exclude(state=PaymentState.CREATED).first()
    if last is None or last.state != PaymentState.FAILED or not last.trouble:
        return ""
    return _("The bank declined. Nothing was charged. Try again, or pay another way.")


def _browser(request: HttpRequest) -> Browser:
    return browser_of(request.headers.get("User-Agent", ""))


def _visit(request: HttpRequest, order: Order, payment: Payment) -> Visit:
    hook = reverse("track:notify", args=[payment.gateway, order.merchant.slug])
    return Visit(
        back=settings.SITE_URL + reverse("track:wait", args=[order.number]),
        notify=settings.SITE_URL + hook,
        address=get_adapter(request).get_client_ip(request) or "",
        openid=_payer(request, order, payment.way),
    )


def _payer(request: HttpRequest, order: Order, way: str) -> str:
    """Her openid, in the one way in which a payment is open to one person alone."""
    return openid_of(request.session, order.merchant) if way == "jsapi" else ""
