"""The same request twice is one order (P2): an order keeps which request placed it.

Nothing is looked for beforehand, for mostly there is nothing. Of two presses at once the second
waits at the unique key and is told the number; so is one that is refused although the other was
served ("sold out", said to her who has just bought the last one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.db import IntegrityError, OperationalError, transaction

from merchants.errors import KeyReused, RuleBroken
from merchants.services.request import Asked
from orders.models import Order

Outcome = str | Exception  # an order's number, or why there is none
DEADLOCK = "40P01"  # PostgreSQL's word for two who wait for each other: one of them is sent back


def order_once(*, asked: Asked, act: Callable[[], Order]) -> tuple[str, bool]:
    """The number of the order that this request placed, and whether that was now.

    `act` places it, in the transaction begun here. Raises KeyReused if the request came with
    another body before, and whatever `act` raises: a refusal may be tried again.
    """
    try:
        return _placed(act), True
    except (RuleBroken, IntegrityError):
        known = _known([asked]).get(asked.digest)
        if known is None:
            raise
    answer = _answer(asked, known)
    if isinstance(answer, Exception):
        raise answer
    return answer, False


def order_each_once(
    *, asked: Sequence[Asked], act: Callable[[list[int]], Sequence[Order | RuleBroken]]
) -> list[Outcome]:
    """Many requests in one transaction, each as by `order_once`: numbers, or refusals, in order.

    `act` gets the places of those that are to be served and gives an order or a refusal each.
    Whoever meets somebody of them in another transaction is served a moment later, all of them
    together; IntegrityError if that happens twice.
    """
    first: dict[str, int] = {}
    for place, one in enumerate(asked):
        first.setdefault(one.digest, place)
    known: dict[str, Order] = {}
    try:
        served = _serve(first, act)
    except (IntegrityError, OperationalError) as trouble:
        if not _passes(trouble):
            raise
        known = _known(asked)
        served = _serve({key: at for key, at in first.items() if key not in known}, act)
    refused = {key: one for key, one in served.items() if isinstance(one, RuleBroken)}
    if refused:  # her other request may have got the last piece while this one waited for the row
        known |= _known([asked[first[key]] for key in refused])
    placed = {key: one for key, one in served.items() if isinstance(one, Order)} | known
    return [
        _answer(one, placed[one.digest]) if one.digest in placed else refused[one.digest]
        for one in asked
    ]


def placed_before(asked: Asked) -> str | None:
    """The number of the order that this very request placed, if it has."""
    known = _known([asked]).get(asked.digest)
    answer = _answer(asked, known) if known else None
    return answer if isinstance(answer, str) else None


def _serve(
    first: dict[str, int], act: Callable[[list[int]], Sequence[Order | RuleBroken]]
) -> dict[str, Order | RuleBroken]:
    if not first:
        return {}
    with transaction.atomic():
        return dict(zip(first, act(list(first.values())), strict=True))


def _placed(act: Callable[[], Order]) -> str:
    """Once more after a deadlock: a crowd writes its customers last, and one alone hers first."""
    try:
        with transaction.atomic():
            return act().number
    except OperationalError as trouble:
        if not _passes(trouble):
            raise
    with transaction.atomic():
        return act().number


def _passes(trouble: Exception) -> bool:
    """Whether it comes of somebody who was faster, and is over when it is asked again."""
    is_deadlock = getattr(trouble.__cause__, "sqlstate", "") == DEADLOCK
    return is_deadlock or isinstance(trouble, IntegrityError)


def _known(asked: Iterable[Asked]) -> dict[str, Order]:
    rows = Order.objects.filter(request_key__in=[one.digest for one in asked])
    return {str(row.request_key): row for row in rows.only("number", "request_key", "request_mark")}


def _answer(asked: Asked, order: Order) -> Outcome:
    """What this request is told whose key placed that order."""
    return order.number if order.request_mark == asked.mark else KeyReused()
