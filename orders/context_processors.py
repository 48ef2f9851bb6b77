"""What every page of the dashboard knows of the orders: how many wait to be packed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from orders.selectors.order import waiting


def to_ship(request: HttpRequest) -> dict[str, Any]:
    """`to_ship` is the number in the menu. One query, when it is printed."""
    staff = getattr(request, "staff", None)
    if staff is None:
        return {}
    return {"to_ship": SimpleLazyObject(lambda: waiting(staff))}
