"""A physical shop: where it is, how it is reached, who serves it."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.forms.line import LineField
from merchants.models import Merchant, Staff, Store
from merchants.rules.phone import parse_phone
from merchants.rules.place import parse_place
from merchants.rules.role import Role

LINES = ("name", "city", "address", "phone", "hours_note")


class StaffField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return cast(Staff, obj).host_name


class StoreForm(forms.ModelForm):
    """What staff say about a store. The week has a form of its own (forms/hours.py)."""

    place = LineField(
        label=_("On the map"),
        required=False,
        max_length=60,
        help_text=_("Latitude and longitude, as a map app copies them: 30.2741, 120.1551"),
    )
    clerks = StaffField(
        Staff.objects.none(),
        label=_("Clerks who serve it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("They see its stock and its pick-up orders. Managers see every store."),
    )

    class Meta:
        model = Store
        fields = [*LINES, "pickup"]
        field_classes = dict.fromkeys(LINES, LineField)

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchant = merchant
        self.fields["place"].initial = self.instance.place
        self.fields["phone"].widget.attrs |= {"type": "tel", "inputmode": "tel"}
        self.fields["hours_note"].label = _("A word about the hours")
        self.fields["hours_note"].help_text = _("For example: closed in the first week of February")
        clerks = cast(StaffField, self.fields["clerks"])
        clerks.queryset = merchant.staff.filter(role=Role.CLERK.value).select_related("user")
        if self.instance.pk:
            clerks.initial = clerks.queryset.filter(stores=self.instance)
        if not clerks.queryset:
            del self.fields["clerks"]

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        others = Store.whole.filter(merchant=self.merchant).exclude(pk=self.instance.pk)
        if known := others.filter(name=name).first():
            raise forms.ValidationError(
                _("You already have a store with this name.")
                if known.closed_at is None
                else _("A closed store of yours has this name. Open it again, or choose another.")
            )
        return name

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"]
        phone = parse_phone(typed) if typed else ""
        if phone is None:
            raise forms.ValidationError(_("Write a number such as 0571 8780 1219."))
        return phone

    def clean_place(self) -> Any:
        typed = self.cleaned_data["place"]
        place = parse_place(typed) if typed else (None, None)
        if place is None:
            raise forms.ValidationError(
                _("Two numbers are needed, north before east, such as 30.2741, 120.1551.")
            )
        return place

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.instance.latitude, self.instance.longitude = data.get("place") or (None, None)
        return data
