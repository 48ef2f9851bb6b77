"""The verbs of stores: write one down, put them in order."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from merchants.errors import NoStore, Taken
from merchants.models import Merchant, Staff, Store
from merchants.rules.role import Role
from merchants.services.staff import lock_staff

WORDS = [  # what is said of a store; its place among the others is given by `move_store`
    "name",
    "city",
    "address",
    "phone",
    "latitude",
    "longitude",
    "week",
    "hours_note",
    "pickup",
]


@transaction.atomic
def save_store(*, store: Store, clerks: Iterable[Staff] | None = None) -> Store:
    """The store stands as `store` says; a new one comes last. `clerks` are those who serve it.

    None leaves who serves it as it is. Who is no clerk any more keeps her stores: she sees them
    all. Raises Taken if another store of the merchant has the name.
    """
    lock_staff(store.merchant_id)
    if store.pk is None:
        last = store.merchant.stores.order_by("position").last()
        store.position = last.position + 1 if last else 0
    try:
        with transaction.atomic():
            store.save(update_fields=None if store.pk is None else WORDS)
    except IntegrityError as trouble:
        raise Taken from trouble
    if clerks is not None:
        _give_clerks(store, [clerk.pk for clerk in clerks])
    return store


def _give_clerks(store: Store, wanted: list[int]) -> None:
    """A clerk serves at least one store: her last one is not taken from her by the way."""
    of_shop = store.merchant.staff.filter(role=Role.CLERK.value)
    off = list(of_shop.filter(stores=store).exclude(pk__in=wanted))
    store.staff.remove(*off)
    store.staff.add(*of_shop.filter(pk__in=wanted))
    left = of_shop.filter(pk__in=[clerk.pk for clerk in off], stores=None)
    if left:
        names = _(", ").join(clerk.host_name for clerk in left)
        said = _(
            "%(names)s would serve no store any more. Tick another one on the staff page first."
        )
        raise NoStore(said % {"names": names})


@transaction.atomic
def move_store(*, merchant: Merchant, store: Store, by: int) -> None:
    """One place up (-1) or down (1) in the merchant's list; at its end nothing changes."""
    lock_staff(merchant.pk)
    stores = list(merchant.stores.all())
    here = stores.index(store)
    there = min(max(here + by, 0), len(stores) - 1)
    stores.insert(there, stores.pop(here))
    for position, one in enumerate(stores):
        if one.position != position:
            Store.objects.filter(pk=one.pk).update(position=position)
