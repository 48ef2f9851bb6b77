"""The table of variants that options make, built from what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict

from merchants.forms.product import ProductForm, built_of
from merchants.models import Product
from merchants.rules.option import Option, Values, combinations, name_of, places
from merchants.rules.search import key_of

FIELDS = (
    "id",
    "name",
    "sku",
    "barcode",
    "price",
    "compare_at",
    "weight",
    "low_stock",
    "shelf_place",
    "opening",
    "gone",
)
SHARED = ("price", "compare_at", "weight", "low_stock")  # what a new row takes from the first
PREFIX = "variants"


@dataclass
class Table:
    """The rows as typed, and what becomes of them: by name, what is new and what goes."""

    rows: list[dict[str, str]]
    fresh: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def typed_rows(data: QueryDict) -> list[dict[str, str]]:
    """What stands in each row of the page, as text."""
    count = min(key_of(data.get(f"{PREFIX}-TOTAL_FORMS", "")), 200)
    return [
        {name: data.get(f"{PREFIX}-{at}-{name}", "").strip() for name in FIELDS}
        for at in range(count)
    ]


def build(form: ProductForm, data: QueryDict, product: Product | None) -> Table:
    """The rows that the typed options make. Rows that are there already keep what stands in them;
    one whose value is gone is ticked to be taken out."""
    options = form.options()
    old = [(name, values) for name, values in product.options] if product else []
    known = dict(product.variants.values_list("pk", "options")) if product else {}
    rows = [row for row in typed_rows(data) if row["id"] or row["price"] or row["name"]]
    alive = [row for row in rows if not row["gone"]]
    ids = [key_of(row["id"]) for row in alive]
    found = places(
        old, options, [(row["name"], known.get(pk, [])) for row, pk in zip(alive, ids, strict=True)]
    )
    # A row without a price is none yet, but what stands in it is what the others begin with.
    first = next(iter([*alive, *typed_rows(data)]), {})
    table = _made(options, dict(zip(found, alive, strict=True)), first)
    for row, became in zip(alive, found, strict=True):
        if became is None and row["id"]:
            table.gone.append(row["name"])
            table.rows.append(row | {"gone": "on"})
    table.rows += [row for row in rows if row["gone"] and row["id"]]
    return table


def _made(
    options: Sequence[Option],
    by_values: Mapping[Values | None, dict[str, str]],
    first: Mapping[str, str],
) -> Table:
    """A row for every combination: the one that is there, or one like the first."""
    table = Table([])
    for values in combinations(options):
        name = name_of(values)
        row = by_values.get(values)
        if row is None:
            row = dict.fromkeys(FIELDS, "") | {part: first.get(part, "") for part in SHARED}
            table.fresh.append(name)
        table.rows.append(row | {"name": name})
    return table


def is_built(form: ProductForm) -> bool:
    """Whether the table on the page was made for the options typed: then it is as she wants it."""
    return not form.options() or form.cleaned_data["built"] == built_of(form.options())


def with_table(data: QueryDict, table: Table, form: ProductForm) -> QueryDict:
    """What was sent, with the rows of `table` in the place of its own."""
    sent = data.copy()
    for key in [key for key in sent if key.startswith(f"{PREFIX}-")]:
        del sent[key]
    sent[f"{PREFIX}-TOTAL_FORMS"] = str(len(table.rows))
    sent[f"{PREFIX}-INITIAL_FORMS"] = "0"
    sent["built"] = built_of(form.options())
    for at, row in enumerate(table.rows):
        for name, value in row.items():
            if value or name != "gone":
                sent[f"{PREFIX}-{at}-{name}"] = value
    return sent


def values_by_name(options: Sequence[tuple[str, list[str]]]) -> Mapping[str, tuple[str, ...]]:
    """{name of a variant in small letters: its values}."""
    return {name_of(values).casefold(): values for values in combinations(options)}
