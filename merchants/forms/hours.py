"""The opening hours of a store: a row per weekday, or one row for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from merchants.rules.hours import DAYS, Week, is_day, parse_time

WEEKDAYS = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)
NO_TIME = _("Write a time such as 9:00 or 21:30.")
HALF = _("Write when it opens and when it closes, or tick “closed”.")
SAME = _("It opens and closes at the same time. Around the clock is 00:00 to 00:00.")
A_DAY = ("opens", "closes")


@dataclass(frozen=True)
class Row:
    """One weekday of the form."""

    name: object
    opens: BoundField
    closes: BoundField
    closed: BoundField

    @property
    def errors(self) -> list[str]:
        return [str(error) for field in (self.opens, self.closes) for error in field.errors]


class WeekForm(forms.Form):
    """Fields `opens_0` … `closed_6` from Monday on; with `same` the first row stands for all."""

    same = forms.BooleanField(label=_("The same on every day"), required=False)

    def __init__(self, *args: Any, week: Week = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["same"].initial = not week or all(day == week[0] for day in week)
        for day, name in enumerate(WEEKDAYS):
            hours = week[day] if week else ("", "")
            for part, word in (("opens", _("opens")), ("closes", _("closes"))):
                self.fields[f"{part}_{day}"] = forms.CharField(
                    required=False,
                    max_length=8,
                    initial=hours[A_DAY.index(part)] if hours else "",
                    widget=forms.TextInput(
                        attrs={"type": "time", "aria-label": f"{name}, {word}", "class": "num"}
                    ),
                )
            self.fields[f"closed_{day}"] = forms.BooleanField(
                label=_("closed"),
                required=False,
                initial=bool(week) and week[day] is None,
                widget=forms.CheckboxInput(attrs={"aria-label": f"{name}, {_('closed')}"}),
            )

    def rows(self) -> Iterator[Row]:
        for day, name in enumerate(WEEKDAYS):
            yield Row(name, *(self[f"{part}_{day}"] for part in (*A_DAY, "closed")))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        asked = range(1) if data.get("same") else range(DAYS)
        days = [self._day(day) for day in asked]
        silent = [day == "" for day in days]
        if not all(silent):
            for day in (day for day, nothing in zip(asked, silent, strict=True) if nothing):
                self.add_error(f"opens_{day}", HALF)
        data["week"] = [] if all(silent) else days * (DAYS if data.get("same") else 1)
        return data

    def _day(self, day: int) -> list[str] | str | None:
        """Hours, None for closed, or "" if nothing was written."""
        data = self.cleaned_data
        if data.get(f"closed_{day}"):
            return None
        typed = [data.get(f"{part}_{day}", "") for part in A_DAY]
        if not any(typed):
            return ""
        times = [parse_time(text) for text in typed]
        for part, text, time in zip(A_DAY, typed, times, strict=True):
            if time is None:
                self.add_error(f"{part}_{day}", NO_TIME if text else HALF)
        found = [time for time in times if time is not None]
        if len(found) == len(A_DAY) and not is_day(*found):
            self.add_error(f"closes_{day}", SAME)
        return found
