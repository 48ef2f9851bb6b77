"""The verbs of a number put right in the goods list, and of taking that back."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.errors import RuleBroken
from merchants.models import Stock, StockMovement, Store, User, Variant
from merchants.rules.stock import CORRECTION, Reason
from merchants.services.stock import change_stock

UNDO_WITHIN = timedelta(days=1)  # the toast is gone after seconds


class CountedAnew(RuleBroken):
    code = "counted_anew"
    sentence = gettext_lazy("It is %(now)s by now: some were sold or came in. Count once more.")


@transaction.atomic
def correct_stock(
    *, variant: Variant, store: Store, seen: int, found: int, by: User
) -> StockMovement:
    """There are `found` pieces where the list shows `seen`: the difference is booked.

    Whoever counts, counts what lies there now. If that is not what the list had shown, a difference
    to the old number would be wrong for ever: CountedAnew says so. Raises as `change_stock`.
    """
    _still(variant, store, seen)
    stock = change_stock(
        variant=variant,
        store=store,
        delta=found - seen,
        reason=Reason.COUNTED,
        by=by,
        reference=CORRECTION,
    )
    return stock.movements.latest("pk")  # ours: the row is locked until we commit


def _still(variant: Variant, store: Store, seen: int) -> None:
    stock, _made = Stock.objects.get_or_create(variant=variant, store=store)
    now = Stock.objects.select_for_update().get(pk=stock.pk).available
    if now != seen:
        raise CountedAnew(CountedAnew.sentence % {"now": now})


@transaction.atomic
def undo_correction(*, movement: StockMovement, by: User) -> int:
    """Book the opposite of a correction of this day, once however often it is asked for.

    Returns the id of the movement that did it: the ledger itself remembers. Raises RuleBroken for
    any other movement, and as `change_stock` if the pieces are gone.
    """
    if movement.reference != CORRECTION:
        raise RuleBroken
    if movement.at < timezone.now() - UNDO_WITHIN:
        raise RuleBroken(_("This was long ago: put the number right as it is now."))
    Stock.objects.select_for_update().get(pk=movement.stock_id)  # the second press waits here
    reference = f"{CORRECTION} undo {movement.pk}"
    if done := movement.stock.movements.filter(reference=reference).first():
        return done.pk
    stock = change_stock(
        variant=movement.stock.variant,
        store=movement.stock.store,
        delta=-movement.delta,
        reason=Reason.COUNTED,
        by=by,
        reference=reference,
    )
    return stock.movements.latest("pk").pk
