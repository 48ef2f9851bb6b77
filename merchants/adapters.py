"""How django-allauth fits into Guitai."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from merchants.errors import RuleBroken, Taken
from merchants.forms.contact import MobileField
from merchants.forms.sign_up import PENDING, TYPED
from merchants.models import User
from merchants.pace import keep_code_pace, note_code
from merchants.services.code import send_text
from merchants.services.consent import agree
from merchants.services.merchant import open_merchant
from merchants.services.user import confirm_phone

TROUBLE = "code_trouble"  # in the session: why the last code by text message did not go out
CONFIRMED = "account/messages/phone_verified.txt"
SENT = {
    "account/messages/email_confirmation_sent.txt",
    "account/messages/login_code_sent.txt",
    "account/messages/phone_verification_sent.txt",
}


class AccountAdapter(DefaultAccountAdapter):
    """Keeps the name typed at sign-up, and opens the shop once the contact is hers."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _l("This is not the code that we sent. Look again."),
        "phone_password_mismatch": _l("Number and password do not belong together."),
        "phone_taken": _l("This number belongs to another account. Sign in with it."),
        "rate_limited": _l("Too many tries in a short time. Wait a little, then try again."),
        "same_as_current": _l("This is your number already."),
        "too_many_login_attempts": _l("Too many tries. Wait a few minutes, then begin again."),
    }

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user = super().save_user(request, user, form, commit=False)
        user.name = form.cleaned_data.get("name", "")
        user.language = getattr(request, "LANGUAGE_CODE", "")
        if commit:
            with transaction.atomic():  # nobody is here who has not agreed
                user.save()
                if form.cleaned_data.get("agree"):
                    agree(user=user, language=user.language)
        return user

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Signed in, so the code that went out has come back."""
        open_pending(request, cast(User, user))
        request.session.pop(TYPED, None)
        return super().post_login(request, user, **kwargs)

    def get_login_stages(self) -> list[str]:
        own = f"{ContactStage.__module__}.{ContactStage.__qualname__}"
        theirs = "allauth.account.stages.EmailVerificationStage"
        return [own if stage == theirs else stage for stage in super().get_login_stages()]

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """The last address may go only if a number is left to sign in with."""
        others = EmailAddress.objects.filter(user_id=email_address.user_id, verified=True)
        if email_address.pk and not others.exclude(pk=email_address.pk).exists():
            return bool(email_address.user.phone_verified)
        return super().can_delete_email(email_address)

    # --- phones -------------------------------------------------------------------------------
    def phone_form_field(self, **kwargs: Any) -> MobileField:
        return MobileField(**kwargs)

    def get_phone(self, user: User) -> tuple[str, bool] | None:  # type: ignore[override]
        return (user.phone, user.phone_verified) if user.phone else None

    def get_user_by_phone(self, phone: str) -> User | None:
        """Whose it is: who only claimed it and never typed the code has no part in it."""
        return User.objects.filter(phone=phone, phone_verified=True).first()

    def set_phone(self, user: User, phone: str, verified: bool) -> None:  # type: ignore[override]
        user.phone, user.phone_verified = phone, verified
        if user.pk:
            user.save(update_fields=["phone", "phone_verified"])

    def set_phone_verified(self, user: User, phone: str) -> None:  # type: ignore[override]
        try:
            confirm_phone(user=user, phone=phone)
        except Taken as refusal:  # on another device, this very moment
            messages.error(self.request, self.error_messages["phone_taken"])
            raise ImmediateHttpResponse(redirect("account_login")) from refusal

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **kwargs: Any) -> None:
        said = _("%(code)s is your Guitai code. It works for 10 minutes. Give it to nobody.")
        self._text(phone, said % {"code": code})

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        said = _("Guitai knows no account with this number. Open a counter:")
        self._text(phone, said, reverse("account_signup"))

    def send_account_already_exists_sms(self, phone: str, **kwargs: Any) -> None:
        said = _("You have an account at Guitai with this number. Sign in with a code:")
        self._text(phone, said, reverse("account_request_login_code"))

    def _text(self, phone: str, said: str, path: str = "") -> None:
        try:
            keep_code_pace(self.request, phone)
            send_text(to=phone, body=said, language=get_language() or "", path=path)
        except RuleBroken as refusal:
            self.request.code_trouble = str(refusal)
        else:
            self.request.code_trouble = ""

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """The page that asks for a code says whether one went to a phone, and the first page of
        the shop that she is in: neither needs a message.
        """
        facts = message_context or {}
        if message_template in SENT:
            if "phone" in facts:
                request.session[TROUBLE] = self._trouble_with(request, facts["phone"])
            if not request.session.get(TROUBLE):
                note_code(request)
            if "phone" in facts:
                return
        if message_template == CONFIRMED and not request.user.is_authenticated:
            return
        super().add_message(request, level, message_template, message_context, *args, **kwargs)

    @staticmethod
    def _trouble_with(request: Any, phone: str) -> str:
        """Why no code went to this number, or nothing.

        allauth sends none again to a number that nobody has: it is counted all the same, for a
        limit that only known numbers reach would tell which are known.
        """
        if not hasattr(request, "code_trouble"):
            try:
                keep_code_pace(request, phone)
                request.code_trouble = ""
            except RuleBroken as refusal:
                request.code_trouble = str(refusal)
        return str(request.code_trouble)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """allauth would count wrong passwords of all numbers together."""
        key: str = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{key}{credentials.get('phone', '')}"


class ContactStage(EmailVerificationStage):
    """An address is confirmed before the first sign-in, unless a confirmed number stands in."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if user and not self.login.email and user.phone_verified:
            return None, True
        answer: tuple[HttpResponse | None, bool] = super().handle()
        return answer


def open_pending(request: HttpRequest, user: User) -> None:
    """Open the shop that this person named when she signed up, if it is not open yet."""
    shop = dict(request.session.get(PENDING) or {})
    if shop.pop("user", None) != user.pk or user.places.exists():
        return
    try:
        open_merchant(owner=user, **shop)
    except RuleBroken:  # she finds what she typed in the form for a first shop
        return
    del request.session[PENDING]
