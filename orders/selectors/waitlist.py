"""The waiting line, as those in it and the shop see it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Min, OuterRef, QuerySet, Subquery, Sum

from merchants.models import Product, Stock, Variant
from merchants.rules.product import ProductState
from orders.models import Waiting
from orders.rules.waitlist import OPEN, WaitState


def place_in_line(waiting: Waiting) -> int:
    """1 is next."""
    before = Waiting.objects.filter(variant=waiting.variant_id, state=WaitState.WAITING)
    return before.filter(pk__lt=waiting.pk).count() + 1


def served_variants() -> QuerySet[Variant]:
    """Variants of which so many pieces are free that somebody in their line can be served now."""
    stock = Stock.objects.filter(variant=OuterRef("pk")).order_by().values("variant")
    line = Waiting.objects.filter(variant=OuterRef("pk"), state=WaitState.WAITING).order_by()
    waited_for = Waiting.objects.filter(state=WaitState.WAITING).values("variant")
    found = Variant.objects.filter(product__state=ProductState.ON_SALE, pk__in=waited_for)
    return found.annotate(
        free=Subquery(stock.annotate(n=Sum(F("on_hand") - F("reserved"))).values("n")),
        least=Subquery(line.values("variant").annotate(n=Min("quantity")).values("n")),
    ).filter(free__gte=F("least"))


def lapsed_offers(now: datetime) -> QuerySet[Waiting]:
    offers = Waiting.objects.filter(state=WaitState.OFFERED, offer_until__lte=now)
    return offers.select_related("merchant").order_by("offer_until")


def sold_out(product: Product) -> list[Variant]:
    """The variants of which nothing is free now: what can be waited for."""
    free = Sum(F("stock__on_hand") - F("stock__reserved"), default=0)
    found = product.variants.annotate(left=free).filter(left__lte=0)
    return list(found.order_by("position", "pk"))


def line_of(product: Product) -> QuerySet[Waiting]:
    """Who waits for it or has it held, the longest first."""
    rows = Waiting.objects.filter(variant__product=product, state__in=list(OPEN))
    return rows.select_related("variant__product").order_by("pk")
