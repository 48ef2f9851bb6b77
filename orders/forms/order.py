"""What a clerk writes about an order."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from merchants.rules.search import key_of
from orders.models import Order
from orders.models.shipment import CARRIER_LABELS
from orders.rules.shipment import is_tracking_number


class ShipForm(forms.Form):
    """A parcel: what is in it, and under which number it travels."""

    lines = forms.TypedMultipleChoiceField(coerce=int, required=False)
    carrier = forms.ChoiceField(label=_("Carrier"), choices=CARRIER_LABELS.items)
    tracking_number = forms.CharField(
        label=_("Tracking number"), max_length=40, widget=forms.TextInput(attrs={"size": 20})
    )

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order
        choice = cast(forms.TypedMultipleChoiceField, self.fields["lines"])
        # What has left meanwhile may be named too: the verb says so.
        choice.choices = [(line.pk, line.title) for line in order.lines.all()]

    @property
    def ticked(self) -> set[int]:
        """The lines that go along: all of them until somebody says otherwise."""
        if not self.is_bound:
            return {line.pk for line in self.order.to_pack}
        return {key_of(one) for one in cast(QueryDict, self.data).getlist("lines")}

    def clean_lines(self) -> list[int] | None:
        """None: all that is here, for there is no choice."""
        lines: list[int] = self.cleaned_data["lines"]
        if not lines and len(self.order.to_pack) > 1:
            raise forms.ValidationError(_("Tick what is in the parcel."))
        return lines or None

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
