"""What is wanted in exchange, on the card of the request."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def pieces_of(free: Mapping[int, int], variant_id: int) -> int:
    """How many of it are free."""
    return max(free.get(variant_id, 0), 0)
