"""What a shop tells of its account with a provider. Each field says what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from merchants.forms.line import LineField
from orders.payments.keys import Unreadable, read_private, read_public

TROUBLES = {
    "unreadable": _("This key cannot be read. Copy all of it, from the first line to the last."),
    "short": _("This key is too short: 2048 bits at least."),
}
NEED = {
    "private": _("This is no private key. It begins with “BEGIN PRIVATE KEY”."),
    "public": _("This is no public key. It begins with “BEGIN PUBLIC KEY”."),
}


class ShapedField(LineField):
    """A number of which the shape is known. Spaces, which come along when copying, do not count."""

    def __init__(self, shape: str, trouble: Any, **kwargs: Any) -> None:
        super().__init__(max_length=80, **kwargs)
        self.shape, self.trouble = re.compile(shape, re.ASCII), trouble
        self.widget.attrs["autocomplete"] = "off"

    def clean(self, value: Any) -> str:
        text = "".join(str(super().clean(value)).split())
        if text and not self.shape.fullmatch(text):
            raise ValidationError(self.trouble)
        return text


class KeyTextField(forms.CharField):
    """An RSA key as it was pasted; `kind` is "private" or "public"."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        area = forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"})
        super().__init__(widget=area, max_length=8000, **kwargs)
        self.kind = kind

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        try:
            (read_private if self.kind == "private" else read_public)(text)
        except Unreadable as trouble:
            raise ValidationError(TROUBLES.get(trouble.why, NEED[self.kind])) from trouble
        return text


class GatewayForm(forms.Form):
    """`THEIRS` is the provider's key, `NUMBER` what may be shown of all this.

    `ACCOUNT`: what the provider names in its answers. With another one none of them is ours.
    `KEPT`: secrets that need not be told; left empty, what the very account has stays.
    """

    NUMBER = ""
    THEIRS = ""
    ACCOUNT: tuple[str, ...] = ()
    KEPT: tuple[str, ...] = ()
    private_key: forms.Field = KeyTextField("private")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("private_key") and data.get(self.THEIRS):
            own: rsa.RSAPublicKey = read_private(data["private_key"]).public_key()
            if own.public_numbers() == read_public(data[self.THEIRS]).public_numbers():
                self.add_error(self.THEIRS, _("This is your own public key. Copy theirs."))
        return data

    def is_same(self, told: dict[str, str]) -> bool:
        """Whether what was told before is of the very account that is told now."""
        return all(told.get(name) == self.cleaned_data[name] for name in self.ACCOUNT)

    def secrets(self, told: dict[str, str]) -> dict[str, str]:
        """What is to be sealed, after what was `told` before."""
        kept = {name: told.get(name, "") for name in self.KEPT} if self.is_same(told) else {}
        return self.cleaned_data | {k: self.cleaned_data[k] or old for k, old in kept.items()}


class WeChatPayForm(GatewayForm):
    NUMBER, THEIRS, ACCOUNT = "mchid", "wechat_key", ("mchid", "appid")
    KEPT = ("app_secret",)
    mchid = ShapedField(
        r"[0-9]{8,12}", _("A merchant number has 8 to 12 digits."), label=_("Merchant number")
    )
    appid = ShapedField(
        r"wx[0-9a-zA-Z]{16}", _("An app id is wx and 16 letters or digits."), label=_("App id")
    )
    serial = ShapedField(
        r"[0-9a-fA-F]{32,40}",
        _("A serial number has 32 to 40 digits and letters from A to F."),
        label=_("Serial number of your certificate"),
    )
    private_key = KeyTextField(
        "private",
        label=_("Your private key"),
        help_text=_("All of apiclient_key.pem."),
    )
    v3_key = ShapedField(
        r"[!-~]{32}",
        _("The APIv3 key has exactly 32 letters and digits."),
        label=_("APIv3 key"),
    )
    wechat_serial = ShapedField(
        r"PUB_KEY_ID_[0-9A-Za-z]{8,48}",
        _("It begins with PUB_KEY_ID_."),
        label=_("Id of WeChat Pay's public key"),
    )
    wechat_key = KeyTextField(
        "public",
        label=_("WeChat Pay's public key"),
        help_text=_("All of pub_key.pem, from the merchant platform under API security."),
    )
    app_secret = ShapedField(
        r"[0-9a-fA-F]{32}",
        _("An app secret has 32 digits and letters from a to f."),
        label=_("App secret of the official account"),
        required=False,
        help_text=_(
            "For paying within WeChat itself; without it a code is shown there. Enter this "
            "server's domain there for web authorisation. Left empty, the saved one stays."
        ),
    )
    field_order = [
        "mchid",
        "appid",
        "app_secret",
        "serial",
        "private_key",
        "v3_key",
        "wechat_serial",
        "wechat_key",
    ]

    def clean_serial(self) -> str:
        return str(self.cleaned_data["serial"]).upper()


class AlipayForm(GatewayForm):
    NUMBER, THEIRS, ACCOUNT = "appid", "alipay_key", ("appid", "seller")
    appid = ShapedField(r"[0-9]{16}", _("An app id has 16 digits."), label=_("App id"))
    seller = ShapedField(
        r"2088[0-9]{12}",
        _("It has 16 digits and begins with 2088."),
        label=_("Your account number (PID)"),
    )
    private_key = KeyTextField(
        "private",
        label=_("Your app's private key"),
        help_text=_("As the key tool wrote it, with RSA2."),
    )
    alipay_key = KeyTextField(
        "public",
        label=_("Alipay's public key"),
        help_text=_("Alipay shows it after you have handed in yours. It is not the same one."),
    )
    field_order = ["appid", "seller", "private_key", "alipay_key"]


FORMS: dict[str, type[GatewayForm]] = {"wechatpay": WeChatPayForm, "alipay": AlipayForm}
