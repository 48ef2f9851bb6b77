"""The verbs of staff: who has a place in a shop, in which role, for which stores.

One at a time for each shop: the merchant's row is locked first, so that two owners who remove each
other at the same moment leave one of them, and nobody invites with a role that she is just losing.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from merchants.errors import LastOwner, NoLongerThere, NoStore, RoleTooHigh
from merchants.models import Invitation, Merchant, Staff, Store, User
from merchants.rules.audit import Action
from merchants.rules.role import Role, may_change
from merchants.services.audit import record
from merchants.signals import staff_removed


@transaction.atomic
def add_staff(*, merchant: Merchant, user: User, role: Role, host_name: str) -> Staff:
    """Give `user` a place, or change hers. She serves every store until told otherwise.

    For those who may without asking: the demo and the tests. People are invited.
    """
    place, _ = Staff.objects.update_or_create(
        merchant=merchant, user=user, defaults={"role": role.value, "host_name": host_name[:15]}
    )
    place.stores.set(merchant.stores.all())
    return place


@transaction.atomic
def change_staff(
    *,
    staff: Staff,
    by: Staff,
    role: Role | None = None,
    host_name: str | None = None,
    stores: Iterable[Store] | None = None,
) -> Staff:
    """Another role, name in the live room or stores for a place; None leaves what it is.

    Owners change everybody, managers the stores of clerks; her own name is everybody's. Open
    invitations to more than the new role end. What changed is in the audit log.
    Raises NoLongerThere, RoleTooHigh, LastOwner or NoStore (a clerk serves at least one).
    """
    found = _allowed(staff, by, role, host_name, stores)
    before = _terms(found)
    if role is not None:
        _give_role(found, role)
    if host_name is not None:
        found.host_name = host_name[:15]
    found.save(update_fields=["role", "host_name"])
    if stores is not None:
        _give_stores(found, stores)
    after = _terms(found)
    changed = {name: [before[name], after[name]] for name in after if after[name] != before[name]}
    if changed:
        _note(Action.STAFF_CHANGED, found, by.user, **changed)
    return found


def _allowed(
    staff: Staff,
    by: Staff,
    role: Role | None,
    host_name: str | None,
    stores: Iterable[Store] | None,
) -> Staff:
    """The place as it is now, nobody else at it, if `by` is still one who may change it so."""
    lock_staff(staff.merchant_id)
    fresh = {one.pk: one for one in Staff.objects.filter(pk__in={staff.pk, by.pk})}
    if staff.pk not in fresh:  # another owner was faster
        raise NoLongerThere
    if by.pk not in fresh or not _may(fresh[by.pk], fresh[staff.pk], role, host_name, stores):
        raise RoleTooHigh
    return fresh[staff.pk]


def _may(
    by: Staff,
    whose: Staff,
    role: Role | None,
    host_name: str | None,
    stores: Iterable[Store] | None,
) -> bool:
    own = by.pk == whose.pk
    asks_role = role is not None and role != whose.role
    asks_name = host_name is not None and host_name != whose.host_name
    owner = by.role >= Role.OWNER
    return (
        (not asks_role or owner)
        and (not asks_name or owner or own)
        and (stores is None or may_change(Role(by.role), Role(whose.role)))
    )


def _give_role(staff: Staff, role: Role) -> None:
    if role < Role.OWNER:
        _keep_an_owner(staff)
    if role != staff.role:
        staff.role = role.value
        if not staff.is_manager and not staff.stores.exists():  # a manager needed none
            staff.stores.set(staff.merchant.stores.all())
        _end_invitations(staff, above=role if role >= Role.MANAGER else None)


def _give_stores(staff: Staff, stores: Iterable[Store]) -> None:
    staff.stores.set(staff.merchant.stores.filter(pk__in=[store.pk for store in stores]))
    if not staff.is_manager and not staff.stores.exists():
        raise NoStore


@transaction.atomic
def remove_staff(*, staff: Staff, by: User | None = None) -> None:
    """Take a place away, with the invitations that came from it; its sockets are told to close.

    `by` is who did it, herself if she left. Raises LastOwner.
    """
    merchant, user = staff.merchant, staff.user
    lock_staff(merchant.pk)
    staff = Staff.objects.filter(pk=staff.pk).first()  # type: ignore[assignment]
    if staff is None:
        return
    _keep_an_owner(staff)
    _end_invitations(staff, above=None)
    _note(Action.STAFF_REMOVED, staff, by, **_terms(staff))
    staff.delete()
    staff_removed.state(merchant=merchant, user=user)


def lock_staff(merchant_id: int) -> None:
    """Let nobody else change who works in this shop until the transaction ends."""
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant_id)


def note_joined(staff: Staff) -> None:
    """Write down that somebody has a place from now on, in the caller's transaction."""
    _note(Action.STAFF_JOINED, staff, staff.user, **_terms(staff))


def _note(action: Action, staff: Staff, by: User | None, **details: object) -> None:
    about = f"{staff.host_name} ({staff.user.contact})"
    record(merchant=staff.merchant, action=action, by=by, about=about, **details)


def _terms(staff: Staff) -> dict[str, object]:
    """Role, name and stores as the audit log keeps them."""
    return {
        "role": Role(staff.role).name.lower(),
        "host_name": staff.host_name,
        "stores": list(staff.stores.values_list("name", flat=True)),
    }


def _keep_an_owner(staff: Staff) -> None:
    owners = Staff.objects.filter(merchant=staff.merchant_id, role=Role.OWNER.value)
    if staff.role == Role.OWNER and not owners.exclude(pk=staff.pk).exists():
        raise LastOwner


def _end_invitations(staff: Staff, *, above: Role | None) -> None:
    """An invitation is worth no more than the place it came from."""
    open_ones = Invitation.objects.filter(
        merchant=staff.merchant_id,
        invited_by=staff.user_id,
        accepted_at__isnull=True,
        revoked_at__isnull=True,
    )
    if above is not None:
        open_ones = open_ones.filter(role__gt=above)
    open_ones.update(revoked_at=timezone.now())
