"""What a tracking number looks like. Pure."""

from __future__ import annotations

import re

CARRIERS = {"sf": "顺丰速运", "yto": "圆通速递", "zto": "中通快递", "jd": "京东物流", "ems": "EMS"}
TRACKING = re.compile(r"[A-Za-z0-9-]{6,32}")


def is_tracking_number(text: str) -> bool:
    """6–32 letters, digits, hyphens."""
    return TRACKING.fullmatch(text) is not None
