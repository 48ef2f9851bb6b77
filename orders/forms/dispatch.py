"""A shipping sheet as a file, and its rows as they come back with the page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.rules.dispatch import MOST_ROWS, Row


class DispatchForm(forms.Form):
    file = forms.FileField(
        label=_("The sheet with the tracking numbers"),
        help_text=_("CSV or XLSX, at most %s parcels.") % MOST_ROWS,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
        error_messages={
            "required": _("Choose a file first."),
            "empty": _("This file is empty."),
        },
    )


class RowsForm(forms.Form):
    """What `written` made of the rows. Whoever sends something else is told to bring the sheet."""

    rows = forms.CharField(max_length=MOST_ROWS * 400, widget=forms.HiddenInput)

    def clean_rows(self) -> list[Row]:
        try:
            found = [_row(*parts) for parts in json.loads(self.cleaned_data["rows"])]
        except (ValueError, TypeError, RecursionError) as trouble:
            raise forms.ValidationError(_("Bring the sheet again.")) from trouble
        if not 0 < len(found) <= MOST_ROWS:
            raise forms.ValidationError(_("Bring the sheet again."))
        return found


def written(sheet: Sequence[Row]) -> str:
    """The rows for a hidden field."""
    rows = [[row.number, row.order, row.carrier, row.tracking] for row in sheet]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _row(number: Any, order: Any, carrier: Any, tracking: Any) -> Row:
    texts = [order, carrier, tracking]
    if not isinstance(number, int) or not all(isinstance(text, str) for text in texts):
        raise TypeError
    return Row(number, *(text.replace("\0", "")[:60] for text in texts))
