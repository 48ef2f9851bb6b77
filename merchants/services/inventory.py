"""The verb that changes many goods at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from merchants.errors import RuleBroken
from merchants.models import Category, Merchant, Product, User, Variant
from merchants.rules.audit import Action
from merchants.rules.product import ProductState
from merchants.rules.repricing import Repricing
from merchants.services.audit import record
from merchants.services.product import index_products
from merchants.signals import product_changed

MOST = 2_000  # in one transaction, while a person waits


class TooMany(RuleBroken):
    code = "too_many"
    status = 422

    def __init__(self) -> None:
        super().__init__(
            _("At most %(most)s products at once. Narrow the list, or bring in a sheet.")
            % {"most": MOST}
        )


class NothingChosen(RuleBroken):
    code = "nothing_chosen"
    status = 422


class BadPrice(RuleBroken):
    code = "bad_price"
    status = 422


@dataclass(frozen=True)
class GoodsChange:
    """What shall be different; what is None stays. A `category` of "" takes goods out of theirs."""

    state: ProductState | None = None
    category: str | None = None
    repricing: Repricing | None = None

    @property
    def is_empty(self) -> bool:
        return self.state is None and self.category is None and self.repricing is None


@transaction.atomic
def change_goods(
    *, merchant: Merchant, products: Collection[int], change: GoodsChange, by: User
) -> int:
    """Change every one of these products (ids) or none; answers how many there were.

    Their versions go up, so that who has one open is told when she saves. Raises NothingChosen,
    TooMany, or BadPrice naming goods that would cost nothing or a fortune.
    """
    found = _chosen(merchant, products, change)
    _settle_words(merchant, found, change)
    if change.repricing is not None:
        _reprice(found, change.repricing)
    _write_down(merchant, found, change, by)
    for product in found:
        product_changed.state(product=product)
    return len(found)


def _chosen(merchant: Merchant, products: Collection[int], change: GoodsChange) -> list[Product]:
    """The goods, held till the change is done."""
    if len(products) > MOST:
        raise TooMany
    if change.is_empty:
        raise NothingChosen(_("Choose what shall be different."))
    locked = merchant.products.filter(pk__in=list(products)).select_for_update()
    found = list(locked.order_by("pk"))  # one order of locks: no deadlock
    if not found:
        raise NothingChosen(_("Tick at least one product."))
    return found


def _write_down(
    merchant: Merchant, found: Collection[Product], change: GoodsChange, by: User
) -> None:
    """Who did it, for the audit log."""
    record(
        merchant=merchant,
        action=Action.GOODS_CHANGED,
        by=by,
        about=ngettext("%(count)s product", "%(count)s products", len(found))
        % {"count": len(found)},
        products=[one.public_id for one in found],
        state=change.state,
        category=change.category,
        repricing=_spelled(change.repricing),
    )


def _settle_words(merchant: Merchant, found: Collection[Product], change: GoodsChange) -> None:
    fields: dict[str, object] = {"version": F("version") + 1}
    if change.state is not None:
        fields["state"] = change.state.value
    if change.category is not None:
        fields["category"] = (
            Category.objects.get_or_create(merchant=merchant, name=change.category)[0]
            if change.category
            else None
        )
    Product.objects.filter(pk__in=[one.pk for one in found]).update(**fields)


def _reprice(found: Collection[Product], repricing: Repricing) -> None:
    variants = list(
        Variant.objects.filter(product__in=found).select_related("product").order_by("pk")
    )
    for variant in variants:
        price = repricing.of(variant.price)
        if price is None:
            raise BadPrice(
                _("“%(name)s” costs too little or too much for that.") % {"name": variant}
            )
        variant.compare_at = repricing.before(variant.price, variant.compare_at)
        variant.price = price
    Variant.objects.bulk_update(variants, ["price", "compare_at"], batch_size=200)
    index_products(found)


def _spelled(repricing: Repricing | None) -> str:
    return f"{repricing.way} {repricing.value}" if repricing else ""
