"""Who works in the shop: invitations, their acceptance, roles."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.forms.line import LineField
from merchants.models import Staff, Store
from merchants.models.staff import ROLE_LABELS
from merchants.rules.role import Role, may_change, may_invite


class InvitationForm(forms.Form):
    """An offer: which role, where, and by mail or by a link to hand over."""

    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        help_text=_("Left empty, you get a link: whoever holds it can join, once."),
    )
    role = forms.TypedChoiceField(label=_("Role"), coerce=int)
    stores = forms.ModelMultipleChoiceField(
        Store.objects.none(),
        label=_("Stores"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: every store."),
    )

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = cast(forms.TypedChoiceField, self.fields["role"])
        role.choices = [
            (value, word)
            for value, word in ROLE_LABELS.items()
            if may_invite(Role(by.role), Role(value))
        ]
        stores = by.merchant.stores.all()
        cast(forms.ModelMultipleChoiceField, self.fields["stores"]).queryset = stores
        if len(stores) < 2:
            del self.fields["stores"]

    def terms(self) -> dict[str, Any]:
        """The cleaned data in the shape that `invite` takes."""
        data = self.cleaned_data
        return {
            "email": data["email"],
            "role": Role(data["role"]),
            "stores": data.get("stores") or (),
        }


class JoinForm(forms.Form):
    host_name = LineField(
        label=_("Name in the live room"),
        min_length=2,
        max_length=15,
        help_text=_("Viewers see it when you host or answer."),
    )


class PlaceForm(forms.Form):
    """A colleague's role, name and stores: as much of it as `by` may change."""

    role = forms.TypedChoiceField(label=_("Role"), choices=ROLE_LABELS.items, coerce=int)
    host_name = LineField(label=_("Name in the live room"), min_length=2, max_length=15)
    stores = forms.ModelMultipleChoiceField(
        Store.objects.none(),
        label=_("Stores"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A clerk sees the stock and the pick-up orders of these. Managers see all."),
    )

    def __init__(self, *args: Any, by: Staff, place: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = {"role": place.role, "host_name": place.host_name, "stores": place.stores.all()}
        self.initial = now
        stores = by.merchant.stores.all()
        cast(forms.ModelMultipleChoiceField, self.fields["stores"]).queryset = stores
        if not by.is_owner:
            del self.fields["role"]
            if by.pk != place.pk:
                del self.fields["host_name"]
        settled = len(stores) < 2 and (place.is_manager or place.stores.exists())
        if settled or not may_change(Role(by.role), Role(place.role)):
            del self.fields["stores"]

    def terms(self) -> dict[str, Any]:
        """The cleaned data in the shape that `change_staff` takes."""
        data = self.cleaned_data
        return {
            "role": Role(data["role"]) if "role" in data else None,
            "host_name": data.get("host_name"),
            "stores": data.get("stores"),
        }
