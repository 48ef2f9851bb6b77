"""The verbs of invitations: invite, accept, revoke. Nobody works in a shop without saying yes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from merchants.errors import (
    AlreadyStaff,
    InvitationClosed,
    RoleTooHigh,
    TooManyInvitations,
    WrongAddress,
)
from merchants.models import Invitation, Staff, Store, User
from merchants.rules.notification import Channel
from merchants.rules.role import Role, may_invite
from merchants.services.notification import notify
from merchants.services.staff import lock_staff, note_joined

GOOD_FOR = timedelta(days=7)
MOST_A_DAY = 50  # of one shop: our mail must not become somebody's advertising


@transaction.atomic
def invite(*, by: Staff, role: Role, email: str = "", stores: Iterable[Store] = ()) -> Invitation:
    """An open invitation, and a mail with its link if it has an address.

    It offers `stores`, or every store that there is now. Whether the address has an account is
    not looked at. An earlier open one to it ends.
    Raises RoleTooHigh, AlreadyStaff or TooManyInvitations.
    """
    now = timezone.now()
    lock_staff(by.merchant_id)
    inviter = Staff.objects.select_related("merchant").filter(pk=by.pk).first()
    if inviter is None or not may_invite(Role(inviter.role), role):
        raise RoleTooHigh
    email = email.strip().lower()
    if email and inviter.merchant.staff.filter(user__email=email).exists():
        raise AlreadyStaff
    invitations = inviter.merchant.invitations
    if invitations.filter(created_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        raise TooManyInvitations
    if email:
        invitations.open(now).filter(email=email).update(revoked_at=now)
    invitation = invitations.create(
        email=email,
        role=role.value,
        invited_by_id=inviter.user_id,
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
    invitation.stores.set(
        list(stores) or inviter.merchant.stores.all()
    )  # none named: all there are
    if email:
        _write(invitation, inviter)
    return invitation


def _write(invitation: Invitation, inviter: Staff) -> None:
    shop = inviter.merchant
    facts = {
        "who": inviter.host_name,
        "shop": shop.name,
        "role": invitation.get_role_display(),
    }
    notify(
        merchant=shop,
        channel=Channel.EMAIL,
        kind="invitation",
        key=f"invitation:{invitation.pk}",
        to=invitation.email,
        language=get_language() or "zh-hans",
        subject=_("%(who)s invites you to work at %(shop)s") % facts,
        body=_(
            "%(who)s would like you to join %(shop)s as: %(role)s.\n"
            "Open the link to accept. It is good for 7 days and works only with this address.\n"
            "If you do not know the shop, do nothing."
        )
        % facts,
        path=invitation.path,
    )


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User, host_name: str) -> Staff:
    """`user` works in the shop from now on, in the role and the stores offered. Once only.

    Raises WrongAddress, InvitationClosed or AlreadyStaff; the invitation stays as it was.
    """
    if not is_for(invitation, user):
        raise WrongAddress
    now = timezone.now()
    taken = (
        Invitation.objects.open(now)
        .filter(pk=invitation.pk)
        .update(accepted_at=now, accepted_by=user)
    )
    if not taken:
        raise InvitationClosed
    try:
        with transaction.atomic():
            place = Staff.objects.create(
                merchant_id=invitation.merchant_id,
                user=user,
                role=invitation.role,
                host_name=host_name[:15],
            )
    except IntegrityError as trouble:
        raise AlreadyStaff from trouble
    place.stores.set(invitation.stores.all())  # those that are left: none if all have gone
    note_joined(place)
    return place


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether this account may accept: the holder of the link, or of the verified address."""
    if not invitation.email:
        return True
    addresses = EmailAddress.objects.filter(user=user, verified=True)
    return addresses.filter(email__iexact=invitation.email).exists()


@transaction.atomic
def revoke_invitation(*, invitation: Invitation) -> None:
    """The link opens nothing any more. Raises InvitationClosed if somebody was faster."""
    ended = Invitation.objects.filter(
        pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True
    ).update(revoked_at=timezone.now())
    if not ended:
        raise InvitationClosed
