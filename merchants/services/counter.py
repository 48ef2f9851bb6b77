"""The verbs of the till. A line is what was sold of one thing to one customer, at one price: it may
grow, shrink and be taken back, and the ledger keeps every step under the line's reference.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.errors import BadQuantity, RuleBroken
from merchants.models import Stock, StockMovement, Store, User, Variant
from merchants.models.address import short_id
from merchants.rules.stock import TILL, Reason
from merchants.services.stock import Entry, book
from merchants.signals import stock_changed


class NothingToTakeBack(RuleBroken):
    code = "nothing_to_take_back"
    sentence = _("This was taken back already.")


@transaction.atomic
def sell_at_counter(
    *,
    variant: Variant,
    store: Store,
    by: User | None,
    quantity: int = 1,
    reference: str = "",
    note: str = "",
) -> str:
    """Somebody bought it in the shop: it is gone from the live room at once. Returns the line.

    `reference` names a line at the till that grows; without it, or when that line is of other goods
    or another price, this sale is a line of its own. The ledger keeps the price. Raises as
    `change_stock`.
    """
    if variant.merchant_id != store.merchant_id or quantity < 1:
        raise BadQuantity
    known, _made = Stock.objects.get_or_create(variant=variant, store=store)
    stock = _mine(known.pk)  # before the line is looked at: two sales cannot both begin it
    line = reference if _is_of(reference, stock, variant.price) else till_line()
    entry = Entry(Reason.COUNTER_SALE, by, timezone.now(), line, note, variant.price)
    book(stock=stock, delta=-quantity, entry=entry)
    stock_changed.state(variant_ids={variant.pk})
    return line


def till_line() -> str:
    """A new line at the till, as the ledger names it."""
    return f"{TILL} {short_id()}"


def _mine(pk: int) -> Stock:
    """The row, held until the transaction ends."""
    return Stock.objects.select_for_update(no_key=True).get(pk=pk)


def _is_of(reference: str, stock: Stock, price: int) -> bool:
    """Whether a line may grow by a piece of this stock at this price; one that is new may."""
    if not reference:
        return False
    moves = StockMovement.objects.filter(reference=reference)
    return not moves.exclude(stock=stock, unit_price=price).exists()


@transaction.atomic
def take_back(*, store: Store, reference: str, by: User, quantity: int | None = None) -> Stock:
    """Book `quantity` pieces of a line of this store's till back in; all that is left without it.

    At the price they were sold for. Raises NothingToTakeBack if the line, as it stands now, holds
    fewer, or is none.
    """
    moves = StockMovement.objects.filter(reference=reference, stock__store=store)
    first = moves.filter(reason=Reason.COUNTER_SALE.value).first()
    if first is None or not reference.startswith(f"{TILL} "):
        raise NothingToTakeBack
    # The row first: of two who take back at once, the second sees what the first has booked.
    stock = _mine(first.stock_id)
    sold = -(moves.aggregate(sum=Sum("delta"))["sum"] or 0)
    back = sold if quantity is None else quantity
    if not 0 < back <= sold:
        raise NothingToTakeBack
    price = first.unit_price
    entry = Entry(Reason.RETURNED, by, timezone.now(), reference, unit_price=price)
    book(stock=stock, delta=back, entry=entry)
    stock_changed.state(variant_ids={stock.variant_id})
    stock.refresh_from_db()
    return stock
