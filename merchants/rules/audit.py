"""What the audit log names. Pure."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    VERIFICATION_SUBMITTED = "verification.submitted"
    VERIFICATION_APPROVED = "verification.approved"
    VERIFICATION_WITHDRAWN = "verification.withdrawn"
    VERIFICATION_REJECTED = "verification.rejected"
    STAFF_JOINED = "staff.joined"
    STAFF_CHANGED = "staff.changed"
    STAFF_REMOVED = "staff.removed"
    STORE_CLOSED = "store.closed"
    STORE_OPENED = "store.opened"
    GOODS_CHANGED = "goods.changed"
    STOCKTAKE_APPLIED = "stocktake.applied"
    GATEWAY_CONNECTED = "gateway.connected"
    GATEWAY_REMOVED = "gateway.removed"
