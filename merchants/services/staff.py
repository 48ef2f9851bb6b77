"""The verbs of staff: who has a place in a shop, in which role.

One at a time for each shop: the merchant's row is locked first, so that two owners who remove each
other at the same moment leave one of them, and nobody invites with a role that she is just losing.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from merchants.errors import LastOwner, NoLongerThere
from merchants.models import Invitation, Merchant, Staff, User
from merchants.rules.role import Role
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
def change_role(*, staff: Staff, role: Role) -> Staff:
    """Give a place another role. Open invitations to more than that end. Raises LastOwner."""
    lock_staff(staff.merchant_id)
    found = Staff.objects.filter(pk=staff.pk).first()
    if found is None:  # another owner was faster
        raise NoLongerThere
    staff = found
    if role < Role.OWNER:
        _keep_an_owner(staff)
    staff.role = role.value
    staff.save(update_fields=["role"])
    _end_invitations(staff, above=role if role >= Role.MANAGER else None)
    return staff


@transaction.atomic
def remove_staff(*, staff: Staff) -> None:
    """Take a place away, with the invitations that came from it; its sockets are told to close.

    Raises LastOwner.
    """
    merchant, user = staff.merchant, staff.user
    lock_staff(merchant.pk)
    staff = Staff.objects.filter(pk=staff.pk).first()  # type: ignore[assignment]
    if staff is None:
        return
    _keep_an_owner(staff)
    _end_invitations(staff, above=None)
    staff.delete()
    staff_removed.state(merchant=merchant, user=user)


def lock_staff(merchant_id: int) -> None:
    """Let nobody else change who works in this shop until the transaction ends."""
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant_id)


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
