"""The waiting line, as those in it and the shop see it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet, Sum

from merchants.models import Product, Stock, Variant
from merchants.rules.product import ProductState
from orders.models import Waiting
from orders.rules.waitlist import OPEN, WaitState


def place_in_line(waiting: Waiting) -> int:
    """1 is next."""
    before = Waiting.objects.filter(variant=waiting.variant_id, state=WaitState.WAITING)
    return before.filter(pk__lt=waiting.pk).count() + 1


def served_variants() -> QuerySet[Variant]:
    """Variants that somebody waits for and of which pieces are free now."""
    line = Waiting.objects.filter(variant=OuterRef("pk"), state=WaitState.WAITING)
    free = Stock.objects.filter(variant=OuterRef("pk"), on_hand__gt=F("reserved"))
    on_sale = Variant.objects.filter(product__state=ProductState.ON_SALE)
    return on_sale.filter(Exists(line), Exists(free))


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
