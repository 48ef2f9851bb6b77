"""What a buyer writes, what the shop answers, and why something should not stand there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.forms.product import SeveralFiles
from orders.models.review import REASON_LABELS
from orders.rules.review import MOST_TEXT, STARS, HideReason

WORDS = {5: _("Very good"), 4: _("Good"), 3: _("So-so"), 2: _("Poor"), 1: _("Bad")}
TOO_LONG = _("At most 500 letters; you have written %(show_value)s.")


class WordsField(forms.CharField):
    """Some lines of text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=MOST_TEXT,
            widget=forms.Textarea(attrs={"rows": 4}),
            error_messages={"max_length": TOO_LONG, "required": _("Write something first.")},
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        """A browser sends two letters for the end of a line and counts one."""
        return (super().to_python(value) or "").replace("\r\n", "\n")


class PhotosForm(forms.Form):
    """Only drawn: each file is read by the verb, which tells what is wrong with it."""

    file = forms.FileField(
        label=_("Photos"),
        required=False,
        widget=SeveralFiles(attrs={"accept": "image/*"}),
        help_text=_("Up to 6. JPEG, PNG, WebP or HEIC, at most 20 MB each."),
    )


class ReviewForm(PhotosForm):
    stars = forms.TypedChoiceField(
        label=_("How is it?"),
        coerce=int,
        choices=[(stars, WORDS[stars]) for stars in sorted(STARS)],
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose one to five stars.")
        ),
    )
    text = WordsField(
        label=_("What should others know?"),
        required=False,
        help_text=_("Everybody can read it, with the first letter of your name."),
    )
    field_order = ["stars", "text", "file"]


class FollowUpForm(forms.Form):
    text = WordsField(label=_("How did it turn out in use?"))


class ReplyForm(forms.Form):
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    text = WordsField(label=_("Your reply"))


class ReasonForm(forms.Form):
    """Why it should be hidden, or looked at."""

    reason = forms.TypedChoiceField(
        label=_("Reason"),
        coerce=HideReason,
        choices=list(REASON_LABELS.items()),
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose a reason.")),
    )
