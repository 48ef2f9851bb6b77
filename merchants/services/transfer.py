"""The verb of moving goods from one store to another."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.errors import BadQuantity, OutOfStock, RuleBroken
from merchants.models import Stock, Store, User, Variant
from merchants.models.address import short_id
from merchants.rules.stock import TRANSFER, Reason
from merchants.services.stock import MOST_ON_HAND, Entry, book, in_order
from merchants.signals import stock_changed


class SameStore(RuleBroken):
    code = "same_store"
    status = 422
    sentence = gettext_lazy("Choose another store: it lies there already.")


class TransferRefused(OutOfStock):
    """`variant` is the one of which there is too little, and `why` says so without its name."""

    def __init__(self, why: str, *, variant: Variant) -> None:
        super().__init__(f"{variant}{_(': ')}{why}", variant=variant.pk)
        self.variant, self.why = variant.pk, why


@transaction.atomic
def transfer_stock(
    *,
    pieces: Mapping[Variant, int],
    source: Store,
    target: Store,
    by: User | None,
    note: str = "",
) -> str:
    """Move {variant: pieces} from one store to another, all or nothing. Returns the reference.

    Two movements each, with one reference, the other store's name and `note`; what is held for
    orders in `source` stays there. Rows are taken by variant, then store, so that two opposite
    transfers wait for each other and never both. Raises TransferRefused naming the goods,
    SameStore, or BadQuantity.
    """
    _look(pieces, source, target)
    now, reference = timezone.now(), f"{TRANSFER} {short_id()}"
    for variant in sorted(pieces, key=lambda one: one.pk):
        for store in in_order((source, target)):
            other = target if store == source else source
            words = " · ".join(filter(None, [other.name, note]))
            entry = Entry(Reason.TRANSFERRED, by, now, reference, note=words)
            stock, _made = Stock.objects.get_or_create(variant=variant, store=store)
            delta = pieces[variant] if store == target else -pieces[variant]
            _book(stock, variant, delta, entry)
    stock_changed.state(variant_ids={variant.pk for variant in pieces})
    return reference


def _look(pieces: Mapping[Variant, int], source: Store, target: Store) -> None:
    if source.pk == target.pk:
        raise SameStore
    merchants = {one.merchant_id for one in pieces} | {source.merchant_id, target.merchant_id}
    if not pieces or len(merchants) > 1:
        raise BadQuantity
    if any(not 0 < count <= MOST_ON_HAND for count in pieces.values()):
        raise BadQuantity(_("Write a whole number from 1 to 1,000,000."))


def _book(stock: Stock, variant: Variant, delta: int, entry: Entry) -> None:
    try:
        book(stock=stock, delta=delta, entry=entry)
    except OutOfStock as refusal:
        raise TransferRefused(str(refusal), variant=variant) from refusal
