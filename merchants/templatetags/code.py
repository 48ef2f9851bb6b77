"""What the page that waits for a code knows of the minute between two."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils import timezone

from merchants.pace import wait_for_code

register = template.Library()


@register.simple_tag(takes_context=True)
def code_wait(context: dict[str, Any]) -> dict[str, Any]:
    """`seconds` until another code may be asked for (0: now), and `until` which moment."""
    seconds = wait_for_code(context["request"])
    return {"seconds": seconds, "until": timezone.now() + timedelta(seconds=seconds)}
