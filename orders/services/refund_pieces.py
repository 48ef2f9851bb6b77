"""Which pieces of an order are asked back, and what they cost. Within the refund's transaction."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _

from orders.errors import NothingToRefund, RefundTooLarge
from orders.models import Line, Order, Refund, RefundPiece
from orders.rules.line import UNSENT
from orders.rules.price import PriceRule, share
from orders.rules.refund import RefundKind, worth


def all_unsent(lines: list[Line]) -> bool:
    """Whether these lines are all still here. Raises NothingToRefund for a mixture."""
    unsent = {line.state in UNSENT for line in lines}
    if len(unsent) > 1:
        raise NothingToRefund(
            _("Some of it has been sent and some has not: ask for one, then for the other.")
        )
    return unsent.pop()


def claim(line: Line, count: int) -> int:
    """So many pieces of a line are asked back, once. Returns what they cost."""
    asked = Line.objects.filter(
        pk=line.pk, asked_back__lte=F("quantity") - count, state=line.state
    ).update(asked_back=F("asked_back") + count)
    if not asked:
        raise NothingToRefund(
            _("Of %(goods)s only %(count)s can still be asked back.")
            % {"goods": line.title, "count": line.left}
        )
    whole, part = _given(line)
    cost = worth(line.paid, line.quantity, line.asked_back + count, whole)
    return min(cost, line.paid - whole - part)


def part_of(lines: list[Line], wanted: Mapping[int, int], amount: int) -> list[int]:
    """An amount spread over pieces that stay where they are. Raises RefundTooLarge."""
    costs = [line.paid * wanted[line.pk] // line.quantity for line in lines]
    if not 0 < amount <= sum(costs):
        raise RefundTooLarge
    parts = share(amount, costs)
    for line, part in zip(lines, parts, strict=True):
        if wanted[line.pk] > line.quantity or sum(_given(line)) + part > line.paid:
            raise RefundTooLarge
    return parts


def nothing_stays(order: Order, wanted: Mapping[int, int]) -> bool:
    """With these pieces everything of an order is called off: nothing of it is ever sent. A gift
    that is still here goes with the last of them (`call_off_gift`)."""
    return all(
        line.called_off + wanted.get(line.pk, 0) == line.quantity
        for line in order.lines.all()
        if not (line.is_gift and line.state in UNSENT)
    )


def refuse_gifts(order: Order, wanted: Mapping[int, int]) -> None:
    """A buyer cannot ask money back for what was given. Raises NothingToRefund."""
    gifts = order.lines.filter(price_rule=PriceRule.GIFT)
    if gifts.filter(pk__in=[pk for pk, count in wanted.items() if count]).exists():
        raise NothingToRefund(_("A gift costs nothing: there is no money to ask back for it."))


def refuse_mixture(costs: list[int]) -> None:
    """What cost nothing is exchanged by itself: should the shop have no other to give, it is never
    sent back for somebody's money. Raises NothingToRefund."""
    if any(costs) and not all(costs):
        raise NothingToRefund(
            _("Some of it cost nothing, and is exchanged by itself: ask for one, then the other.")
        )


def call_off_gift(refund: Refund) -> list[RefundPiece]:
    """A gift that is still here stays, if nothing is left of what it was a gift to."""
    lines = list(refund.order.lines.all())
    if any(line.called_off < line.quantity for line in lines if not line.is_gift):
        return []
    taken = []
    for line in lines:
        if line.is_gift and line.state in UNSENT and not line.asked_back:
            gone = line.quantity
            Line.objects.filter(pk=line.pk).update(asked_back=gone, called_off=gone)
            piece = RefundPiece(refund=refund, line=line, quantity=gone, amount=0)
            piece.save(force_insert=True)
            taken.append(piece)
    return taken


def let_go(refund: Refund) -> None:
    """What was asked back is not any more, and may be asked back again."""
    if refund.kind == RefundKind.GOODWILL:
        return
    for piece in refund.pieces.all():
        Line.objects.filter(pk=piece.line_id).update(asked_back=F("asked_back") - piece.quantity)


def _given(line: Line) -> tuple[int, int]:
    """What of a line's price is promised or asked for: with its pieces, and without them."""
    counted = RefundPiece.objects.filter(line=line, refund__in=Refund.objects.counted())
    stays = Q(refund__kind=RefundKind.GOODWILL)
    sums = counted.aggregate(
        whole=Sum("amount", filter=~stays, default=0), part=Sum("amount", filter=stays, default=0)
    )
    return sums["whole"], sums["part"]
