"""What a clerk writes to issue a coupon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.forms.line import LineField
from merchants.forms.money import MoneyField, speak


class CouponForm(forms.Form):
    name = LineField(label=_("Name"), max_length=30, min_length=2)
    amount = MoneyField(label=_("Amount off"))
    threshold = MoneyField(
        label=_("From"), required=False, allow_zero=True, help_text=_("Empty: from any amount.")
    )
    issued = forms.IntegerField(label=_("Copies"), min_value=1, max_value=1_000_000)
    per_customer = forms.IntegerField(
        label=_("Copies per customer"), min_value=1, max_value=100, initial=1
    )
    days = forms.IntegerField(label=_("Good for days"), min_value=1, max_value=366, initial=7)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak(self, currency)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        amount, threshold = data.get("amount"), data.get("threshold") or 0
        if amount is not None and 0 < threshold < amount:
            self.add_error("amount", _("The coupon would take off more than the goods cost."))
        return data

    def terms(self) -> dict[str, Any]:
        """The cleaned data in the shape that `issue_coupon` takes."""
        data = dict(self.cleaned_data)
        now = timezone.now()
        days = data.pop("days")
        data["threshold"] = data["threshold"] or 0
        return {**data, "starts_at": now, "ends_at": now + timedelta(days=days)}
