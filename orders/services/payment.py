"""The verbs of payment: open one, settle it.

Money that has arrived is never turned away: an order that can no longer be filled keeps the
settled payment marked `refund_due` (P5). The same transaction twice is one effect (P4).
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override

from merchants.errors import RuleBroken
from merchants.models import Store
from merchants.services.notification import write_news
from merchants.services.stock import reserve
from orders.errors import BadCallback, WrongState
from orders.models import GatewayAccount, Order, Payment
from orders.rules.ledger import sale
from orders.rules.ledger import surplus as owed
from orders.rules.line import LineState
from orders.rules.number import spoken
from orders.rules.payment import PaymentState, next_ask
from orders.selectors.money import money_text
from orders.services.coupon import redeem_voucher
from orders.services.ledger import post
from orders.services.order import Said, customer_news, goods_text, move_order, staff_news
from orders.services.pool import got_from_pool, pool_has, take_from_pool
from orders.services.surplus import refund_surplus
from orders.signals import order_paid

NOTHING = "nothing"  # the gateway of an order that a coupon paid whole
GATEWAYS_WITHOUT_KEYS = {NOTHING, "sandbox"}


@transaction.atomic
def open_payment(*, order: Order, gateway: str, way: str = "", payer: str = "") -> Payment:
    """The order's open payment through `gateway` in this way, made on first need.

    `payer` is her openid if it is open to her alone. One that was opened in another way or for
    another payer is given up: its provider is asked to close it, and should it have been paid
    meanwhile, that money is not turned away. Raises WrongState.
    """
    now = timezone.now()
    opened = _locked().filter(order=order, state=PaymentState.CREATED)
    current = opened.first()
    fresh = current.order if current else Order.objects.select_for_update().get(pk=order.pk)
    pending = fresh.state == LineState.PENDING
    if pending and not pool_has(fresh):  # its time was cut short for that very reason, perhaps
        raise WrongState(_("Others paid first, or the sale is over. Nothing was charged."))
    if not pending or fresh.pay_by <= now:
        raise WrongState(_("This order can no longer be paid. Nothing was charged."))
    step = {"payer": _digest(fresh, payer)} if payer else {}
    asked = (gateway, way, step.get("payer"))
    if current is not None and (current.gateway, current.way, current.step.get("payer")) == asked:
        return current
    if current is not None:
        given_up = Payment.objects.filter(pk=current.pk)
        given_up.update(state=PaymentState.FAILED.value, next_ask_at=now, trouble="")
    payment, _made = Payment.objects.get_or_create(
        order=fresh,
        state=PaymentState.CREATED.value,
        defaults={
            "merchant_id": fresh.merchant_id,
            "gateway": gateway,
            "way": way,
            "amount": fresh.total,
            "currency": fresh.currency,
            "created_at": now,
            "next_ask_at": now + next_ask(0),
            "step": step,
        },
    )
    _keep_account(payment)
    return payment


def _digest(order: Order, payer: str) -> str:
    """Tells two payers of one order apart, and says nothing of who they are."""
    return salted_hmac(f"orders.payer:{order.number}", payer, algorithm="sha256").hexdigest()[:32]


def _keep_account(payment: Payment) -> None:
    """The shop's keys are there as this payment is written, and whoever takes them away sees it.

    Locked last, for the length of the commit. Raises WrongState.
    """
    if payment.gateway not in GATEWAYS_WITHOUT_KEYS:
        accounts = GatewayAccount.objects.select_for_update(no_key=True)
        if not accounts.filter(merchant=payment.merchant_id, gateway=payment.gateway).exists():
            raise WrongState(_("This shop no longer takes money that way. Nothing was charged."))


@transaction.atomic
def settle_nothing(*, order: Order) -> None:
    """An order that costs nothing is paid as it is placed: no provider takes 0."""
    opened = open_payment(order=order, gateway=NOTHING)
    payment = _locked().get(pk=opened.pk)
    settle_locked(payment, f"{NOTHING}_{payment.public_id}", 0, order.currency)


def keep_step(*, payment: Payment, step: dict[str, Any]) -> None:
    """What the shopper has to do at the provider, so that her page can be loaded again."""
    step = {**payment.step, **step}  # for whom it was opened stays
    Payment.objects.filter(pk=payment.pk, state=PaymentState.CREATED).update(step=step)
    payment.step = step


@transaction.atomic
def settle_payment(*, payment: Payment, transaction_id: str, amount: int, currency: str) -> Payment:
    """The gateway says that the money is there; its message has been verified by the caller.

    Afterwards the order is paid, or the payment is marked `refund_due`. Again: no effect; but a
    second transaction for the same payment is money too, kept as a payment that is `refund_due`.
    Raises BadCallback if amount or currency are not what was asked for.
    """
    return settle_locked(_locked().get(pk=payment.pk), transaction_id, amount, currency)


def locked_payment(**known: object) -> Payment | None:
    """One payment, it and its order locked for this transaction, or None."""
    return _locked().filter(**known).first()


def _locked() -> QuerySet[Payment]:
    """Payment and order at once, in this order everywhere: no deadlock."""
    rows = Payment.objects.select_for_update(of=("self", "order"))
    return rows.select_related("order__merchant", "order__store", "order__voucher")


def settle_locked(payment: Payment, transaction_id: str, amount: int, currency: str) -> Payment:
    """`settle_payment` for a row that the caller has locked."""
    if (payment.amount, payment.currency) != (amount, currency):
        raise BadCallback
    now = timezone.now()
    if payment.state == PaymentState.SETTLED:
        return _surplus(payment, transaction_id, now)
    try:
        with transaction.atomic():
            Payment.objects.filter(pk=payment.pk).update(
                state=PaymentState.SETTLED.value,
                transaction=transaction_id,
                settled_at=now,
                next_ask_at=None,
                trouble="",
            )
    except IntegrityError as known:  # it has paid something else in this shop
        raise BadCallback from known
    payment.state, payment.transaction = PaymentState.SETTLED.value, transaction_id
    payment.settled_at, payment.next_ask_at, payment.trouble = now, None, ""
    order = payment.order
    if not _filled(order):
        if not amount:  # a coupon paid it whole: no money is there to go back
            raise WrongState(_("Others were first, and nothing is left. Nothing was charged."))
        Payment.objects.filter(pk=payment.pk).update(refund_due=True)
        payment.refund_due = True
        _give_back(order, payment, now)
        return payment
    move_order(order=order, to=LineState.PAID, by=None, paid_at=now)
    post(
        order=order,
        reference=f"payment:{payment.public_id}",
        posting=sale(order.total, order.shipping),
        at=now,
    )
    prefetch_related_objects([order], "lines")  # the news name them three times
    _tell(order)
    order_paid.state(order=order)
    return payment


def _surplus(payment: Payment, transaction_id: str, now: datetime) -> Payment:
    """A settled payment is paid again: the same message, or money to be given back."""
    if payment.transaction == transaction_id:
        return payment
    surplus, new = Payment.objects.get_or_create(
        merchant_id=payment.merchant_id,
        gateway=payment.gateway,
        transaction=transaction_id,
        defaults={
            "order_id": payment.order_id,
            "amount": payment.amount,
            "currency": payment.currency,
            "state": PaymentState.SETTLED.value,
            "refund_due": True,
            "created_at": now,
            "settled_at": now,
        },
    )
    if new:
        _give_back(payment.order, surplus, now)
    return surplus


def _give_back(order: Order, payment: Payment, now: datetime) -> None:
    """Nothing is to be sent for this money: the books owe it, and it goes back by itself."""
    post(
        order=order,
        reference=f"payment:{payment.public_id}",
        posting=owed(payment.amount),
        at=now,
    )
    refund_surplus(payment=payment, at=now)
    _tell_of_surplus(order, payment)


def _filled(order: Order) -> bool:
    """Whether its goods are there for the money that came. One for which others paid first ends."""
    if order.state != LineState.PENDING:
        return _revive(order)
    if not order.pool or got_from_pool(order):
        return True
    move_order(order=order, to=LineState.EXPIRED, by=None)
    return False


def _revive(order: Order) -> bool:
    """Money came after the hold ran out: take goods and voucher again if they are still there."""
    if order.state != LineState.EXPIRED:
        return False
    basket: Counter[int] = Counter()
    for line in order.lines.all():  # two lines of one variant: one of them is a gift
        basket[line.variant_id] += line.quantity
    try:
        with transaction.atomic():
            for one in order.vouchers:
                redeem_voucher(voucher=one, customer=order.customer)
            if order.pool:
                take_from_pool(order)
            else:
                reserve(
                    merchant=order.merchant,
                    basket=basket,
                    reference=order.number,
                    store=order.store,
                )
    except RuleBroken:  # nothing is left of the goods, or the coupon was used
        return False
    Order.objects.filter(pk=order.pk).update(state=LineState.PENDING.value)
    order.lines.update(state=LineState.PENDING.value)
    order.state = LineState.PENDING.value
    order.steps.create(state=order.state, at=timezone.now())
    return True


def _tell(order: Order) -> None:
    if order.is_replacement:
        _tell_of_replacement(order)
        return
    amount = money_text(order.total, order.currency)

    def paid() -> Said:
        return _("New paid order: %(total)s") % {"total": amount}, goods_text(order)

    def collected(store: Store) -> str:
        return _("A new order to be collected at %(store)s") % {"store": store.name}

    news = staff_news(order=order, kind="order_paid", say=paid, at_store=collected)
    with override(order.language):
        if order.is_pickup:
            body = _("%(shop)s has your %(amount)s. Show code %(code)s at %(store)s.") % {
                "shop": order.merchant.name,
                "amount": amount,
                "code": order.pickup_code,
                "store": order.store.name if order.store else "",
            }
        else:
            body = _("%(shop)s has your %(amount)s and is packing your order.") % {
                "shop": order.merchant.name,
                "amount": amount,
            }
        subject = _("Your order at %(shop)s is paid") % {"shop": order.merchant.name}
        news += customer_news(order=order, kind="order_paid", subject=subject, body=body)
    write_news(merchant=order.merchant, news=news)


def _tell_of_replacement(order: Order) -> None:
    """Goods came back: what goes out for them is to be packed, and nothing was paid anew."""

    def to_pack() -> Said:
        return _("To be sent in exchange, for %(name)s") % {"name": order.name}, goods_text(order)

    def collected(store: Store) -> str:
        return _("In exchange, to be collected at %(store)s") % {"store": store.name}

    news = staff_news(order=order, kind="order_paid", say=to_pack, at_store=collected)
    words = {"shop": order.merchant.name, "code": order.pickup_code}
    with override(order.language):
        body = _("%(shop)s has it back and is packing what you get instead.")
        if order.store is not None:
            words["store"] = order.store.name
            body = _(
                "%(shop)s has it back. Show code %(code)s at %(store)s for what you get instead."
            )
        subject = _("Your exchange at %(shop)s goes on") % {"shop": order.merchant.name}
        news += customer_news(order=order, kind="order_paid", subject=subject, body=body % words)
    write_news(merchant=order.merchant, news=news)


def _tell_of_surplus(order: Order, payment: Payment) -> None:
    """Money has to go back: staff learn that nothing is to be sent, the buyer that it comes."""
    amount = money_text(payment.amount, payment.currency)
    words = {"amount": amount, "number": spoken(order.number), "shop": order.merchant.name}

    def due() -> Said:
        return (
            _("%(amount)s go back: order %(number)s") % words,
            _(
                "The money came when the order could no longer be filled, or came twice. "
                "Nothing is to be sent for it. It goes back by itself, the way it came."
            ),
        )

    def collected(store: Store) -> str:
        return _("Money goes back for an order at %(store)s") % {"store": store.name}

    about = payment.public_id
    missed = order.first_to_pay and order.paid_at is None
    news = staff_news(order=order, kind="refund_due", about=about, say=due, at_store=collected)
    with override(order.language):
        news += customer_news(
            order=order,
            kind="refund_due",
            about=payment.public_id,
            subject=_("Your money comes back"),
            body=(
                _(
                    "Others paid first at %(shop)s, or the time was over. Your %(amount)s go back "
                    "by themselves, the way you paid."
                )
                if missed
                else _(
                    "%(shop)s has your %(amount)s, but the order could no longer be filled, or was "
                    "paid twice. The money goes back by itself, the way you paid."
                )
            )
            % words,
        )
    write_news(merchant=order.merchant, news=news)
