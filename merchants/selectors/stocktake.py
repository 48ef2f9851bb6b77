"""How far a stocktake is, and what it found."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from merchants.models import Category, Stock, Stocktake, StocktakeLine


@dataclass(frozen=True)
class Progress:
    """Kinds of goods that were counted, and what they differ by; and what is left to count."""

    kinds: int  # counted
    left: int
    left_pieces: int
    differing: int
    missing: int
    surplus: int
    value: int  # of all differences, at today's prices

    @property
    def whole(self) -> int:
        return self.kinds + self.left


def progress_of(stocktake: Stocktake) -> Progress:
    """Two queries, however many goods there are."""
    off = F("counted") - F("expected")
    sums = stocktake.lines.aggregate(
        kinds=Count("pk"),
        differing=Count("pk", filter=~Q(counted=F("expected"))),
        missing=Coalesce(Sum(F("expected") - F("counted"), filter=Q(counted__lt=F("expected"))), 0),
        surplus=Coalesce(Sum(off, filter=Q(counted__gt=F("expected"))), 0),
        value=Coalesce(Sum(off * F("variant__price")), 0),
    )
    rest = uncounted(stocktake).aggregate(left=Count("pk"), left_pieces=Coalesce(Sum("on_hand"), 0))
    return Progress(**rest, **sums)


def uncounted(stocktake: Stocktake, category: Category | None = None) -> QuerySet[Stock]:
    """What the ledger has in the store and nobody has found yet."""
    counted = StocktakeLine.objects.filter(stocktake=stocktake).values("variant")
    rows = Stock.objects.filter(store=stocktake.store, on_hand__gt=0, variant__archived=False)
    if category is not None:
        rows = rows.filter(variant__product__category=category)
    return rows.exclude(variant__in=counted).order_by("variant__product__name", "variant_id")


def counted_lines(stocktake: Stocktake, differing: bool = False) -> QuerySet[StocktakeLine]:
    """What was found, the latest first, each with what lies there `now` by the ledger."""
    now = Stock.objects.filter(variant=OuterRef("variant"), store=stocktake.store)
    rows = stocktake.lines.select_related("variant__product", "by").order_by("-counted_at", "-pk")
    if differing:
        rows = rows.exclude(counted=F("expected"))
    return rows.annotate(
        now=Coalesce(Subquery(now.values("on_hand")), 0),
        held=Coalesce(Subquery(now.values("reserved")), 0),
        moved=F("now") - F("expected"),
        value=(F("counted") - F("expected")) * F("variant__price"),
    )
