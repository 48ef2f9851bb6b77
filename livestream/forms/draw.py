"""What a person asks of a draw, and what a winner writes to have her prize."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from livestream.models import Draw
from livestream.rules.draw import (
    LONGEST,
    LONGEST_PHRASE,
    LONGEST_PRIZE,
    MOST_WATCHED,
    MOST_WINNERS,
    SHORTEST,
    EntryBy,
)
from livestream.rules.moderation import fold
from livestream.selectors.draw import last_terms
from merchants.forms.money import MoneyField
from merchants.models import Merchant
from merchants.rules.money import plain


class DrawForm(forms.Form):
    """The prize, for how many, how long; and how one takes part. Last values are filled in."""

    prize = forms.CharField(label=_("Prize"), max_length=LONGEST_PRIZE)
    winners = forms.IntegerField(label=_("Winners"), min_value=1, max_value=MOST_WINNERS, initial=3)
    minutes = forms.IntegerField(
        label=_("Minutes"), min_value=SHORTEST, max_value=LONGEST, initial=3
    )
    entry_by = forms.ChoiceField(
        label=_("Who takes part"), choices=list(Draw.WAYS.items()), initial=EntryBy.COMMENT.value
    )
    phrase = forms.CharField(
        label=_("What to write"),
        max_length=LONGEST_PHRASE,
        required=False,
        initial=_("want to try"),
        help_text=_("For taking part by a comment."),
    )
    watch_minutes = forms.IntegerField(
        label=_("Minutes to watch"),
        min_value=1,
        max_value=MOST_WATCHED,
        required=False,
        initial=5,
        help_text=_("For taking part by watching."),
    )
    prize_value = MoneyField(label=_("Worth of one prize"), required=False, allow_zero=True)
    FOLDED = ("entry_by", "phrase", "watch_minutes", "prize_value")  # behind “How to take part”

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = merchant.currency
        cast(MoneyField, self.fields["prize_value"]).speak(self.currency)

    @classmethod
    def filled(cls, merchant: Merchant) -> DrawForm:
        """An empty form with what the shop chose the last time."""
        terms = {name: value for name, value in last_terms(merchant).items() if value}
        return cls(merchant=merchant, initial=terms)

    @property
    def folded_errors(self) -> bool:
        """Whether something behind the fold has to be seen."""
        return any(name in self.errors for name in self.FOLDED) if self.is_bound else False

    def folded(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FOLDED]

    def clean_prize_value(self) -> int:
        value: int = self.cleaned_data["prize_value"] or 0
        if value > settings.DRAW_MOST_VALUE:
            most = plain(settings.DRAW_MOST_VALUE, self.currency)
            raise forms.ValidationError(
                _("A prize is worth at most %(most)s here.") % {"most": most}
            )
        return value

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        way = data.get("entry_by")
        if way == EntryBy.COMMENT and "phrase" in data and not fold(data["phrase"]):
            self.add_error("phrase", _("Give the words that people write, with letters in them."))
        if way == EntryBy.WATCH and "watch_minutes" in data and not data["watch_minutes"]:
            self.add_error("watch_minutes", _("Say how many minutes have to be watched."))
        data["watch_minutes"] = data.get("watch_minutes") or 0
        return data


class PrizeForm(forms.Form):
    """Where a prize is sent."""

    name = forms.CharField(
        label=_("Recipient"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = PhoneNumberField(
        label=_("Mobile number"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
        error_messages={"invalid": _("Write a mobile number such as 138 0013 8000.")},
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )

    def contact(self) -> dict[str, str]:
        """The cleaned data in the shape that `claim_prize` takes."""
        data = self.cleaned_data
        return {"name": data["name"], "phone": str(data["phone"]), "address": data["address"]}
