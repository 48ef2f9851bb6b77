"""How a device is told on the page of where somebody is signed in."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from merchants.rules.browser import names_of

register = template.Library()


@register.filter
def device_name(user_agent: str) -> str:
    """Safari · iPhone, from what a browser says of itself."""
    browser, system = names_of(user_agent)
    known = [_("WeChat") if browser == "WeChat" else browser, system]
    return " · ".join(filter(None, known)) or _("Another program")
