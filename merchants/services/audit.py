"""The one verb of the audit log."""

from __future__ import annotations

from django.utils import timezone

from merchants.models import AuditEntry, Merchant, User
from merchants.rules.audit import Action


def record(
    *, merchant: Merchant, action: Action, by: User | None, about: str, **details: object
) -> AuditEntry:
    """Write down who did what, in the caller's transaction. `details` are what JSON can hold."""
    return AuditEntry.objects.create(
        merchant=merchant,
        action=action.value,
        by=by,
        about=about[:100],
        details=details,
        at=timezone.now(),
    )
