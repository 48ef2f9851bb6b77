"""The verbs of a refund: ask, agree, refuse, withdraw, send back, take back.

Each locks the payment, then the order, so that two clerks, the buyer and the clock come one after
the other; each carries the `version` it was decided on (P6). What the gateway does with the money
is orders.services.payback.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.models import Store, User
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock, release_part
from orders.errors import (
    BadTracking,
    NothingToRefund,
    RefundMoved,
    RefundTooLarge,
    WrongState,
)
from orders.models import Line, Order, Payment, Refund, RefundPiece
from orders.rules.line import UNSENT, LineState
from orders.rules.payment import PaymentState
from orders.rules.refund import ANSWER_WITHIN, Leg, RefundKind, RefundState, may_move, worth
from orders.rules.shipment import CARRIERS, is_tracking_number
from orders.services import refund_news as news
from orders.services.order import move_order


@transaction.atomic
def request_refund(
    *,
    order: Order,
    pieces: Mapping[int, int],
    kind: RefundKind,
    reason: str = "other",
    words: str = "",
    amount: int | None = None,
) -> Refund:
    """The buyer wants money back for {line id: pieces}: the shop has 48 hours to answer.

    Without `amount` (minor units) it is all that the pieces cost, and the parcel's price too if
    nothing of the order was sent and nothing of it stays. Raises NothingToRefund or RefundTooLarge.
    """
    refund = _open(order, pieces, kind, reason, words, amount)
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
    """The shop gives money back of its own accord. Raises as `request_refund`."""
    refund = _open(order, pieces, RefundKind.MONEY, "other", "", amount)
    return approve_refund(refund=refund, version=refund.version, by=by, words=words)


@transaction.atomic
def approve_refund(*, refund: Refund, version: int, by: User | None, words: str = "") -> Refund:
    """Agreed: the money is on its way, or goods are awaited first. `by` None: time ran out.

    Pieces that have not left yet stay: they are free again from now on, and nothing ships them.
    Raises RefundMoved, WrongState or RefundTooLarge.
    """
    refund = _locked(refund)
    _move(refund, RefundState.APPROVED, by, version, answer=words)
    _promise(refund)
    if refund.kind == RefundKind.RETURN:
        _move(refund, RefundState.AWAITING, by)
    else:
        if refund.unsent:
            _call_off(refund, by)
        _start_money(refund)
    news.approved(refund)
    return refund


@transaction.atomic
def refuse_refund(*, refund: Refund, version: int, by: User, words: str) -> Refund:
    """Not agreed, and why. Raises RefundMoved, WrongState."""
    if not words.strip():
        raise WrongState(_("Say why: the customer reads it."))
    refund = _locked(refund)
    _move(refund, RefundState.REFUSED, by, version, answer=words.strip())
    _let_go(refund)
    news.refused(refund)
    return refund


@transaction.atomic
def withdraw_refund(*, refund: Refund, version: int) -> Refund:
    """The buyer keeps what she has. Raises RefundMoved, WrongState."""
    refund = _locked(refund)
    _move(refund, RefundState.WITHDRAWN, None, version)
    _let_go(refund)
    return refund


@transaction.atomic
def send_back(*, refund: Refund, version: int, carrier: str, tracking_number: str) -> Refund:
    """The buyer has handed her parcel in. Raises BadTracking, RefundMoved, WrongState."""
    number = tracking_number.strip()
    if carrier not in CARRIERS or not is_tracking_number(number):
        raise BadTracking
    refund = _locked(refund)
    if refund.state != RefundState.AWAITING:
        raise _wrong(refund, RefundState.RETURNED)
    _write(refund, version, carrier=carrier, tracking_number=number)
    news.sent_back(refund)
    return refund


@transaction.atomic
def take_back(*, refund: Refund, version: int, by: User, store: Store | None = None) -> Refund:
    """The goods are here again: the money goes.

    They go on the shelf of `store`; without one they cannot be sold any more, and no stock comes
    back. Raises RefundMoved, WrongState, StoreClosed, TakenOut.
    """
    refund = _locked(refund)
    _move(refund, RefundState.RETURNED, by, version)
    if store is not None:
        _restock(refund, store, by)
    _start_money(refund)
    return refund


def _restock(refund: Refund, store: Store, by: User) -> None:
    for piece in refund.pieces.select_related("line__variant").order_by("line__variant_id"):
        change_stock(
            variant=piece.line.variant,
            store=store,
            delta=piece.quantity,
            reason=Reason.RETURNED,
            by=by,
            reference=refund.public_id,
        )


@transaction.atomic
def refund_surplus(*, payment: Payment, at: datetime) -> Refund:
    """Money came twice, or for nothing any more: it goes back without being asked for (P5)."""
    Payment.objects.filter(pk=payment.pk).update(paid_back=F("amount"))
    refund = Refund.objects.create(
        merchant_id=payment.order.merchant_id,
        order=payment.order,
        payment=payment,
        kind=RefundKind.SURPLUS.value,
        state=RefundState.APPROVED.value,
        amount=payment.amount,
        currency=payment.currency,
        money=Leg.PROCESSING.value,
        next_try_at=at,
        requested_at=at,
    )
    refund.steps.create(state=refund.state, at=at)
    return refund


def _open(
    order: Order,
    pieces: Mapping[int, int],
    kind: RefundKind,
    reason: str,
    words: str,
    amount: int | None,
) -> Refund:
    payment = _covering(order)
    order = Order.objects.select_for_update().select_related("merchant").get(pk=order.pk)
    wanted = {pk: count for pk, count in pieces.items() if count}
    lines = list(order.lines.filter(pk__in=wanted))
    if not wanted or len(lines) != len(wanted) or min(wanted.values()) < 0:
        raise NothingToRefund
    unsent = _all_unsent(lines)
    if unsent and kind == RefundKind.RETURN:
        raise WrongState(_("Nothing of it has been sent yet: there is nothing to send back."))
    costs = {line: _claim(line, wanted[line.pk]) for line in lines}
    most = sum(costs.values()) + (order.shipping if unsent and _nothing_stays(order) else 0)
    sum_ = most if amount is None else amount
    if not 0 < sum_ <= most:
        raise RefundTooLarge
    now = timezone.now()
    refund = Refund.objects.create(
        merchant=order.merchant,
        order=order,
        payment=payment,
        kind=kind.value,
        state=RefundState.REQUESTED.value,
        amount=sum_,
        currency=order.currency,
        unsent=unsent,
        reason=reason,
        words=words.strip()[:200],
        requested_at=now,
        answer_by=now + ANSWER_WITHIN,
    )
    RefundPiece.objects.bulk_create(
        RefundPiece(refund=refund, line=line, quantity=wanted[line.pk], amount=cost)
        for line, cost in costs.items()
    )
    refund.steps.create(state=refund.state, at=now)
    return refund


def _covering(order: Order) -> Payment:
    """The payment that paid for this order, locked."""
    paid = order.payments.select_for_update().filter(state=PaymentState.SETTLED, refund_due=False)
    payment = paid.first()
    if payment is None:
        raise NothingToRefund
    return payment


def _all_unsent(lines: list[Line]) -> bool:
    """Whether these lines are all still here. Raises NothingToRefund for a mixture."""
    unsent = {line.state in UNSENT for line in lines}
    if len(unsent) > 1:
        raise NothingToRefund(
            _("Some of it has been sent and some has not: ask for one, then for the other.")
        )
    return unsent.pop()


def _claim(line: Line, count: int) -> int:
    """So many pieces of a line are asked back, once. Returns what they cost."""
    asked = Line.objects.filter(
        pk=line.pk, asked_back__lte=F("quantity") - count, state=line.state
    ).update(asked_back=F("asked_back") + count)
    if not asked:
        raise NothingToRefund(
            _("Of %(goods)s only %(count)s can still be asked back.")
            % {"goods": line.title, "count": line.quantity - line.asked_back}
        )
    return worth(line.paid, line.quantity, line.asked_back, count)


def _nothing_stays(order: Order) -> bool:
    """Every piece of an order has been asked back, with what was just claimed."""
    return not order.lines.filter(asked_back__lt=F("quantity")).exists()


def _let_go(refund: Refund) -> None:
    """What was asked back is not any more, and may be asked back again."""
    for piece in refund.pieces.all():
        Line.objects.filter(pk=piece.line_id).update(asked_back=F("asked_back") - piece.quantity)


def _promise(refund: Refund) -> None:
    """The guard of P6 is in the write: a payment never gives back more than it brought."""
    promised = Payment.objects.filter(
        pk=refund.payment_id, paid_back__lte=F("amount") - refund.amount
    ).update(paid_back=F("paid_back") + refund.amount)
    if not promised:
        raise RefundTooLarge


def _call_off(refund: Refund, by: User | None) -> None:
    """Pieces that were still here are nobody's any more; with the last of them the order ends."""
    order = refund.order
    for piece in refund.pieces.select_related("line").order_by("line__variant_id"):
        Line.objects.filter(pk=piece.line_id).update(called_off=F("called_off") + piece.quantity)
        release_part(
            merchant=order.merchant,
            reference=order.number,
            variant_id=piece.line.variant_id,
            quantity=piece.quantity,
        )
    empty = order.lines.filter(called_off=F("quantity"), state__in=UNSENT)
    if order.lines.exclude(called_off=F("quantity")).exists():
        empty.update(state=LineState.REFUNDED.value)
    else:
        move_order(order=order, to=LineState.REFUNDED, by=by)


