"""What the admin's first page says of buyers who wait for the platform."""

from __future__ import annotations

from django import template

from orders.selectors.dispute import waiting

register = template.Library()


@register.simple_tag
def disputes_waiting() -> int:
    """How many disputes no admin has decided."""
    return waiting().count()
