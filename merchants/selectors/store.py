"""Stores as shoppers see them, and what stands in the way of closing one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from merchants.models import Import, Merchant, Staff, Stock, Stocktake, Store
from merchants.rules.importing import WORKING
from merchants.rules.role import Role
from merchants.rules.stocktake import StocktakeState


def stores_at(merchant: Merchant, now: datetime) -> list[Any]:
    """The merchant's stores in order, each with `is_open`: True, False, or None if unknown."""
    here = timezone.localtime(now)
    stores: list[Any] = list(merchant.stores.all())
    for store in stores:
        store.is_open = store.open_at(here)
    return stores


def serves_all(staff: Staff) -> bool:
    """Whether every store of the shop is hers: then what is said of all together is hers too."""
    return staff.is_manager or staff.stores.count() == staff.merchant.stores.count()


def stores_ever(staff: Staff) -> QuerySet[Store]:
    """Those that she serves, with the ones that were closed: what happened there is still read."""
    if staff.is_manager:
        return Store.whole.filter(merchant=staff.merchant)
    return Store.whole.filter(staff=staff)


class Obstacle(str):
    """A sentence, and the name of the page where it is done."""

    page: str

    def __new__(cls, sentence: str, page: str = "") -> Obstacle:
        self = super().__new__(cls, sentence)
        self.page = page
        return self


def obstacles(store: Store) -> list[Obstacle]:
    """What has to be done before a store can be closed, a sentence each."""
    found = [*_pieces(store), *_work(store)]
    if not store.merchant.stores.exclude(pk=store.pk).exists():
        found.append(Obstacle(_("It is the only open store, and a shop has at least one.")))
    if clerks := clerks_of_only(store):
        said = _(
            "%(names)s would serve no store any more. Tick another one on the staff page first."
        )
        names = _(", ").join(clerk.host_name for clerk in clerks)
        found.append(Obstacle(said % {"names": names}, "staff"))
    return found


def clerks_of_only(store: Store) -> list[Staff]:
    """The clerks who serve this open store and no other."""
    of_shop = store.merchant.staff.filter(role=Role.CLERK.value, stores=store)
    others = store.merchant.stores.exclude(pk=store.pk)
    return list(of_shop.exclude(pk__in=Staff.objects.filter(stores__in=others)).order_by("pk"))


def _pieces(store: Store) -> list[Obstacle]:
    sums = Stock.objects.filter(store=store).aggregate(there=Sum("on_hand"), held=Sum("reserved"))
    there, held = sums["there"] or 0, sums["held"] or 0
    found = []
    if there:
        said = ngettext(
            "%(count)s piece lies there. Move it to another store or write it off.",
            "%(count)s pieces lie there. Move them to another store or write them off.",
            there,
        )
        others = store.merchant.stores.exclude(pk=store.pk).exists()
        found.append(Obstacle(said % {"count": there}, "transfer" if others else ""))
    if held:
        said = ngettext(
            "%(count)s of them is held for an order or a flash sale. Hand it over or cancel that.",
            "%(count)s of them are held for orders or flash sales. Hand them over or cancel those.",
            held,
        )
        found.append(Obstacle(said % {"count": held}, "orders"))
    return found


def _work(store: Store) -> list[Obstacle]:
    found = []
    if Stocktake.objects.filter(store=store, state=StocktakeState.OPEN.value).exists():
        said = _("It is being counted. Book the stocktake or throw it away.")
        found.append(Obstacle(said, "stocktakes"))
    if Import.objects.filter(store=store, state__in=WORKING).exists():
        said = _("A sheet is being brought in for it. Wait until that is done.")
        found.append(Obstacle(said, "imports"))
    return found
