"""A product with its variants."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext_lazy as _

from merchants.forms.line import LineField
from merchants.forms.money import MoneyField
from merchants.models import Category, Merchant, Product, Variant
from merchants.models.product import STATE_LABELS
from merchants.services.product import VariantData


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

    @classmethod
    def of(cls, product: Product) -> dict[str, Any]:
        """Initial values from a product."""
        return {
            "name": product.name,
            "description": product.description,
            "category": product.category.name if product.category else "",
            "state": product.state,
            "version": product.version,
        }

    def category_of(self, merchant: Merchant) -> Category | None:
        """The category typed, made if it is new."""
        name = self.cleaned_data["category"].strip()
        return Category.objects.get_or_create(merchant=merchant, name=name)[0] if name else None


class VariantForm(forms.Form):
    """One variant. `opening` is how many lie in the first store when it is added; `gone` takes an
    existing one out."""

    id = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = LineField(label=_("Specification"), max_length=40, required=False)
    sku = LineField(
        label=_("SKU"), max_length=40, required=False, help_text=_("Left empty, we make one up.")
    )
    barcode = LineField(label=_("Barcode"), max_length=40, required=False)
    price = MoneyField(label=_("Price"))
    compare_at = MoneyField(label=_("Price before"), required=False)
    low_stock = forms.IntegerField(
        label=_("Low stock from"), min_value=0, max_value=100_000, initial=5
    )
    opening = forms.IntegerField(
        label=_("In stock now"), min_value=0, max_value=1_000_000, required=False
    )
    gone = forms.BooleanField(label=_("Take this specification out"), required=False)

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchant = merchant

    def clean_id(self) -> int | None:
        return self.cleaned_data["id"] or None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        before, price = data.get("compare_at"), data.get("price")
        if before is not None and price is not None and before <= price:
            self.add_error("compare_at", _("The price before must be higher than the price now."))
        others = Variant.whole.filter(merchant=self.merchant).exclude(pk=data.get("id") or 0)
        for name, lookup in (("sku", "sku__iexact"), ("barcode", "barcode")):
            if data.get(name) and others.filter(**{lookup: data[name]}).exists():
                self.add_error(name, _("Another product of yours has this already."))
        return data

    def data_of(self) -> VariantData:
        """The cleaned data in the shape that `save_product` takes."""
        data = {key: value for key, value in self.cleaned_data.items() if key != "gone"}
        return VariantData(**data | {"opening": data["opening"] or 0})


class BaseVariantFormSet(BaseFormSet):
    def clean(self) -> None:
        """No name, SKU or barcode twice within one product; an empty name is one as well."""
        for field in ("name", "sku", "barcode"):
            seen: set[str] = set()
            for form in self.forms:
                data = getattr(form, "cleaned_data", {})
                value = data.get(field)
                if value is None or data.get("gone") or (not value and field != "name"):
                    continue
                if value.casefold() in seen:
                    form.add_error(field, _("This stands twice in this product."))
                seen.add(value.casefold())


VariantFormSet = forms.formset_factory(  # its instances are BaseVariantFormSet
    VariantForm, formset=BaseVariantFormSet, extra=0, min_num=1, validate_min=True, max_num=50
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
