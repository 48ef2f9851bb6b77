"""The verbs of a number put right in the goods list, and of taking that back."""

from __future__ import annotations

from django.db import transaction

from merchants.errors import RuleBroken
from merchants.models import StockMovement, Store, User, Variant
from merchants.rules.stock import CORRECTION, Reason
from merchants.services.request import once
from merchants.services.stock import change_stock


@transaction.atomic
def correct_stock(
    *, variant: Variant, store: Store, seen: int, found: int, by: User
) -> StockMovement:
    """There are `found` pieces where the list had shown `seen`: the difference is booked.

    What was sold since the list was shown stays sold. Raises as `change_stock`.
    """
    stock = change_stock(
        variant=variant,
        store=store,
        delta=found - seen,
        reason=Reason.COUNTED,
        by=by,
        reference=CORRECTION,
    )
    return stock.movements.latest("pk")  # ours: the row is locked until we commit


def undo_correction(*, movement: StockMovement, by: User) -> int:
    """Book the opposite of a correction, once however often it is asked for.

    Returns the id of the movement that did it. Raises RuleBroken for any other movement, and as
    `change_stock` if the pieces are gone.
    """
    if movement.reference != CORRECTION:
        raise RuleBroken

    def act() -> int:
        stock = change_stock(
            variant=movement.stock.variant,
            store=movement.stock.store,
            delta=-movement.delta,
            reason=Reason.COUNTED,
            by=by,
            reference=CORRECTION,
        )
        return stock.movements.latest("pk").pk

    return once(scope="correction", key=str(movement.pk), body=None, act=act)
