"""What a clerk writes about an order."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.rules.shipment import CARRIERS, is_tracking_number


class ShipForm(forms.Form):
    carrier = forms.ChoiceField(label=_("Carrier"), choices=CARRIERS.items)
    tracking_number = forms.CharField(
        label=_("Tracking number"), max_length=40, widget=forms.TextInput(attrs={"size": 20})
    )

    def clean_tracking_number(self) -> str:
        number = self.cleaned_data["tracking_number"].strip()
        if not is_tracking_number(number):
            raise forms.ValidationError(
                _("A tracking number has 6 to 32 letters, digits or hyphens.")
            )
        return number


class HandOverForm(forms.Form):
    code = forms.CharField(
        label=_("Pick-up code"),
        max_length=6,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
