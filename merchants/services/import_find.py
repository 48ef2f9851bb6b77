"""Which goods of the shop the rows of a sheet mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Prefetch
from django.db.models.functions import Lower

from merchants.models import Import, Product, Stock, Variant
from merchants.rules.cell import Problem
from merchants.rules.column import Column
from merchants.rules.row import Goods


class Shop:
    """What the shop has of a batch of rows, found with a handful of queries."""

    def __init__(self, batch: Import, goods: Sequence[Goods]) -> None:
        known = Variant.whole.filter(merchant=batch.merchant).select_related("product__category")
        if batch.store:
            here = Stock.objects.filter(store=batch.store)
            known = known.prefetch_related(Prefetch("stock", queryset=here, to_attr="here"))
        skus = {one.sku.lower() for one in goods if one.sku}
        codes = {one.barcode for one in goods if one.barcode}
        names = {one.name for one in goods if one.name}
        folded = known.annotate(folded=Lower("sku")).filter(folded__in=skus)
        self.by_sku = {variant.sku.lower(): variant for variant in folded}
        self.by_barcode = {variant.barcode: variant for variant in known.filter(barcode__in=codes)}
        self.by_name: dict[str, list[Variant]] = defaultdict(list)
        for variant in known.filter(product__name__in=names, archived=False).order_by("pk"):
            self.by_name[variant.product.name].append(variant)

    def find(self, goods: Goods) -> tuple[Variant | None, Product | None, list[Problem]]:
        """(the variant that a row means, else the product it belongs to, what is in the way)."""
        holder = self.by_barcode.get(goods.barcode)
        if goods.sku:
            found = self.by_sku.get(goods.sku.lower())
            if holder is not None and holder != found:
                taken = Problem(Column.BARCODE, "taken", details={"by": str(holder)})
                return found, None, [taken]
            return found, None if found else self._family(goods), []
        if holder is not None:
            return holder, None, []
        alike = self.by_name.get(goods.name, [])
        same = next((variant for variant in alike if variant.name == goods.spec), None)
        return same, None if same else self._family(goods), []

    def _family(self, goods: Goods) -> Product | None:
        """A product of this name that has other specifications, and not this one."""
        alike = self.by_name.get(goods.name, [])
        if goods.spec and alike and all(one.name and one.name != goods.spec for one in alike):
            return alike[0].product
        return None
