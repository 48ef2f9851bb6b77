"""System checks: what an operator must know before money is taken."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register


@register
def practice_bank(**kwargs: Any) -> list[CheckMessage]:
    """The practice bank gives goods away: never in production by mistake."""
    if not settings.SANDBOX_PAYMENTS or settings.DEBUG:
        return []
    if settings.SANDBOX_IN_PRODUCTION:
        return [
            checks.Warning(
                "The practice bank is open: orders are paid by a click.", id="guitai.W002"
            )
        ]
    hint = "Unset SANDBOX_PAYMENTS, or set SANDBOX_IN_PRODUCTION for a demonstration."
    return [Error("The practice bank is open in production.", hint=hint, id="guitai.E002")]
