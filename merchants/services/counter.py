"""The verbs of the till. A line is what was sold of one thing to one customer: it may grow, shrink
and be taken back, and the ledger keeps every step under the line's reference.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.errors import RuleBroken
from merchants.models import Stock, StockMovement, Store, User
from merchants.rules.stock import TILL, Reason
from merchants.services.stock import Entry, book
from merchants.signals import stock_changed


class NothingToTakeBack(RuleBroken):
    code = "nothing_to_take_back"
    sentence = _("This was taken back already.")


@transaction.atomic
def take_back(*, store: Store, reference: str, by: User, quantity: int | None = None) -> Stock:
    """Book `quantity` pieces of a line of this store's till back in; all that is left without it.

    Raises NothingToTakeBack if the line, as it stands now, holds fewer, or is none.
    """
    moves = StockMovement.objects.filter(reference=reference, stock__store=store)
    first = moves.filter(reason=Reason.COUNTER_SALE.value).select_related("stock").first()
    if first is None or not reference.startswith(f"{TILL} "):
        raise NothingToTakeBack
    # The row first: of two who take back at once, the second sees what the first has booked.
    stock = Stock.objects.select_for_update(no_key=True).get(pk=first.stock_id)
    sold = -(moves.aggregate(sum=Sum("delta"))["sum"] or 0)
    back = sold if quantity is None else quantity
    if not 0 < back <= sold:
        raise NothingToTakeBack
    book(stock=stock, delta=back, entry=Entry(Reason.RETURNED, by, timezone.now(), reference))
    stock_changed.state(variant_ids={stock.variant_id})
    stock.refresh_from_db()
    return stock
