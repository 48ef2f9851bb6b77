"""Which days somebody wants to see."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from orders.rules.period import LONGEST, Period


def _day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


NAMES = ("since", "until")


class PeriodForm(forms.Form):
    """Two days. Left out, each is that of `usual`."""

    since = forms.DateField(label=_l("From day"), widget=_day())
    until = forms.DateField(label=_l("To day"), widget=_day())

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
