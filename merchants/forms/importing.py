"""The forms of an import: the file, and what its columns hold."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.models import Import, Store
from merchants.models.importing import COLUMN_LABELS
from merchants.rules.column import CHOOSABLE, Column


class SheetForm(forms.Form):
    file = forms.FileField(
        label=_("The table"),
        help_text=_("CSV or XLSX, at most 50,000 rows and 20 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
        error_messages={
            "required": _("Choose a file first."),
            "empty": _("This file is empty."),
        },
    )


class ColumnsForm(forms.Form):
    """A choice for every column of the sheet, and the store whose stock it counts."""

    def __init__(self, *args: Any, batch: Import, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Leave out"))]
        choices += [(column.value, COLUMN_LABELS[column]) for column in CHOOSABLE]
        self.headers = batch.headers
        for at, header in enumerate(batch.headers):
            named = batch.columns.get(str(at), "")
            own = [] if named in {"", *CHOOSABLE} else [(named, COLUMN_LABELS[Column(named)])]
            self.fields[f"c{at}"] = forms.ChoiceField(
                label=header or _("Column %(number)s") % {"number": at + 1},
                choices=[*choices, *own],
                initial=named,
                required=False,
            )
        stores = batch.merchant.stores.all()
        self.fields["store"] = forms.ModelChoiceField(
            stores,
            label=_("Whose stock is it"),
            initial=batch.store or stores.first(),
            empty_label=None,
        )

    def columns(self) -> dict[int, Column]:
        """{index: what the column holds} of those that are not left out."""
        chosen = ((at, self.cleaned_data[f"c{at}"]) for at in range(len(self.headers)))
        return {at: Column(column) for at, column in chosen if column}

    def store(self) -> Store:
        return cast(Store, self.cleaned_data["store"])


class CellForm(forms.Form):
    """One cell of a checked sheet, as typed."""

    column = forms.ChoiceField(choices=[(column.value, column.value) for column in Column])
    text = forms.CharField(required=False, max_length=4000, strip=True)
