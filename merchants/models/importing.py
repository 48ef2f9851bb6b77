"""Goods brought in from a spreadsheet: the file, its rows, and what became of them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.models.address import short_id
from merchants.models.merchant import Merchant
from merchants.models.private import PrivateFiles
from merchants.models.product import Product, Variant
from merchants.models.store import Store
from merchants.rules.column import Column
from merchants.rules.importing import TO_APPLY, ImportState, Outcome

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

STATE_LABELS = {
    ImportState.MAPPING.value: _("Naming the columns"),
    ImportState.CHECKING.value: _("Being checked"),
    ImportState.CHECKED.value: _("Checked"),
    ImportState.APPLYING.value: _("Being brought in"),
    ImportState.DONE.value: _("Done"),
    ImportState.UNDOING.value: _("Being undone"),
    ImportState.UNDONE.value: _("Undone"),
    ImportState.FAILED.value: _("Unreadable"),
}
OUTCOME_LABELS = {
    Outcome.NEW.value: _("New"),
    Outcome.CHANGE.value: _("Update"),
    Outcome.SAME.value: _("As it is"),
    Outcome.SILENT.value: _("Nothing to do"),
    Outcome.BAD.value: _("To mend"),
}
COLUMN_LABELS = {
    Column.NAME.value: _("Name"),
    Column.SPEC.value: _("Specification"),
    Column.OPTION_1.value: _("Option 1 name"),
    Column.VALUE_1.value: _("Option 1 value"),
    Column.OPTION_2.value: _("Option 2 name"),
    Column.VALUE_2.value: _("Option 2 value"),
    Column.OPTION_3.value: _("Option 3 name"),
    Column.VALUE_3.value: _("Option 3 value"),
    Column.SKU.value: _("SKU"),
    Column.BARCODE.value: _("Barcode"),
    Column.PRICE.value: _("Price"),
    Column.SALE_PRICE.value: _("Price"),
    Column.COMPARE_AT.value: _("Price before"),
    Column.STOCK.value: _("Stock"),
    Column.LOW_STOCK.value: _("Low stock from"),
    Column.SHELF_PLACE.value: _("Shelf place"),
    Column.WEIGHT.value: _("Weight"),
    Column.WEIGHT_UNIT.value: _("Unit of weight"),
    Column.CATEGORY.value: _("Category"),
    Column.DESCRIPTION.value: _("Description"),
    Column.STATE.value: _("State"),
    Column.GROUP.value: _("What its rows share"),
    Column.KIND.value: _("Kind of row"),
    Column.PARENT.value: _("What its rows share"),
    Column.ID.value: _("Number in the sheet"),
}
# code of a problem -> (what it is called, what to do about it)
PROBLEM_LABELS = {
    "no_name": (_("No name"), _("Every product needs a name.")),
    "no_price": (_("No price"), _("Write the price, such as 180.")),
    "formula": (
        _("Formula without a result"),
        _("Open the sheet in Excel or WPS and save it once, or write here what it comes to."),
    ),
    "not_an_amount": (_("Price is no number"), _("Write the price in digits, such as 180.")),
    "below_nothing": (_("Price below 0"), _("Write what a customer pays, such as 180.")),
    "too_dear": (_("Price too high"), _("At most 999,999,999.")),
    "free": (_("Price is 0"), _("It would be given away. Is that meant?")),
    "far": (_("Price far from now"), _("Now it is %(now)s. Is a digit missing?")),
    "not_above": (
        _("Price before is too low"),
        _("It is not above the price now, so it is left out."),
    ),
    "not_a_count": (_("Stock is no whole number"), _("Write the number alone, such as 18.")),
    "in_parts": (_("Stock in parts"), _("Whole pieces only, such as 18.")),
    "below_zero": (_("Stock below 0"), _("If there is none, write 0.")),
    "too_many": (_("Stock too high"), _("At most 1,000,000 pieces.")),
    "too_long": (_("Too long"), _("At most %(most)s characters.")),
    "a_date": (
        _("Became a date"),
        _("The spreadsheet made a date of it. Write what it was, such as 2-3."),
    ),
    "no_sku": (_("No SKU"), _("We make one up. Next time we know the product by its name.")),
    "no_stock": (_("No stock given"), _("What is in the shop stays as it is; a new one has 0.")),
    "not_a_weight": (
        _("Weight is no weight"),
        _("Write a weight such as 250g or 1.5kg, at most 1000kg."),
    ),
    "no_value": (
        _("Not said which one"),
        _("Other rows of this product have “%(option)s”. Write which one this is."),
    ),
    "long_option": (_("Option too long"), _("Its name has at most %(most)s characters.")),
    "option_twice": (_("Option twice"), _("“%(option)s” stands twice in this row.")),
    "other_options": (
        _("Other options"),
        _("This product is chosen by “%(options)s”. Name the options alike."),
    ),
    "many_options": (
        _("Many options"),
        _("More than the page of a product can list: they will be chosen by name."),
    ),
    "renamed": (_("Called otherwise"), _("By its options it will be called “%(name)s”.")),
    "unknown_state": (_("Unknown state"), _("We put it on sale. “下架” or “draft” hides it.")),
    "twice": (_("Twice in this file"), _("The same as in row %(row)s.")),
    "taken": (_("Barcode in use"), _("“%(by)s” has this barcode.")),
    "taken_since": (_("In use by now"), _("Another product took the SKU or barcode meanwhile.")),
    "reserved": (_("Held for orders"), _("More pieces are held for orders than would be left.")),
}


def sheet_path(batch: Import, filename: str) -> str:
    """A random name: the uploaded one is only shown."""
    return f"sheets/{uuid.uuid4().hex}"


class Import(models.Model):
    """A goods sheet on its way into a shop. Moved only by merchants.services.importing.

    `columns` is {index of the column: rules.column.Column}; `counts` is {outcome: rows} and
    `problems` {column.code: [rows, first numbers]} of the check. While a worker is at it,
    `leased_until` is in the future and `cursor` is the last row that it has finished.
    """

    public_id = models.CharField(max_length=10, unique=True, default=short_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="imports")
    store = models.ForeignKey(
        Store, models.PROTECT, related_name="+", verbose_name=_("store"), null=True
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(
        _("state"), max_length=8, choices=STATE_LABELS, default=ImportState.MAPPING.value
    )
    file = models.FileField(upload_to=sheet_path, storage=PrivateFiles(), editable=False)
    file_name = models.CharField(_("file"), max_length=120)
    shape = models.JSONField(default=dict, editable=False)
    kind = models.CharField(_("written by"), max_length=20, blank=True)
    heading_row = models.PositiveIntegerField(default=1, editable=False)
    headers = models.JSONField(default=list, editable=False)
    signature = models.TextField(default="", editable=False)
    columns = models.JSONField(default=dict)
    samples = models.JSONField(default=list, editable=False)  # the first values of each column
    total = models.PositiveIntegerField(_("rows"), default=0, editable=False)
    cursor = models.PositiveIntegerField(default=0, editable=False)
    counts = models.JSONField(default=dict, editable=False)
    problems = models.JSONField(default=dict, editable=False)
    failure = models.CharField(max_length=200, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    started_at = models.DateTimeField(_("begun"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)

    if TYPE_CHECKING:
        rows: RelatedManager[ImportRow]

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "leased_until"])]

    def __str__(self) -> str:
        return self.file_name

    @property
    def ready(self) -> int:
        """Rows that wait to be brought in."""
        return sum(self.counts.get(outcome, 0) for outcome in TO_APPLY)

    @property
    def done(self) -> int:
        """Rows that a worker has passed."""
        return min(self.cursor, self.total)

    @property
    def named(self) -> list[tuple[str, str]]:
        """(header, what it holds) of the columns that are not left out."""
        pairs = sorted((int(at), column) for at, column in self.columns.items())
        return [(self.headers[at], str(COLUMN_LABELS[column])) for at, column in pairs]

    @property
    def reference(self) -> str:
        """What the ledger says about a movement that this import made."""
        return f"import {self.public_id}"


class ImportRow(models.Model):
    """One row of the sheet. `problems` is [[column, code, grave, details], …].

    `seen` is what the check found in the shop, so that what is written later is the difference that
    was shown; `before` is what was written over, so that it can be put back.
    """

    batch = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    cells = models.JSONField(default=list)
    goods = models.JSONField(default=dict)
    outcome = models.CharField(max_length=6, choices=OUTCOME_LABELS)
    problems = models.JSONField(default=list)
    troubled = models.BooleanField(default=False)  # has problems, grave or not
    group = models.CharField(max_length=200, default="")
    sku = models.CharField(max_length=40, default="")
    barcode = models.CharField(max_length=40, default="")
    seen = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    applied = models.BooleanField(default=False)
    product = models.ForeignKey(Product, models.SET_NULL, null=True, related_name="+")
    variant = models.ForeignKey(Variant, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="import_row_once")]
        indexes = [
            models.Index(fields=["batch", "troubled", "number"]),
            models.Index(fields=["batch", "group"]),
        ]

    def __str__(self) -> str:
        return f"{self.batch} {self.number}"
