"""What a shop tells of its account with a provider of news about parcels."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.forms.gateway import ShapedField

_SIGNS = r"[0-9A-Za-z_-]{6,40}"
_TROUBLE = _("Copy all of it: 6 to 40 letters and digits.")


class Kuaidi100Form(forms.Form):
    NUMBER = "customer"
    customer = ShapedField(_SIGNS, _TROUBLE, label=_("Customer number (customer)"))
    key = ShapedField(_SIGNS, _TROUBLE, label=_("Key (key)"))
    salt = ShapedField(
        _SIGNS,
        _TROUBLE,
        label=_("Salt of the callbacks (salt)"),
        help_text=_("Make one up. With it we know that a message is from Kuaidi100."),
    )


class PracticeForm(forms.Form):
    """There is nothing to tell the practice carrier."""

    NUMBER = ""


FORMS: dict[str, type[Kuaidi100Form | PracticeForm]] = {
    "kuaidi100": Kuaidi100Form,
    "practice": PracticeForm,
}
