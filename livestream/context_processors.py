"""What every page of the dashboard knows of the show: which room is on air."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


def on_air(request: HttpRequest) -> dict[str, Any]:
    """`on_air` is the shop's room on air, or falsy. One query, when it is printed."""
    merchant = getattr(request, "merchant", None)
    if merchant is None:
        return {}
    return {"on_air": SimpleLazyObject(lambda: merchant.rooms.on_air().order_by("-pk").first())}
