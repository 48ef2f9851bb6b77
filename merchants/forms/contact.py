"""One field for an e-mail address or a mobile number: what somebody is known by."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumberType, number_type

from merchants.services.code import texts_codes

MOBILES = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
NO_MOBILE = _("Write a mobile number such as 138 0013 8000.")
HERE = "+86"
NEAR = [HERE, "+852", "+853", "+886"]  # first in the list, for they are asked for most
PREFIXES = NEAR + [
    code for code in map("+{}".format, sorted(COUNTRY_CODE_TO_REGION_CODE)) if code not in NEAR
]


class MobileField(PhoneNumberField):
    """A number that can get a text message. Its value is a string, in E.164."""

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"})
    default_error_messages = {"invalid": NO_MOBILE}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": _("Mobile number"), "widget": type(self).widget} | kwargs)

    def clean(self, value: Any) -> str:
        number = super().clean(value)
        if not number:
            return ""
        if number_type(number) not in MOBILES:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return str(number.as_e164)


class NumberInput(forms.TextInput):
    """A mobile number with the code of its country chosen before it; an e-mail address passes."""

    template_name = "forms/_number.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed = data.get(name)
        prefix = data.get(f"{name}_prefix", HERE)
        if not typed or prefix not in PREFIXES or prefix == HERE or not typed[:1].isdigit():
            return typed
        return typed if "@" in typed or typed.startswith("00") else f"{prefix} {typed}"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        prefix, rest = split_number(str(value or ""))
        context: dict[str, Any] = super().get_context(name, rest, attrs)
        return context | {"prefix": prefix, "prefixes": PREFIXES}


def split_number(typed: str) -> tuple[str, str]:
    """("+852", "9123 4567") of "+852 9123 4567": no code of a country begins another."""
    found = next((code for code in PREFIXES if typed.startswith(code)), "")
    return (found, typed.removeprefix(found).strip()) if found else (HERE, typed)


class ContactField(forms.CharField):
    """An e-mail address in small letters, or a mobile number in E.164.

    `codes`: only where the code can go; without a gateway for text messages that is e-mail.
    """

    default_error_messages = {
        "invalid": _(
            "Write an e-mail address such as name@example.com or a mobile number such as "
            "138 0013 8000."
        ),
    }

    def __init__(self, *, codes: bool = True, **kwargs: Any) -> None:
        self.by_phone = texts_codes() or not codes
        attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        if not self.by_phone:
            attrs |= {"type": "email", "autocomplete": "email"}
        kwargs.setdefault("label", _("E-mail or mobile number") if self.by_phone else _("E-mail"))
        kwargs.setdefault("widget", forms.TextInput(attrs=attrs))
        super().__init__(max_length=254, **kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        if "@" in text or not self.by_phone:
            return str(forms.EmailField().clean(text)).lower()
        try:
            return MobileField().clean(text)
        except ValidationError as trouble:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from trouble


def by_kind(contact: str) -> dict[str, str]:
    """{"email": …} or {"phone": …} of what a ContactField gave."""
    return {"email" if "@" in contact else "phone": contact} if contact else {}


def as_typed(phone: str) -> str:
    """A remembered number as a person writes it here: 138 0013 8000; a foreign one with its +."""
    number = PhoneNumber.from_string(phone)
    if not number.is_valid():
        return ""
    here = number.country_code == PhoneNumber.from_string("13800138000").country_code
    return number.as_national if here else number.as_international
