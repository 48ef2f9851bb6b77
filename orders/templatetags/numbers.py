"""An order's number on a page."""

from __future__ import annotations

from django import template

from orders.rules import number as rules

register = template.Library()


@register.filter
def spoken(number: str) -> str:
    """The part that is read out, in groups."""
    return rules.spoken(number)


@register.filter
def spoken_whole(number: str) -> str:
    """All of it, in groups."""
    return rules.spoken(number, len(number))