def _start_money(refund: Refund) -> None:
    now = timezone.now()
    _write(refund, refund.version, money=Leg.PROCESSING.value, next_try_at=now)


def _locked(refund: Refund) -> Refund:
    """The refund as it is now, its payment and its order locked for this transaction."""
    Payment.objects.select_for_update().get(pk=refund.payment_id)
    Order.objects.select_for_update().get(pk=refund.order_id)
    return Refund.objects.select_related("order__merchant", "order__voucher", "payment").get(
        pk=refund.pk
    )


def _move(
    refund: Refund,
    to: RefundState,
    by: User | None,
    version: int | None = None,
    **more: object,
) -> None:
    if not may_move(RefundState(refund.state), to):
        raise _wrong(refund, to)
    _write(refund, refund.version if version is None else version, state=to.value, **more)
    refund.steps.create(state=to.value, by=by, at=timezone.now())


def _write(refund: Refund, version: int, **fields: object) -> None:
    """Change a refund that is still as it was decided on. Raises RefundMoved."""
    seen = Refund.objects.filter(pk=refund.pk, version=version, state=refund.state)
    if not seen.update(version=F("version") + 1, **fields):
        raise RefundMoved
    for name, value in fields.items():
        setattr(refund, name, value)
    refund.version = version + 1


def _wrong(refund: Refund, to: RefundState) -> WrongState:
    return WrongState(
        _("This refund is “%(now)s” and cannot become “%(to)s”.")
        % {
            "now": refund.get_state_display(),
            "to": Refund(state=to.value).get_state_display(),
        }
    )
