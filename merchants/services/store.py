"""The verbs of stores: write one down, put them in order, close one and open it again."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.errors import NoStore, StoreClosed, StoreInUse, Taken
from merchants.models import Merchant, Staff, Store, User
from merchants.rules.audit import Action
from merchants.rules.role import Role
from merchants.selectors.store import obstacles
from merchants.services.audit import record
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
        store.position = _last(store.merchant_id)
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
    served = Staff.objects.filter(stores__in=store.merchant.stores.all())
    left = of_shop.filter(pk__in=[clerk.pk for clerk in off]).exclude(pk__in=served)
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


@transaction.atomic
def close_store(*, store: Store, by: User) -> None:
    """Nothing is sold, counted or collected there any more, and no list shows it; its past stays.

    Those who serve it are with it again when it opens. Whoever books pieces into it, counts it or
    brings a sheet in keeps it open until that is done (`keep_open`), so that nothing comes between
    the look and the write. Raises StoreInUse with all that stands in the way.
    """
    lock_staff(store.merchant_id)
    fresh = Store.objects.select_for_update(no_key=True).filter(pk=store.pk).first()
    if fresh is None:  # another manager was faster
        return
    if why := obstacles(fresh):
        raise StoreInUse(why)
    Store.objects.filter(pk=fresh.pk).update(closed_at=timezone.now())
    record(merchant=fresh.merchant, action=Action.STORE_CLOSED, by=by, about=fresh.name)


@transaction.atomic
def open_store(*, store: Store, by: User) -> None:
    """A closed store is there again, the last in the list, with those who served it."""
    lock_staff(store.merchant_id)
    mine = Store.whole.filter(pk=store.pk, closed_at__isnull=False)
    if mine.update(closed_at=None, position=_last(store.merchant_id)):
        record(merchant=store.merchant, action=Action.STORE_OPENED, by=by, about=store.name)


SHARED = {  # Django has no word for it: many may keep a store open at once, closing waits for them
    True: "SELECT name, closed_at FROM merchants_store WHERE id = %s FOR SHARE",
    False: "SELECT name, closed_at FROM merchants_store WHERE id = %s",
}


def keep_open(store_id: int) -> None:
    """Nobody closes this store until the caller's transaction ends. Raises StoreClosed."""
    with connection.cursor() as cursor:
        cursor.execute(SHARED[connection.features.has_select_for_update], [store_id])
        name, closed_at = cursor.fetchone()
    if closed_at is not None:
        raise StoreClosed(StoreClosed.sentence % {"store": name})


def _last(merchant_id: int) -> int:
    """The place behind all others."""
    last = Store.objects.filter(merchant=merchant_id).order_by("position").last()
    return last.position + 1 if last else 0
