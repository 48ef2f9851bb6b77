"""What a person decides about a chat."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from livestream.models import BlockedWord, Sanction
from livestream.rules.moderation import LONGEST_MUTE, SLOWEST, Measure
from merchants.models import Merchant


class PaceForm(forms.Form):
    """Slow mode and approval."""

    slow_seconds = forms.IntegerField(label=_("Slow mode"), min_value=0, max_value=SLOWEST)
    holds_chat = forms.BooleanField(label=_("Every line waits for approval"), required=False)


class SanctionForm(forms.Form):
    """What is done about a guest."""

    measure = forms.ChoiceField(choices=Sanction.MEASURES)
    minutes = forms.IntegerField(min_value=1, max_value=LONGEST_MUTE, required=False)
    everywhere = forms.BooleanField(required=False)

    def clean_measure(self) -> Measure:
        return Measure(self.cleaned_data["measure"])


class ListsForm(forms.Form):
    """A word or an answer in each line."""

    words = forms.CharField(
        label=_("Blocked words"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "One in each line. A line that says one waits for your approval, however it is spaced "
            "or spelled with other letters."
        ),
    )
    replies = forms.CharField(
        label=_("Quick replies"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("One in each line, at most 30. One tap puts it into the field of the console."),
    )

    def __init__(self, *args: Any, shop: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = BlockedWord.objects.filter(merchant=shop).order_by("pk")
        self.initial["words"] = "\n".join(words.values_list("word", flat=True))
        self.initial["replies"] = "\n".join(shop.quick_replies.values_list("text", flat=True))

    def lines(self, name: str) -> list[str]:
        """The lines of a field."""
        return list(self.cleaned_data[name].splitlines())
