"""The verbs of a refund: ask, agree, refuse, withdraw, send back, take back.

Each locks the payment, then the order, so that two clerks, the buyer and the clock come one after
the other; each carries the `version` it was decided on (P6). What the gateway does with the money
is orders.services.payback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from merchants.errors import OutOfStock
from merchants.models import Store, User
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock, release_part
from orders.errors import (
    BadTracking,
    NothingToRefund,
    RefundTooLarge,
    WrongState,
)
from orders.models import Line, Order, Payment, Refund, RefundPiece
from orders.rules.line import UNSENT, LineState
from orders.rules.payment import PaymentState
from orders.rules.refund import (
    ANSWER_WITHIN,
    ASKED_AT_MOST,
    COMES_BACK,
    RETURN_WITHIN,
    Leg,
    RefundKind,
    RefundState,
)
from orders.rules.shipment import CARRIERS, is_tracking_number
from orders.services import refund_news as news
from orders.services.exchange import (
    choose,
    credit_of,
    let_aside,
    put_aside,
    send_replacement,
    want_money,
)
from orders.services.line import follow_lines
from orders.services.order import move_order
from orders.services.refund_photo import keep_photos
from orders.services.refund_pieces import (
    all_unsent,
    call_off_gift,
    claim,
    let_go,
    nothing_stays,
    part_of,
    refuse_gifts,
    refuse_mixture,
)
from orders.services.refund_row import lock_order, locked, move, write, wrong
from orders.signals import refund_moved


@transaction.atomic
def request_refund(
    *,
    order: Order,
    pieces: Mapping[int, int],
    kind: RefundKind,
    reason: str = "other",
    words: str = "",
    wanted: Mapping[int, int] | None = None,
    photos: Sequence[ContentFile[bytes]] = (),
) -> Refund:
    """The buyer wants money back for {line id: pieces}: the shop has 48 hours to answer.

    It is all that the pieces cost, and the parcel's price too if nothing of the order is ever
    sent. Of an exchange, {line id: variant id} is `wanted` instead. Raises NothingToRefund,
    RefundTooLarge (they cost nothing), WrongState, NotExchanged, DearerInstead or TooManyPhotos.
    What cost nothing, a gift too, can be exchanged: for other goods and never for money.
    """
    if kind != RefundKind.EXCHANGE:
        refuse_gifts(order, pieces)
    refund = _open(order, pieces, kind, reason, words, wanted=wanted or {})
    keep_photos(refund, photos)
    _in_time(order)  # asked with the order locked: of two at once the second counts the first
    news.requested(refund)
    return refund


@transaction.atomic
def give_refund(
    *,
    order: Order,
    pieces: Mapping[int, int],
    by: User,
    words: str = "",
    amount: int | None = None,
) -> Refund:
    """The shop gives money back of its own accord, for goods that were sent also a part of it.

    Such an `amount` (minor units) leaves the pieces as they are: they can still come back, for
    what is left of their price. Raises as `request_refund`.
    """
    refund = _open(order, pieces, RefundKind.MONEY, amount=amount)
    return approve_refund(refund=refund, version=refund.version, by=by, words=words)


@transaction.atomic
def approve_refund(
    *, refund: Refund, version: int, by: User | None, words: str = "", money: bool = False
) -> Refund:
    """Agreed: the money is on its way, or goods are awaited first. `by` None: time ran out.

    Pieces that have not left yet stay: they are free again from now on, and nothing ships them.
    What is wanted in exchange is put aside, unless there is to be `money` instead. Raises
    RefundMoved, WrongState, RefundTooLarge, or OutOfStock of an exchange.
    """
    refund = locked(refund)
    if money:
        want_money(refund, version)
        version = refund.version
    refund = _agree(refund, version, by, words)
    news.approved(refund)
    if by is None:
        news.agreed_by_silence(refund)
    return refund


@transaction.atomic
def grant_refund(*, refused: Refund, by: User, words: str) -> Refund:
    """What was refused is agreed after all, by the platform: a refund of its own, as it was asked.

    An exchange becomes money for what comes back: nobody but the shop can promise its goods.
    Raises NothingToRefund if its pieces were given back meanwhile, or RefundTooLarge.
    """
    pieces = {piece.line_id: piece.quantity for piece in refused.pieces.all()}
    kind = RefundKind.RETURN if refused.is_exchange else RefundKind(refused.kind)
    refund = _open(refused.order, pieces, kind, refused.reason, refused.words)
    return _agree(refund, refund.version, by, words)


def _agree(refund: Refund, version: int, by: User | None, words: str) -> Refund:
    move(refund, RefundState.APPROVED, by, version, answer=words[:200])
    _promise(refund)
    if refund.kind in COMES_BACK:
        if refund.is_exchange:
            put_aside(refund)
        move(refund, RefundState.AWAITING, by, answer_by=timezone.now() + RETURN_WITHIN)
    else:
        if refund.unsent:
            _call_off(refund, by)
        _start_money(refund, by)
    return refund


@transaction.atomic
def refuse_refund(*, refund: Refund, version: int, by: User, words: str) -> Refund:
    """Not agreed, and why. Raises RefundMoved, WrongState."""
    if not words.strip():
        raise WrongState(_("Say why: the customer reads it."))
    refund = locked(refund)
    move(refund, RefundState.REFUSED, by, version, answer=words.strip())
    let_go(refund)
    news.refused(refund)
    return refund


@transaction.atomic
def withdraw_refund(*, refund: Refund, version: int) -> Refund:
    """The buyer keeps what she has, as long as no parcel is on its way back.

    Raises RefundMoved, WrongState.
    """
    refund = locked(refund)
    if not refund.may_be_withdrawn:
        raise wrong(refund, RefundState.WITHDRAWN)
    if refund.state == RefundState.AWAITING:
        _take_promise_back(refund)
        let_aside(refund)
    move(refund, RefundState.WITHDRAWN, None, version)
    let_go(refund)
    return refund


@transaction.atomic
def send_back(*, refund: Refund, version: int, carrier: str, tracking_number: str) -> Refund:
    """The buyer has handed her parcel in. Raises BadTracking, RefundMoved, WrongState."""
    number = tracking_number.strip()
    if carrier not in CARRIERS or not is_tracking_number(number):
        raise BadTracking
    refund = locked(refund)
    if refund.state != RefundState.AWAITING:
        raise wrong(refund, RefundState.RETURNED)
    late = timezone.now() + RETURN_WITHIN
    write(refund, version, carrier=carrier, tracking_number=number, answer_by=late)
    news.sent_back(refund)
    return refund


@transaction.atomic
def take_back(
    *, refund: Refund, version: int, by: User | None, store: Store | None = None
) -> Refund:
    """The goods are here again: the money goes, or what was put aside for them. `by` None: nobody
    said so in two weeks.

    They go on the shelf of `store`; without one they cannot be sold any more, and no stock comes
    back. Raises RefundMoved, WrongState, StoreClosed, TakenOut.
    """
    refund = locked(refund)
    move(refund, RefundState.RETURNED, by, version)
    if store is not None:
        _restock(refund, store, by)
    if refund.is_exchange:
        send_replacement(refund)
    _start_money(refund, by)
    return refund


@transaction.atomic
def go_on_without(*, refund: Refund) -> Refund:
    """Time ran out: an unanswered request is agreed, goods that never left her stay hers, and a
    parcel that nobody confirmed has come back. Raises as those.

    What she wants in exchange may be sold out by then: she is given money for hers instead.
    """
    if refund.state == RefundState.REQUESTED:
        try:
            with transaction.atomic():
                return approve_refund(refund=refund, version=refund.version, by=None)
        except OutOfStock:
            return approve_refund(refund=refund, version=refund.version, by=None, money=True)
    if refund.is_sent:
        return take_back(refund=refund, version=refund.version, by=None)
    return withdraw_refund(refund=refund, version=refund.version)


def put_off(*, refund: Refund, until: datetime) -> None:
    """It could not go on now, and does not stand in the way of the others until then."""
    Refund.objects.filter(pk=refund.pk, version=refund.version).update(answer_by=until)


def _restock(refund: Refund, store: Store, by: User | None) -> None:
    for piece in refund.pieces.select_related("line__variant").order_by("line__variant_id"):
        change_stock(
            variant=piece.line.variant,
            store=store,
            delta=piece.quantity,
            reason=Reason.RETURNED,
            by=by,
            reference=refund.public_id,
        )


def _open(
    order: Order,
    pieces: Mapping[int, int],
    kind: RefundKind,
    reason: str = "other",
    words: str = "",
    amount: int | None = None,
    wanted: Mapping[int, int] | None = None,
) -> Refund:
    payment = _covering(order)
    order = lock_order(order)
    back = {pk: count for pk, count in pieces.items() if count}
    lines = list(order.lines.select_related("variant").filter(pk__in=back))
    if not back or len(lines) != len(back) or min(back.values()) < 0:
        raise NothingToRefund
    unsent = all_unsent(lines)
    if unsent and kind in COMES_BACK:
        raise WrongState(_("Nothing of it has been sent yet: there is nothing to send back."))
    others = choose(lines, wanted or {}) if kind == RefundKind.EXCHANGE else {}
    if amount is None:
        costs = [claim(line, back[line.pk]) for line in lines]
    elif unsent:
        raise RefundTooLarge(
            _("What has not been sent goes back at its whole price: leave the amount empty.")
        )
    else:
        kind = RefundKind.GOODWILL
        costs = part_of(lines, back, amount)
    shipping = order.shipping if unsent and nothing_stays(order, back) else 0
    if kind == RefundKind.EXCHANGE:
        refuse_mixture(costs)
    elif not unsent and not sum(costs):
        raise RefundTooLarge(_("It cost nothing: there is no money to give back for it."))
    goods = [
        credit_of(line, cost, others.get(line.pk)) for line, cost in zip(lines, costs, strict=True)
    ]
    now = timezone.now()
    refund = Refund.objects.create(
        merchant=order.merchant,
        order=order,
        payment=payment,
        kind=kind.value,
        state=RefundState.REQUESTED.value,
        amount=sum(costs) + shipping - sum(goods),
        shipping=shipping,
        credit=sum(goods),
        currency=order.currency,
        unsent=unsent,
        reason=reason,
        words=words.strip()[:200],
        requested_at=now,
        answer_by=now + ANSWER_WITHIN if _silence_agrees(order, kind, unsent, costs) else None,
    )
    RefundPiece.objects.bulk_create(
        RefundPiece(
            refund=refund,
            line=line,
            quantity=back[line.pk],
            amount=cost,
            wanted=others.get(line.pk),
            credit=credit,
        )
        for line, cost, credit in zip(lines, costs, goods, strict=True)
    )
    refund.steps.create(state=refund.state, at=now)
    refund_moved.state(order=order)
    return refund


def _silence_agrees(order: Order, kind: RefundKind, unsent: bool, costs: list[int]) -> bool:
    """Not for money on goods that stay with the buyer, not for what cost nothing (the shop keeps no
    money of hers), and not when the shop has said no before."""
    if not unsent and (kind not in COMES_BACK or not sum(costs)):
        return False
    return not order.refunds.filter(state=RefundState.REFUSED).exists()


def _in_time(order: Order) -> None:
    """Raise NothingToRefund if the goods arrived too long ago, or if she has asked too often."""
    came = order.steps.filter(state__in=[LineState.DELIVERED, LineState.COLLECTED]).last()
    if came is not None and came.at + timedelta(days=settings.RETURN_DAYS) < timezone.now():
        raise NothingToRefund(
            ngettext(
                "It came more than %(days)s day ago. Ask the shop itself.",
                "It came more than %(days)s days ago. Ask the shop itself.",
                settings.RETURN_DAYS,
            )
            % {"days": settings.RETURN_DAYS}
        )
    vain = order.refunds.filter(state__in=[RefundState.REFUSED, RefundState.WITHDRAWN])
    if vain.count() >= ASKED_AT_MOST:
        raise NothingToRefund(_("It was asked for often enough here. Ask the shop itself."))


def _covering(order: Order) -> Payment:
    """The payment that paid for this order, locked; for a replacement that of the first goods."""
    first = Refund.objects.filter(replacement=order).first()
    paid = Payment.objects.select_for_update(no_key=True).filter(
        Q(pk=first.payment_id) if first else Q(order=order),
        state=PaymentState.SETTLED,
        refund_due=False,
    )
    payment = paid.first()
    if payment is None:
        raise NothingToRefund
    return payment


def _promise(refund: Refund) -> None:
    """The guard of P6 is in the write: a payment never gives back more than it brought."""
    promised = Payment.objects.filter(
        pk=refund.payment_id, paid_back__lte=F("amount") - refund.amount
    ).update(paid_back=F("paid_back") + refund.amount)
    if not promised:
        raise RefundTooLarge


def _take_promise_back(refund: Refund) -> None:
    Payment.objects.filter(pk=refund.payment_id).update(paid_back=F("paid_back") - refund.amount)


def _call_off(refund: Refund, by: User | None) -> None:
    """Pieces that were still here are nobody's any more; with the last of them the order ends."""
    order = refund.order
    pieces = list(refund.pieces.select_related("line").order_by("line__variant_id"))
    for piece in pieces:
        Line.objects.filter(pk=piece.line_id).update(called_off=F("called_off") + piece.quantity)
    pieces += call_off_gift(refund)
    if not order.lines.exclude(called_off=F("quantity")).exists():
        _add_shipping(refund)
        # It gives back the voucher, then the stock: the order in which all do, so no deadlock.
        move_order(order=order, to=LineState.REFUNDED, by=by)
        return
    for piece in sorted(pieces, key=lambda piece: piece.line.variant_id):
        release_part(
            merchant=order.merchant,
            reference=order.number,
            variant_id=piece.line.variant_id,
            quantity=piece.quantity,
        )
    empty = order.lines.filter(called_off=F("quantity"), state__in=UNSENT)
    if empty.update(state=LineState.REFUNDED.value):
        follow_lines(order=order, by=by)


def _add_shipping(refund: Refund) -> None:
    """Nothing of the order is sent after all, by two requests: the parcel's price goes back too."""
    order = refund.order
    if refund.shipping or not order.shipping:
        return
    added = Payment.objects.filter(
        pk=refund.payment_id, paid_back__lte=F("amount") - order.shipping
    ).update(paid_back=F("paid_back") + order.shipping)
    if not added:
        raise RefundTooLarge
    amount = refund.amount + order.shipping
    write(refund, refund.version, amount=amount, shipping=order.shipping)


def _start_money(refund: Refund, by: User | None) -> None:
    """The gateway is asked from now on; for what cost nothing there is nothing to ask."""
    now = timezone.now()
    if refund.amount:
        write(refund, refund.version, money=Leg.PROCESSING.value, next_try_at=now)
    else:
        move(refund, RefundState.REFUNDED, by, done_at=now)
