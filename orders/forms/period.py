"""Which days somebody wants to see."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from orders.rules.period import EARLIEST, LATEST, LONGEST, Period


def _day(label: Any) -> forms.DateField:
    """A day of this century: no other has an order, and the clock overflows at the ends."""
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    words = _l("Write a day of this century.")
    bounds = [MinValueValidator(EARLIEST, words), MaxValueValidator(LATEST, words)]
    return forms.DateField(label=label, widget=widget, validators=bounds)


NAMES = ("since", "until")


class PeriodForm(forms.Form):
    """Two days. Left out, each is that of `usual`."""

    since = _day(_l("From day"))
    until = _day(_l("To day"))

    def __init__(self, data: Any, usual: Period) -> None:
        self.usual = usual
        told = {name: data.get(name) or getattr(usual, name).isoformat() for name in NAMES}
        super().__init__(told)

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        since, until = told.get("since"), told.get("until")
        if since and until:
            if since > until:
                self.add_error("until", _("The last day comes before the first."))
            elif Period(since, until).length > LONGEST:
                self.add_error("since", _("Two years at once are the most."))
        return told

    @property
    def period(self) -> Period:
        """What was asked for; nonsense stands in the field, and the usual is shown."""
        if not self.is_valid():
            return self.usual
        return Period(self.cleaned_data["since"], self.cleaned_data["until"])
