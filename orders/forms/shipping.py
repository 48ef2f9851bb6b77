"""What a parcel costs to some regions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from merchants.forms.money import MoneyField, speak
from merchants.models import Merchant
from merchants.rules.region import PROVINCES, countries, region_name
from orders.models import ShippingRule


class ShippingRuleForm(forms.Form):
    """Regions, and either a price or "not sent there". Regions of another rule are not offered."""

    provinces = forms.MultipleChoiceField(
        label=_("Provinces"), required=False, widget=forms.CheckboxSelectMultiple
    )
    countries = forms.MultipleChoiceField(
        label=_("Other countries"), required=False, widget=forms.SelectMultiple(attrs={"size": 8})
    )
    sent = forms.ChoiceField(
        label=_("Do you send there?"),
        choices=[("yes", _("Yes, for")), ("no", _("Nothing is sent there"))],
        initial="yes",
        widget=forms.RadioSelect,
    )
    fee = MoneyField(
        label=_("Shipping fee"),
        allow_zero=True,
        error_messages={"required": _("Write what a parcel costs; 0 is free.")},
    )
    free_from = MoneyField(
        label=_("Free shipping from"),
        allow_zero=True,
        required=False,
        help_text=_("Empty: never free."),
    )

    def __init__(
        self, *args: Any, merchant: Merchant, rule: ShippingRule | None = None, **kwargs: Any
    ) -> None:
        own = [one.region for one in rule.regions.all()] if rule else []
        if rule is not None:
            kwargs["initial"] = {
                "provinces": own,
                "countries": own,
                "sent": "no" if rule.fee is None else "yes",
                "fee": rule.fee,
                "free_from": rule.free_from,
            }
        super().__init__(*args, **kwargs)
        speak(self, merchant.currency)
        wanted = self.data if self.is_bound else self.initial
        self.fields["fee"].required = wanted.get("sent") != "no"
        language = get_language() or settings.LANGUAGE_CODE
        others = merchant.shipping_rules.exclude(pk=rule.pk if rule else 0)
        taken = set(others.values_list("regions__region", flat=True))
        provinces = [(code, region_name(code, language)) for code in PROVINCES]
        abroad = [
            one
            for one in countries(language).items()
            if one[0] != merchant.country or one[0] in own
        ]
        for name, choices in (("provinces", provinces), ("countries", abroad)):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [(code, said) for code, said in choices if code not in taken]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not data["provinces"] and not data["countries"]:
            self.add_error("provinces", _("Choose at least one region."))
        return data

    def terms(self) -> dict[str, Any]:
        """The cleaned data in the shape that `save_rule` takes."""
        data = self.cleaned_data
        sent = data["sent"] == "yes"
        return {
            "regions": data["provinces"] + data["countries"],
            "fee": data["fee"] if sent else None,
            "free_from": data["free_from"] if sent else None,
        }
