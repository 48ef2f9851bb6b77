"""Signing up in one form: who she is, and the shop that she opens. A code replaces the password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm
from allauth.core import context
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from merchants.forms.contact import ContactField, by_kind
from merchants.forms.line import LineField
from merchants.models import User

PENDING = "pending_shop"  # in the session: no shop is made before the code came back
SHOP = ("shop_name", "store", "city")
INVITED = "/join/"


class SignUpForm(SignupForm):
    """allauth's form, with one field for the e-mail address or the mobile number.

    Who follows an invitation joins a shop and is asked for none.
    """

    field_order = (*SHOP, "name", "contact")

    shop_name = LineField(
        label=_("Name of the shop"),
        min_length=2,
        max_length=40,
        help_text=_("As on the sign over your door. It can be changed later."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    store = LineField(
        label=_("Your first store"),
        max_length=40,
        help_text=_("For example: Main street store"),
    )
    city = LineField(
        label=_("City"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    name = LineField(
        label=_("Your name"),
        max_length=15,
        help_text=_("Viewers see it in the live room."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["email"], self.fields["phone"]
        self.fields["contact"] = ContactField()
        if is_invited(context.request):
            for name in SHOP:
                del self.fields[name]

    def clean_contact(self) -> str:
        """Known or not: allauth's try_save() answers both alike."""
        contact: str = self.cleaned_data["contact"]
        self.cleaned_data |= by_kind(contact)
        if "@" in contact:
            self.cleaned_data["email"] = self.clean_email()
        return contact

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """allauth calls this for a new account; nobody has proved yet that the contact is hers."""
        if "shop_name" in self.cleaned_data:
            data = self.cleaned_data
            shop = {"name": data["shop_name"], "store": data["store"], "city": data["city"]}
            request.session[PENDING] = {"user": user.pk, **shop}


def is_invited(request: HttpRequest) -> bool:
    """Whether the way back leads to an invitation."""
    back = request.POST.get("next") or request.GET.get("next") or ""
    return back.startswith(INVITED)
