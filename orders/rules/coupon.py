"""The life of a voucher. Pure.

claimed ──redeem──> redeemed ──give back──> claimed   (the order was cancelled or expired)
   ├──expire──> expired
   └──revoke──> revoked
"""

from __future__ import annotations

from enum import StrEnum


class VoucherState(StrEnum):
    CLAIMED = "claimed"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"
