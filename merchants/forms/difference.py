"""Two people edit one product: what the second typed, beside what the first has saved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from merchants.forms.product import BaseVariantFormSet, ProductForm, VariantForm, built_of
from merchants.forms.variants import PREFIX
from merchants.models import Product
from merchants.models.product import STATE_LABELS
from merchants.rules.option import MOST_OPTIONS
from merchants.rules.search import key_of

WORDS = ("name", "category", "state", "description")
NUMBERS = (
    *("name", "sku", "barcode", "price", "compare_at", "weight", "low_stock"),
    "shelf_place",
)
MINE, THEIRS = "mine", "theirs"
Field = tuple[str, str, str]  # its place in the form, what it is called, what was typed


@dataclass(frozen=True)
class Difference:
    """One field that is not the same. `pick` is whose word stands unless she says otherwise."""

    key: str
    label: str
    theirs: str
    yours: str
    pick: str


@dataclass
class Conflict:
    """What is not the same, and the names of variants that only one of them has."""

    fields: list[Difference] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    taken_out: list[str] = field(default_factory=list)


def saved_words(product: Product) -> dict[str, str]:
    """{key: text as it would be typed} of everything that the page edits."""
    form = ProductForm(initial=ProductForm.of(product))
    found = {name: _text(form, name, form.initial.get(name)) for name in WORDS}
    found["options"] = _options(product.options)
    blank = VariantForm(currency=product.merchant.currency)
    for row in product.variants.values("pk", *NUMBERS):
        found |= {f"{row['pk']}-{name}": _text(blank, name, row[name]) for name in NUMBERS}
    return found


def seen_by(product: Product) -> str:
    """The same for a hidden field: what a page showed when it was opened."""
    return json.dumps(saved_words(product), ensure_ascii=False)


def conflict_of(product: Product, form: ProductForm, variants: BaseVariantFormSet) -> Conflict:
    """Compare a valid form with the product as it is now."""
    seen, now = _seen(form.data.get("seen", "")), saved_words(product)
    known = {str(pk): name for pk, name in product.variants.values_list("pk", "name")}
    typed = {str(row.cleaned_data.get("id") or ""): row.cleaned_data for row in variants.forms}
    found = Conflict()
    found.taken_out = [
        data["name"] or data["sku"] for pk, data in typed.items() if pk and pk not in known
    ]
    found.added = [
        name for pk, name in known.items() if pk not in typed and f"{pk}-sku" not in seen
    ]
    for key, (place, label, mine) in (_words(form) | _numbers(variants, known)).items():
        before, theirs = seen.get(key), now.get(key, "")
        if theirs not in (mine, before):
            pick = THEIRS if mine == before else MINE
            found.fields.append(Difference(place, label, theirs, mine, pick))
    return found


def _words(form: ProductForm) -> dict[str, Field]:
    """What was typed of the product itself."""
    found = {
        name: (name, str(form.fields[name].label), _text(form, name, form.cleaned_data[name]))
        for name in WORDS
    }
    return found | {"options": ("options", _("Options"), _options(form.options()))}


def _numbers(variants: BaseVariantFormSet, known: Mapping[str, str]) -> dict[str, Field]:
    """What was typed of the variants that are still there and shall stay."""
    found: dict[str, Field] = {}
    for at, row in enumerate(variants.forms):
        pk = str(row.cleaned_data.get("id") or "")
        if pk not in known or row.cleaned_data["gone"]:
            continue
        for name in NUMBERS:
            label = str(row.fields[name].label)
            label = f"{known[pk]}{_(': ')}{label}" if known[pk] else label
            text = _text(row, name, row.cleaned_data[name])
            found[f"{pk}-{name}"] = (f"{PREFIX}-{at}-{name}", label, text)
    return found


def chosen(data: QueryDict, product: Product) -> QueryDict:
    """What was sent, with the words of the other one where she took them."""
    sent, now = data.copy(), saved_words(product)
    for key in [key.removeprefix("pick-") for key in data if key.startswith("pick-")]:
        if data[f"pick-{key}"] != THEIRS and data.get("picks") != THEIRS:
            continue
        if data.get("picks") == MINE:
            continue
        if key == "options":
            _take_options(sent, product)
        elif key in WORDS:
            sent[key] = product.state if key == "state" else now[key]
        else:
            _prefix, at, name = [*key.split("-", 2), "", ""][:3]
            saved = now.get(f"{data.get(f'{PREFIX}-{at}-id', '')}-{name}")
            if saved is not None and name in NUMBERS:
                sent[f"{PREFIX}-{at}-{name}"] = saved
    return sent


def after_conflict(data: QueryDict, product: Product) -> QueryDict:
    """What was sent, as the page shows it again: she has been told, so the next save is hers."""
    sent = data.copy()
    sent["version"] = str(product.version)
    sent["seen"] = seen_by(product)
    known = {str(pk) for pk in product.variants.values_list("pk", flat=True)}
    for at in range(min(key_of(sent.get(f"{PREFIX}-TOTAL_FORMS", "")), 200)):
        pk = sent.get(f"{PREFIX}-{at}-id", "")
        if pk and pk not in known:
            sent[f"{PREFIX}-{at}-gone"] = "on"
    return sent


def _take_options(sent: QueryDict, product: Product) -> None:
    theirs = ProductForm.of(product)
    for at in range(MOST_OPTIONS):
        for part in ("name", "values"):
            sent[f"option_{at}_{part}"] = theirs.get(f"option_{at}_{part}", "")
    sent["built"] = built_of(product.options)


def _text(form: Any, name: str, value: Any) -> str:
    if name == "state":
        return str(STATE_LABELS.get(value, value))
    shown = form.fields[name].prepare_value(value)
    text = "" if shown is None else str(shown).replace("\r\n", "\n").strip()
    return text if name == "description" else " ".join(text.split())


def _options(options: Any) -> str:
    return _("; ").join(f"{name}{_(': ')}{_(', ').join(values)}" for name, values in options)


def _seen(text: str) -> Mapping[str, str]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):  # the latter of a thousand brackets
        return {}
    return found if isinstance(found, dict) else {}
