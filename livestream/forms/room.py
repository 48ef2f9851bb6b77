"""What a person writes about a room, its shelf and its offers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from livestream.errors import BadStart, BadTitle
from livestream.models import ShelfItem
from livestream.models.room import VISIBILITIES
from livestream.rules.chat import LONGEST, LONGEST_KEY, LONGEST_NAME, SHORTEST_NAME, clean
from livestream.rules.crew import LONGEST_GRACE
from livestream.rules.room import GRACE_MINUTES, PAUSE_MINUTES, is_title, may_start_at
from livestream.rules.runsheet import LONGEST_ITEM
from livestream.services.drop import LONGEST as LONGEST_DROP
from merchants.forms.money import MoneyField, speak
from merchants.models import Merchant, Product, Staff
from orders.models import Coupon


class RoomForm(forms.Form):
    """Title, time, host, cover."""

    title = forms.CharField(
        label=_("Title"),
        max_length=34,
        help_text=_("3 to 17 Chinese characters, or twice as many Latin letters."),
    )
    starts_at = forms.DateTimeField(
        label=_("Starts"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    host = forms.ModelChoiceField(Staff.objects.none(), label=_("Host"), empty_label=None)
    backup = forms.ModelChoiceField(
        Staff.objects.none(),
        label=_("Backup host"),
        required=False,
        empty_label=_("Nobody"),
        help_text=_("May take the camera over during the show."),
    )
    assistants = forms.ModelMultipleChoiceField(
        Staff.objects.none(),
        label=_("Assistants"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Help with shelf, chat and offers on devices of their own."),
    )
    visibility = forms.ChoiceField(
        label=_("Who finds it"),
        choices=VISIBILITIES,
        widget=forms.RadioSelect,
        initial="listed",
        required=False,
    )
    grace_minutes = forms.IntegerField(
        label=_("If the picture is lost, end by itself after (minutes)"),
        min_value=0,
        max_value=LONGEST_GRACE,
        initial=GRACE_MINUTES,
        required=False,
        help_text=_("Until then the room goes on selling. 0: only you end it."),
    )
    pause_minutes = forms.IntegerField(
        label=_("If a pause is forgotten, end by itself after (minutes)"),
        min_value=0,
        max_value=LONGEST_GRACE,
        initial=PAUSE_MINUTES,
        required=False,
        help_text=_("The console counts down; “Go on” keeps it. 0: only you end it."),
    )
    cover = forms.FileField(
        label=_("Cover"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/*"}),
        help_text=_("Upright, at best 1080 × 1920. Any phone photo works."),
    )

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("host", "backup", "assistants"):
            field = cast(forms.ModelChoiceField, self.fields[name])
            field.queryset = merchant.staff.select_related("user")

    def clean_title(self) -> str:
        title = self.cleaned_data["title"].strip()
        if not is_title(title):
            raise forms.ValidationError(BadTitle.sentence)
        return title

    def clean_starts_at(self) -> datetime:
        starts_at: datetime = self.cleaned_data["starts_at"]
        if "starts_at" in self.changed_data and not may_start_at(starts_at, timezone.now()):
            raise forms.ValidationError(BadStart.sentence)
        return starts_at

    def clean_visibility(self) -> str:
        return self.cleaned_data["visibility"] or "listed"

    def clean_grace_minutes(self) -> int:
        minutes = self.cleaned_data["grace_minutes"]
        return GRACE_MINUTES if minutes is None else minutes

    def clean_pause_minutes(self) -> int:
        minutes = self.cleaned_data["pause_minutes"]
        return PAUSE_MINUTES if minutes is None else minutes

    def words(self) -> dict[str, Any]:
        """The cleaned data in the shape that `make_room` takes."""
        data = dict(self.cleaned_data)
        cover = data.pop("cover")
        return {**data, "cover": (cover, cover.size) if cover else None}


class PickForm(forms.Form):
    """Products to put on the shelf. Only this merchant's that are on sale fit."""

    products = forms.ModelMultipleChoiceField(
        Product.objects.none(), to_field_name="public_id", label=_("Products")
    )

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ModelMultipleChoiceField, self.fields["products"])
        field.queryset = Product.objects.on_sale().filter(merchant=merchant)


class ItemForm(forms.Form):
    live_price = MoneyField(label=_("Live price"), required=False)
    notes = forms.CharField(
        label=_("Talking points"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    objection = forms.CharField(
        label=_("What they object, and your answer"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The first line is the objection, below it what you say."),
    )
    minutes = forms.IntegerField(
        label=_("Planned minutes"), min_value=1, max_value=LONGEST_ITEM, required=False
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak(self, currency)

    @staticmethod
    def of(item: ShelfItem) -> dict[str, Any]:
        """What the form shows of an item."""
        return {
            "live_price": item.live_price,
            "notes": item.notes,
            "objection": item.objection,
            "minutes": item.minutes,
        }


class DropForm(forms.Form):
    """Which coupon, for how long."""

    coupon = forms.ModelChoiceField(
        Coupon.objects.none(), to_field_name="public_id", label=_("Which coupon"), empty_label=None
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=LONGEST_DROP, initial=5)
    fair = forms.BooleanField(
        label=_("Fair to slow lines; by lot if too many want it"), required=False
    )

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ModelChoiceField, self.fields["coupon"])
        field.queryset = Coupon.objects.running(timezone.now()).filter(merchant=merchant)


class NoticeForm(forms.Form):
    text = forms.CharField(label=_("Your notice"), max_length=80, required=False)


class ReminderForm(forms.Form):
    """Where we reach her: one of the two is enough."""

    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = PhoneNumberField(
        label=_("Mobile number"),
        required=False,
        error_messages={"invalid": _("Write a mobile number such as 138 0013 8000.")},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not data.get("email") and not data.get("phone"):
            raise forms.ValidationError(
                _("Leave an e-mail address or a mobile number, so that we can reach you.")
            )
        return data


BAD_NICKNAME = _("A nickname has 2 to 12 letters.")


class NicknameForm(forms.Form):
    """A nickname is enough to talk."""

    nickname = forms.CharField(
        label=_("Your nickname"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
        error_messages={"required": _("A nickname is enough to talk"), "max_length": BAD_NICKNAME},
    )

    def clean_nickname(self) -> str:
        nickname = clean(self.cleaned_data["nickname"])
        if len(nickname) < SHORTEST_NAME:
            raise forms.ValidationError(BAD_NICKNAME)
        return nickname


class SayForm(NicknameForm):
    """One line, by whoever has no scripts. `key` names this attempt: sent twice it is said once."""

    text = forms.CharField(
        label=_("Your message"),
        max_length=LONGEST,
        error_messages={
            "required": _("Write something first."),
            "max_length": _("At most 300 letters. Nothing was lost: make it shorter."),
        },
    )
    key = forms.CharField(max_length=LONGEST_KEY, widget=forms.HiddenInput)
