"""Signing up in one form: who she is, and the shop that she opens. A code replaces the password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm, VerifyPhoneForm
from allauth.core import context
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from merchants.forms.contact import ContactField, NumberInput, by_kind
from merchants.forms.line import LineField
from merchants.models import User

PENDING = "pending_shop"  # in the session: no shop is made before the code came back
TYPED = "sign_up_typed"  # in the session: what stands in the form if she comes back to it
SHOP = ("shop_name", "store", "city")
INVITED = "/join/"
PHONE, EMAIL = "phone", "email"
DIGITS = 6  # of a code by text message


class AgreeField(forms.BooleanField):
    """The tick under terms and privacy; its label has links."""

    template_name = "account/_agree.html"

    def __init__(self) -> None:
        super().__init__(
            template_name=self.template_name,
            label=_("I have read and accept the terms and the privacy notice"),
            error_messages={"required": _("Tick this to go on.")},
        )


class SignUpForm(SignupForm):
    """allauth's form, with one field for the mobile number or the e-mail address.

    Either is taken in it; `by` says which is asked for. Who follows an invitation joins a shop
    and is asked for none.
    """

    field_order = (*SHOP, "name", "contact", "agree")

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
        self.initial |= context.request.session.get(TYPED, {})
        del self.fields["email"], self.fields["phone"]
        self.fields["contact"] = self._contact()
        self.fields["agree"] = AgreeField()
        if is_invited(context.request):
            for name in SHOP:
                del self.fields[name]

    def _contact(self) -> ContactField:
        contact = ContactField()
        by = self.data.get("by") or self.initial.get("by") or (contact.by_phone and PHONE)
        self.by_phone = contact.by_phone and by == PHONE
        self.other_way = contact.by_phone and (EMAIL if self.by_phone else PHONE)
        if self.by_phone:
            contact.label = _("Mobile number")
            attrs = {"type": "tel", "autocomplete": "tel-national", "inputmode": "tel"}
            contact.widget = NumberInput(contact.widget_attrs(NumberInput()) | attrs)
        elif self.other_way:
            contact.label = _("E-mail")
            contact.widget.attrs |= {"autocomplete": "email", "inputmode": "email"}
        if self.other_way:
            contact.template_name = "account/_contact.html"  # type: ignore[attr-defined]
        return contact

    def clean_contact(self) -> str:
        """Known or not: allauth's try_save() answers both alike."""
        contact: str = self.cleaned_data["contact"]
        self.cleaned_data |= by_kind(contact)
        if "@" in contact:
            self.cleaned_data["email"] = self.clean_email()
        return contact

    def try_save(self, request: HttpRequest) -> Any:
        """What was typed is kept, known or not, for the page that asks for the code shows it."""
        user, answer = super().try_save(request)
        kept = {name: self[name].value() for name in self.fields if name != "agree"}
        by = PHONE if self.by_phone else EMAIL
        request.session[TYPED] = kept | {"by": by, "user": user.pk if user else None}
        return user, answer

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """allauth calls this for a new account; nobody has proved yet that the contact is hers."""
        if "shop_name" in self.cleaned_data:
            data = self.cleaned_data
            shop = {"name": data["shop_name"], "store": data["store"], "city": data["city"]}
            request.session[PENDING] = {"user": user.pk, **shop}


class PhoneCodeForm(VerifyPhoneForm):
    """The code of a text message, however it was typed; a short one is told so."""

    def clean_code(self) -> str:
        code = "".join(str(self.cleaned_data["code"]).split()).replace("-", "")
        if code.isdecimal():
            code = "".join(str(int(digit)) for digit in code)  # full-width ones are digits too
        if len(code) != DIGITS:
            said = _("The code has %(right)s digits; this has %(typed)s.")
            raise forms.ValidationError(said % {"right": DIGITS, "typed": len(code)})
        self.cleaned_data["code"] = code
        return super().clean_code()


def is_invited(request: HttpRequest) -> bool:
    """Whether the way back leads to an invitation."""
    back = request.POST.get("next") or request.GET.get("next") or ""
    return back.startswith(INVITED)
