"""What was paid before there were books gets its entries, a thousand payments at a time."""

from collections.abc import Iterable
from typing import Any

from django.db import migrations, transaction

AT_ONCE = 1000


def open_the_books(apps: Any, editor: Any) -> None:
    """Batch after batch, each a transaction of its own: begun again, it goes on where it was."""
    payments = apps.get_model("orders", "Payment").objects.filter(state="settled")
    last = 0
    while batch := list(
        payments.filter(pk__gt=last).select_related("order").order_by("pk")[:AT_ONCE]
    ):
        with transaction.atomic():
            _book(apps, batch)
        last = batch[-1].pk


def _book(apps: Any, payments: Iterable[Any]) -> None:
    entry, bank = apps.get_model("orders", "LedgerEntry"), apps.get_model("orders", "BankEntry")
    entry.objects.bulk_create(
        [
            entry(
                reference=f"payment:{payment.public_id}",
                account=account,
                amount=amount,
                at=payment.settled_at,
                merchant_id=payment.order.merchant_id,
                order=payment.order,
                currency=payment.currency,
            )
            for payment in payments
            for account, amount in _sides(payment).items()
            if amount
        ],
        ignore_conflicts=True,
    )
    bank.objects.bulk_create(
        [
            bank(
                number=payment.public_id,
                transaction=payment.transaction,
                amount=payment.amount,
                currency=payment.currency,
                at=payment.settled_at,
            )
            for payment in payments
            if payment.gateway == "sandbox"
        ],
        ignore_conflicts=True,
    )
    for payment in payments:
        if payment.refund_due and payment.paid_back == 0:
            _owe(apps, payment)


def _sides(payment: Any) -> dict[str, int]:
    if payment.refund_due:
        return {"gateway": payment.amount, "surplus": -payment.amount}
    order = payment.order
    goods = order.total - order.shipping
    return {"gateway": order.total, "goods": -goods, "shipping": -order.shipping}


def _owe(apps: Any, payment: Any) -> None:
    refund = apps.get_model("orders", "Refund").objects.create(
        merchant_id=payment.order.merchant_id,
        order=payment.order,
        payment=payment,
        kind="surplus",
        state="approved",
        amount=payment.amount,
        currency=payment.currency,
        money="processing",
        next_try_at=payment.settled_at,
        requested_at=payment.settled_at,
    )
    step = apps.get_model("orders", "RefundStep")
    step.objects.create(refund=refund, state="approved", at=payment.settled_at)
    payment.paid_back = payment.amount
    payment.save(update_fields=["paid_back"])


class Migration(migrations.Migration):
    atomic = False  # no table stays locked while the past is written down
    dependencies = [("orders", "0002_refund")]
    operations = [migrations.RunPython(open_the_books, migrations.RunPython.noop, elidable=True)]
