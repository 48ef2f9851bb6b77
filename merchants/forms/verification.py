"""What a merchant types about her company and her brand, and what an admin answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from merchants.forms.line import LineField
from merchants.models import Verification
from merchants.models.verification import CLAIM_LABELS
from merchants.rules.verification import (
    WORDS,
    Claim,
    NumberTrouble,
    lacking,
    licence_trouble,
    plain_number,
    trademark_trouble,
)
from merchants.services.verification import Words


class VerificationForm(forms.Form):
    """A draft takes whatever fits; to hand it in (`whole`) nothing may be missing or wrong."""

    company = LineField(
        label=_l("Company on the licence"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    licence_number = LineField(
        label=_l("Licence number"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"class": "num", "autocomplete": "off"}),
        help_text=_l(
            "The unified social credit code: 18 letters and digits. "
            "Older licences have 15 digits; numbers of other countries work too."
        ),
    )
    brand = LineField(label=_l("Brand"), max_length=40, required=False)
    trademark_number = LineField(
        label=_l("Trademark number"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"class": "num", "inputmode": "numeric"}),
        help_text=_l("7 or 8 digits. With an authorisation it may stay empty."),
    )
    claim = forms.ChoiceField(
        label=_l("The brand and you"), choices=CLAIM_LABELS.items, widget=forms.RadioSelect
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, whole: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.whole = whole
        self._ask(not self.is_bound)

    @classmethod
    def of(cls, found: Verification) -> dict[str, Any]:
        """Initial values."""
        return {name: getattr(found, name) for name in (*WORDS, "claim", "version")}

    def clean_licence_number(self) -> str:
        number = plain_number(self.cleaned_data["licence_number"])
        trouble = licence_trouble(number) if self.whole and number else None
        if trouble is NumberTrouble.CHECK:
            raise ValidationError(
                _("The last sign does not fit the other 17. Compare it with the licence.")
            )
        if trouble is NumberTrouble.SIGNS:
            raise ValidationError(
                _("Only digits, letters and hyphens; a credit code has no I, O, S, V or Z.")
            )
        if trouble is NumberTrouble.LENGTH:
            raise ValidationError(
                _("A unified social credit code has 18 characters; this has %(count)s.")
                % {"count": len(number)}
            )
        return number

    def clean_trademark_number(self) -> str:
        number = plain_number(self.cleaned_data["trademark_number"])
        if self.whole and number and (trouble := trademark_trouble(number)):
            raise ValidationError(
                _("Number has 7–8 digits; this has %(count)s.") % {"count": len(number)}
                if trouble is NumberTrouble.LENGTH
                else _("The number has digits only: 7 or 8 of them.")
            )
        return number

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.whole and "claim" in data:
            for name in lacking(Claim(data["claim"]), data, ()):
                if name in self.fields and name not in self.errors:
                    self.add_error(name, _("Fill this in."))
        self._ask(True)
        return data

    def _ask(self, needed: bool) -> None:
        """Whether the words are drawn as needed. What is missing is said by `lacking` alone."""
        for name in WORDS:
            self.fields[name].required = needed

    def words(self) -> Words:
        """The cleaned data in the shape that `save_draft` takes."""
        typed = {name: self.cleaned_data[name] for name in WORDS}
        return Words(**typed, claim=Claim(self.cleaned_data["claim"]))


class DecisionForm(forms.Form):
    """An admin's answer to the version she has looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    decision = forms.ChoiceField(choices=[("approve", "approve"), ("reject", "reject")])
    reason = forms.CharField(max_length=300, required=False)
