"""Who handed an address on: a colleague's signed mark in it, read only at her own shop."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.utils import timezone

from merchants.models import Merchant, Staff

REMEMBERED = 30  # days that what she buys counts for who handed the link on
MARK = "c"  # the query of an address that a colleague handed on
SIGNER = signing.Signer(salt="livestream.share", sep=".")


def mark_of(staff: Staff) -> str:
    """What an address carries as `?c=`."""
    return SIGNER.sign(str(staff.pk))


def sharer(merchant: Merchant, mark: str) -> Staff | None:
    """Whose mark it is; nobody, if we did not write it or she works elsewhere, or no longer."""
    try:
        pk = SIGNER.unsign(mark[:120])
    except signing.BadSignature:
        return None
    return merchant.staff.filter(pk=pk).first()


def remember_sharer(session: Any, merchant: Merchant, mark: str, viewer: Any) -> None:
    """Keep by whom she came last, and when. A mark of another shop is not believed, and a colleague
    (`viewer`, a user) who tries a link is no customer."""
    if mark and (staff := sharer(merchant, mark)) and not _works_here(viewer, merchant):
        came = [staff.user_id, timezone.localdate().toordinal()]
        session["sharers"] = {**session.get("sharers", {}), merchant.slug: came}


def _works_here(viewer: Any, merchant: Merchant) -> bool:
    return viewer.is_authenticated and merchant.staff.filter(user=viewer).exists()


def brought_by(session: Any, merchant: Merchant) -> int | None:
    """The user id of the colleague by whose link she came here in the last REMEMBERED days.

    No query. Her account may be gone by now: whoever keeps it must bear that.
    """
    match session.get("sharers", {}).get(merchant.slug):
        case [int(user), int(day)] if timezone.localdate().toordinal() - day < REMEMBERED:
            return user
    return None
