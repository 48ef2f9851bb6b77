"""What the admin's first page says of the work that waits there."""

from __future__ import annotations

from django import template

from merchants.models import Verification
from merchants.rules.verification import VerificationState

register = template.Library()


@register.simple_tag
def verifications_waiting() -> int:
    """How many shops wait for the answer to their brand verification."""
    return Verification.objects.filter(state=VerificationState.SUBMITTED.value).count()
