"""Who gets a parcel, and where she is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from merchants.rules.region import CITY_PROVINCES, is_chinese, region_name
from orders.services.order import Contact

NO_ADDRESS = _("Write the whole address, with street and number.")
NOT_THERE = _("This shop does not send there. Choose another address, or collect it.")
PLACE = ("region", "city", "district", "address", "postcode")
REQUIRED = ("region", "city", "address")


class PlaceForm(forms.Form):
    """A name, a number, and an address as its country writes it."""

    name = forms.CharField(
        label=_("Recipient"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = PhoneNumberField(
        label=_("Mobile number"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
        error_messages={"invalid": _("Write a mobile number such as 138 0013 8000.")},
    )
    region = forms.ChoiceField(
        label=_("Province"),
        error_messages={"required": _("Choose where it goes."), "invalid_choice": NOT_THERE},
        widget=forms.Select(attrs={"autocomplete": "address-level1"}),
    )
    city = forms.CharField(
        label=_("City"),
        max_length=40,
        error_messages={"required": _("Write the city.")},
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    district = forms.CharField(
        label=_("District"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-level3"}),
    )
    address = forms.CharField(
        label=_("Street and number"),
        max_length=200,
        error_messages={"required": NO_ADDRESS},
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    postcode = forms.CharField(
        label=_("Postcode"),
        max_length=12,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )

    def offer(self, regions: Iterable[str]) -> None:
        """The regions to which the shop sends."""
        self.regions = list(regions)
        field = self.fields["region"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = region_choices(self.regions)
        wanted = self.data if self.is_bound else self.initial
        self.fields["city"].required = wanted.get("region") not in CITY_PROVINCES

    @property
    def abroad(self) -> bool:
        """Something may be sent to another country: a postcode is asked for."""
        return any(not is_chinese(code) for code in self.regions)

    def check_place(self, data: dict[str, Any]) -> None:
        """What no field alone can see."""
        if 0 < len(data.get("address") or "") < 5:
            self.add_error("address", NO_ADDRESS)


class AddressForm(PlaceForm):
    """Another address for a parcel that has not left."""

    def __init__(self, *args: Any, regions: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(regions)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.check_place(data)
        return data

    def contact(self) -> Contact:
        """The cleaned data in the shape that `change_address` takes."""
        data = self.cleaned_data
        place = {part: data[part] for part in PLACE}
        return Contact(name=data["name"], phone=str(data["phone"]), **place)


def region_choices(regions: Iterable[str]) -> list[tuple[Any, list[tuple[str, str]]]]:
    """Regions as a select offers them: provinces first, then other countries."""
    language = get_language() or settings.LANGUAGE_CODE
    known = [(code, region_name(code, language)) for code in regions]
    provinces = [(code, name) for code, name in known if is_chinese(code)]
    abroad = [(code, name) for code, name in known if not is_chinese(code)]
    groups: list[tuple[Any, list[tuple[str, str]]]] = []
    if provinces:
        groups.append((_("China"), provinces))
    if abroad:
        groups.append((_("Other countries"), sorted(abroad, key=lambda pair: pair[1])))
    if len(known) != 1:
        groups.insert(0, ("", [("", str(_("Choose")))]))
    return groups
