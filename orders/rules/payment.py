"""The life of a payment, and how the sandbox signs. Pure.

created ──settle──> settled
   └──fail──> failed
Money that arrives for an order that can no longer be filled is settled and marked `refund_due`.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum


class PaymentState(StrEnum):
    CREATED = "created"
    SETTLED = "settled"
    FAILED = "failed"


def signature(secret: str, *fields: object) -> str:
    """HMAC-SHA256 over the fields, one per line, so that no two lists of fields look alike."""
    text = "\n".join(str(field) for field in fields)
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
