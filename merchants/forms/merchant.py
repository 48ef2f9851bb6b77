"""The shop itself and its keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from merchants.forms.line import LineField
from merchants.forms.money import MoneyField, speak
from merchants.models import Merchant
from merchants.rules.region import HOME, countries, region_name


class NewMerchantForm(forms.Form):
    """Merchant and first store in one form."""

    name = LineField(label=_("Name of the shop"), max_length=40, min_length=2)
    store = LineField(
        label=_("Your first store"), max_length=40, help_text=_("For example: Main street store")
    )
    city = LineField(label=_("City"), max_length=40)


class MerchantForm(forms.ModelForm):
    """What customers see of the shop, and what a parcel costs."""

    shipping_fee = MoneyField(label=_("Shipping fee"), allow_zero=True)
    free_shipping_from = MoneyField(label=_("Free shipping from"), allow_zero=True)
    country = forms.ChoiceField(label=_("Country"))
    picture = forms.FileField(
        label=_("Picture of the shop"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/*"}),
    )

    class Meta:
        model = Merchant
        fields = ["name", "tagline", "country"]
        field_classes = {"name": LineField, "tagline": LineField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak(self, self.instance.currency)
        language = get_language() or settings.LANGUAGE_CODE
        home = [(HOME, region_name(HOME, language))]
        country = self.fields["country"]
        assert isinstance(country, forms.ChoiceField)
        country.required = not self.is_bound or "country" in self.data
        country.choices = home + list(countries(language).items())

    def clean_country(self) -> str:
        """The country that was chosen; a form that does not ask for it keeps the shop's."""
        return self.cleaned_data["country"] or self.initial["country"]


class KeyForm(forms.Form):
    name = LineField(label=_("What is the key for"), max_length=50)
