"""The verbs of people who sign in."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from merchants.errors import Taken
from merchants.models import User

NOBODY = {"email": None, "last_login": None}  # nothing else is known of such an account


@transaction.atomic
def confirm_phone(*, user: User, phone: str) -> None:
    """A code sent to `phone` came back: it is hers, and nobody else's claim to it stands.

    Claims that were never confirmed go, with the accounts that have nothing else and were never
    signed in to. Raises Taken if another account confirmed it first.
    """
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(phone=phone, phone_verified=True)
    except IntegrityError as trouble:
        raise Taken from trouble
    user.phone, user.phone_verified = phone, True
    claims = User.objects.filter(phone=phone, phone_verified=False)
    claims.filter(**NOBODY).delete()
    claims.update(phone=None)


@transaction.atomic
def forget_sign_up(*, user_id: int) -> None:
    """An account that was made by mistake is not there any more, unless anybody proved to be it.

    She typed a wrong number or address, no code came back, and she begins again.
    """
    unproved = User.objects.filter(pk=user_id, last_login=None, phone_verified=False, places=None)
    unproved.exclude(emailaddress__verified=True).delete()


@transaction.atomic
def forget_claims(now: datetime) -> None:
    """Numbers that were typed at sign-up and not confirmed for a day are not kept."""
    claims = User.objects.filter(phone__isnull=False, phone_verified=False)
    claims.filter(**NOBODY, date_joined__lt=now - timedelta(days=1)).delete()
