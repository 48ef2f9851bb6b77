"""Which order somebody has come to collect."""

from __future__ import annotations

from django.db.models import Q

from merchants.models import Staff
from merchants.rules.search import phone_digits
from orders.models import Order
from orders.rules.line import LineState
from orders.rules.number import SHORT, as_kept
from orders.rules.pickup import read_pickup
from orders.selectors.order import lines_with_pictures, seen_by

COLLECTABLE = (LineState.PAID, LineState.READY, LineState.COLLECTED, LineState.COMPLETED)
LAST_DIGITS = 4  # of a phone number


def find_pickup(staff: Staff, typed: str, whose: str) -> Order | None:
    """The order at one of her stores that this code opens; None for whatever does not fit.

    A scan names the order itself. Who types the code says `whose` it is: the first letters of the
    order's number, or the last digits of the phone's.
    """
    number, code = read_pickup(typed)
    which = Q(number=number) if number else _whose(whose)
    if not code or which is None:
        return None
    orders = seen_by(staff).filter(store__isnull=False, pickup_code=code, state__in=COLLECTABLE)
    found = orders.filter(which).select_related("merchant", "store", "customer", "voucher")
    fits = list(found.prefetch_related(lines_with_pictures(), "refunds", "steps__by")[:2])
    return fits[0] if len(fits) == 1 else None


def _whose(typed: str) -> Q | None:
    words = as_kept(typed)
    digits = phone_digits(typed)
    if len(digits) == LAST_DIGITS or len(digits) > SHORT:
        last = Q(phone__endswith=digits)
        return last | Q(number__startswith=words) if words else last
    return Q(number__startswith=words) if len(words) >= SHORT else None
