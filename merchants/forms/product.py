"""A product with its options and variants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from merchants.errors import Nowhere
from merchants.forms.line import LineField
from merchants.forms.money import MoneyField, speak
from merchants.forms.whole import WholeField
from merchants.models import Category, Merchant, Product, Store, Variant
from merchants.models.product import STATE_LABELS
from merchants.rules.option import (
    LONGEST_NAME,
    LONGEST_OPTION,
    MOST_OPTIONS,
    MOST_VALUES,
    MOST_VARIANTS,
    Option,
    OptionTrouble,
    split_values,
    trouble_of,
)
from merchants.rules.product import parse_weight, plain_weight
from merchants.services.product import VariantData

OPTION_SENTENCES = {
    OptionTrouble.NO_NAME: _("Write what is chosen, such as colour or size."),
    OptionTrouble.NO_VALUES: _("Write what there is to choose, such as red, blue."),
    OptionTrouble.TWICE: _("This stands twice in this product."),
    OptionTrouble.MANY_VALUES: _("At most %(values)s of one option."),
    OptionTrouble.MANY_VARIANTS: _("These make more than %(variants)s specifications."),
    OptionTrouble.LONG: _("Together they are longer than %(letters)s characters. Shorten one."),
    OptionTrouble.JOINT: _("Leave out the slash between blanks: it joins the names."),
}


class WeightField(forms.CharField):
    """`250`, `1.5kg`, `2斤`; cleans to grams or None."""

    default_error_messages = {"weight": _("Write a weight such as 250g or 1.5kg.")}

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        grams = parse_weight(text)
        if grams is None:
            raise ValidationError(self.error_messages["weight"], code="weight")
        return grams

    def prepare_value(self, value: Any) -> Any:
        return plain_weight(value) if isinstance(value, int) else value


class ProductForm(forms.Form):
    name = LineField(label=_("Name"), max_length=60)
    description = forms.CharField(
        label=_("Description"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    category = LineField(
        label=_("Category"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"list": "categories", "autocomplete": "off"}),
    )
    state = forms.ChoiceField(label=_("State"), choices=STATE_LABELS.items)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    built = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for at in range(MOST_OPTIONS):
            self.fields[f"option_{at}_name"] = LineField(
                label=_("Option"),
                max_length=LONGEST_OPTION,
                required=False,
                widget=forms.TextInput(attrs={"list": "options", "autocomplete": "off"}),
            )
            self.fields[f"option_{at}_values"] = LineField(
                label=_("Values"),
                max_length=500,
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "off", "data-values": ""}),
            )

    @classmethod
    def of(cls, product: Product) -> dict[str, Any]:
        """Initial values from a product."""
        options: dict[str, Any] = {}
        for at, (name, values) in enumerate(product.options):
            options |= {f"option_{at}_name": name, f"option_{at}_values": _g(", ").join(values)}
        return options | {
            "name": product.name,
            "description": product.description,
            "category": product.category.name if product.category else "",
            "state": product.state,
            "version": product.version,
            "built": built_of(product.options),
        }

    def category_of(self, merchant: Merchant) -> Category | None:
        """The category typed, made if it is new."""
        name = self.cleaned_data["category"].strip()
        return Category.objects.get_or_create(merchant=merchant, name=name)[0] if name else None

    @property
    def option_rows(self) -> list[tuple[Any, Any]]:
        """The fields of each option, to be drawn."""
        return [
            (self[f"option_{at}_name"], self[f"option_{at}_values"]) for at in range(MOST_OPTIONS)
        ]

    @property
    def options_open(self) -> bool:
        """Whether something is written in them."""
        return any(field.value() for row in self.option_rows for field in row)

    @property
    def options_valid(self) -> bool:
        """Whether a table can be made of them, whatever the rest is like."""
        return not any(name.startswith("option_") for name in self.errors)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for at in range(MOST_OPTIONS):
            if (option := self._option(at)) and (trouble := trouble_of([option])):
                field = "name" if trouble is OptionTrouble.NO_NAME else "values"
                self._say(f"option_{at}_{field}", trouble)
        if self.options() and self.options_valid and (trouble := trouble_of(self.options())):
            last = max(at for at in range(MOST_OPTIONS) if self._option(at))
            field = "name" if trouble is OptionTrouble.TWICE else "values"
            self._say(f"option_{last}_{field}", trouble)
        return data

    def _say(self, field: str, trouble: OptionTrouble) -> None:
        most = {"values": MOST_VALUES, "variants": MOST_VARIANTS, "letters": LONGEST_NAME}
        self.add_error(field, OPTION_SENTENCES[trouble] % most)

    def _option(self, at: int) -> Option | None:
        name = (self.cleaned_data.get(f"option_{at}_name") or "").strip()
        values = split_values(self.cleaned_data.get(f"option_{at}_values") or "")
        return (name, values) if name or values else None

    def options(self) -> list[Option]:
        """The options typed, those left empty aside."""
        return [option for at in range(MOST_OPTIONS) if (option := self._option(at))]


def built_of(options: Sequence[Any]) -> str:
    """The options for which a table of variants was made, as one word that can be compared."""
    return json.dumps([[name, *values] for name, values in options], ensure_ascii=False)


class VariantForm(forms.Form):
    """One variant. `opening` is how many lie in her first store when it is added; `gone` takes an
    existing one out."""

    id = forms.IntegerField(max_value=10**18, widget=forms.HiddenInput, required=False)
    name = LineField(label=_("Specification"), max_length=40, required=False)
    sku = LineField(
        label=_("SKU"), max_length=40, required=False, help_text=_("Left empty, we make one up.")
    )
    barcode = LineField(label=_("Barcode"), max_length=40, required=False)
    price = MoneyField(label=_("Price"))
    compare_at = MoneyField(label=_("Price before"), required=False)
    weight = WeightField(
        label=_("Weight"),
        max_length=12,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "1.5kg"}),
    )
    low_stock = WholeField(label=_("Low stock from"), least=0, most=100_000, initial=5)
    shelf_place = LineField(
        label=_("Shelf place"),
        max_length=20,
        required=False,
        help_text=_("Pick lists are sorted by it: A2-3."),
    )
    opening = WholeField(label=_("In stock now"), least=0, required=False)
    gone = forms.BooleanField(label=_("Take this specification out"), required=False)

    def __init__(self, *args: Any, currency: str = "CNY", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak(self, currency)

    def clean_id(self) -> int | None:
        return self.cleaned_data["id"] or None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        before, price = data.get("compare_at"), data.get("price")
        if before is not None and price is not None and before <= price:
            self.add_error("compare_at", _("The price before must be higher than the price now."))
        return data

    @property
    def more_is_wrong(self) -> bool:
        """Whether what stands behind "more" has an error and has to be seen."""
        return self.is_bound and any(
            name in self.errors for name in ("sku", "barcode", "weight", "low_stock", "shelf_place")
        )

    def data_of(self, options: Sequence[str] = ()) -> VariantData:
        """The cleaned data in the shape that `save_product` takes."""
        data = {key: value for key, value in self.cleaned_data.items() if key != "gone"}
        return VariantData(**data | {"opening": data["opening"] or 0, "options": tuple(options)})


class BaseVariantFormSet(BaseFormSet):
    def __init__(
        self, *args: Any, merchant: Merchant, store: Store | None = None, **kwargs: Any
    ) -> None:
        kwargs["form_kwargs"] = {"currency": merchant.currency}
        super().__init__(*args, **kwargs)
        self.merchant = merchant
        self.store = store  # where opening stock will lie

    def clean(self) -> None:
        """No name, SKU or barcode twice within one product (an empty name is one as well), and no
        SKU or barcode of another product; two queries, however many there are."""
        kept = [
            form
            for form in self.forms
            if hasattr(form, "cleaned_data") and not form.cleaned_data.get("gone")
        ]
        for field in ("name", "sku", "barcode"):
            taken = self._taken(field, kept) if field != "name" else set()
            seen: set[str] = set()
            for form in kept:
                value = form.cleaned_data.get(field)
                if value is None or (not value and field != "name"):
                    continue
                if value.casefold() in seen:
                    form.add_error(field, _("This stands twice in this product."))
                elif value.casefold() in taken:
                    form.add_error(field, _("Another product of yours has this already."))
                seen.add(value.casefold())
        for form in kept:
            if self.store is None and form.cleaned_data.get("opening"):
                form.add_error("opening", str(Nowhere.sentence))

    def _taken(self, field: str, forms: Sequence[forms.Form]) -> set[str]:
        """Which of the typed codes belong to variants that are not on this page."""
        typed = {(form.cleaned_data.get(field) or "").lower() for form in forms} - {""}
        mine = [form.cleaned_data["id"] for form in self.forms if form.cleaned_data.get("id")]
        others = Variant.whole.filter(merchant=self.merchant).exclude(pk__in=mine)
        found = others.annotate(plain=Lower(field)).filter(plain__in=typed)
        return {value.casefold() for value in found.values_list(field, flat=True)}


VariantFormSet = cast(
    type[BaseVariantFormSet],
    forms.formset_factory(
        VariantForm,
        formset=BaseVariantFormSet,
        extra=0,
        min_num=1,
        validate_min=True,
        max_num=MOST_VARIANTS,
        absolute_max=2 * MOST_VARIANTS,  # those that are taken out count as well
    ),
)


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotoForm(forms.Form):
    """Only drawn: each file is read by the verb, which tells what is wrong with it."""

    file = forms.FileField(
        label=_("Add photos"),
        required=False,
        widget=SeveralFiles(attrs={"accept": "image/*"}),
        help_text=_("JPEG, PNG, WebP or HEIC, at most 20 MB."),
    )
