"""The options of products whose variants a sheet brings in, changes or takes out again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from merchants.models import ImportRow, Product, Variant
from merchants.rules.option import JOINT, Option, trouble_of

Options = list[list[object]]


def options_of(products: Iterable[int]) -> dict[int, Options]:
    """{product: its options}, as they are now."""
    return dict(Product.objects.filter(pk__in=list(products)).values_list("pk", "options"))


def settle_options(rows: Iterable[ImportRow]) -> None:
    """Give the products of these rows the options that their variants have by now.

    One of which a variant has no value of each, or has them twice, has none: it is chosen by name.
    """
    named = {
        row.product_id: row.goods["options"]
        for row in rows
        if row.product_id and row.goods.get("options")
    }
    found = list(Product.objects.filter(pk__in=named).only("options"))
    values: dict[int, list[tuple[str, list[str]]]] = defaultdict(list)
    of_variant = Variant.objects.filter(product__in=named).order_by("position", "pk")
    for product, name, chosen in of_variant.values_list("product_id", "name", "options"):
        values[product].append((name, chosen))
    changed = []
    for one in found:
        names = [name for name, _values in one.options or named[one.pk]]
        options = [list(option) for option in _made(names, one.options, values[one.pk])]
        if options != one.options:
            one.options = options
            changed.append(one)
    Product.objects.bulk_update(changed, ["options"], batch_size=100)


def _made(
    names: Sequence[str], before: Options, variants: Sequence[tuple[str, list[str]]]
) -> list[Option]:
    """Each option with the values that are in use: those there were in their order, then new."""
    chosen = [values for _name, values in variants]
    if any(len(values) != len(names) or JOINT.join(values) != name for name, values in variants):
        return []
    if len({tuple(map(str.casefold, values)) for values in chosen}) < len(chosen):
        return []
    options: list[Option] = []
    for at, name in enumerate(names):
        used = dict.fromkeys(values[at] for values in chosen)
        known = [str(value) for value in before[at][1]] if before else []  # type: ignore[attr-defined]
        kept = [value for value in known if value in used]
        options.append((name, [*kept, *(value for value in used if value not in kept)]))
    return [] if trouble_of(options) else options


def keep_options(rows: Iterable[ImportRow], before: dict[int, Options]) -> None:
    """Note in the first row of each product of `before` what its options were and have become."""
    now = options_of(before)
    for row in rows:
        product = row.product_id
        if product in before and before[product] != now.get(product):
            row.before["options"] = [before.pop(product), now.get(product)]


def put_options_back(rows: Iterable[ImportRow]) -> None:
    """Undo `keep_options`, where nobody has changed them since."""
    for row in rows:
        if "options" in row.before and row.product_id:
            before, after = row.before["options"]
            Product.objects.filter(pk=row.product_id, options=after).update(options=before)
