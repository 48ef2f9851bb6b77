"""How a device is told on the page of where somebody is signed in."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from merchants.rules.browser import names_of

register = template.Library()
IN_WORDS = {  # what has another name in another language; the others are called alike everywhere
    "WeChat": _l("WeChat"),
    "DingTalk": _l("DingTalk"),
    "Samsung": _l("Samsung Internet"),
    "Huawei": _l("Huawei Browser"),
    "Xiaomi": _l("Xiaomi Browser"),
    "QQ": _l("QQ Browser"),
    "UC": _l("UC Browser"),
    "HarmonyOS": _l("HarmonyOS"),
}


@register.filter
def device_name(user_agent: str) -> str:
    """Safari · iPhone, from what a browser says of itself."""
    known = [str(IN_WORDS.get(name, name)) for name in names_of(user_agent) if name]
    return " · ".join(known) or _("Another program")
