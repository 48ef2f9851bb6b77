"""What a clerk writes to issue a coupon, and what a shopper types to get one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.forms.line import LineField
from merchants.forms.money import MoneyField, speak
from merchants.models import Category, Merchant, Product, Store, Variant
from merchants.selectors.stock import find_variant
from orders.models.coupon import KIND_LABELS
from orders.rules.coupon import CouponKind

# What each kind is asked, beside what all are.
ASKED = {
    CouponKind.AMOUNT.value: ("amount",),
    CouponKind.PERCENT.value: ("percent", "cap"),
    CouponKind.SHIPPING.value: (),
    CouponKind.GIFT.value: ("gift",),
}
MOST_GOODS = 50
NOT_FOUND = _("No goods have the SKU or barcode “%s”.")


class CouponForm(forms.Form):
    name = LineField(label=_("Name"), max_length=30, min_length=2)
    kind = forms.ChoiceField(
        label=_("What it gives"),
        choices=KIND_LABELS.items,
        initial=CouponKind.AMOUNT.value,
        widget=forms.RadioSelect,
        required=False,
    )
    amount = MoneyField(label=_("Amount off"))
    percent = forms.IntegerField(
        label=_("Percent off"), min_value=1, max_value=99, help_text=_("15: pay 85 of 100.")
    )
    cap = MoneyField(
        label=_("At most"), required=False, help_text=_("Empty: no limit but the price.")
    )
    gift = forms.CharField(
        label=_("The gift"),
        max_length=40,
        help_text=_("SKU or barcode: one piece comes with the order, while there are any."),
    )
    threshold = MoneyField(
        label=_("From how much"),
        required=False,
        allow_zero=True,
        help_text=_("Empty: from any amount."),
    )
    issued = forms.IntegerField(label=_("Copies"), min_value=1, max_value=1_000_000)
    per_customer = forms.IntegerField(
        label=_("Copies per customer"), min_value=1, max_value=100, initial=1
    )
    days = forms.IntegerField(
        label=_("Can be claimed for days"), min_value=1, max_value=366, initial=7
    )
    valid_days = forms.IntegerField(
        label=_("Good for days after claiming"),
        min_value=1,
        max_value=366,
        required=False,
        help_text=_("Empty: as long as it can be claimed."),
    )
    categories = forms.ModelMultipleChoiceField(
        Category.objects.none(),
        label=_("Only these categories"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    goods = forms.CharField(
        label=_("Only these goods"),
        required=False,
        max_length=1000,
        help_text=_("SKUs or barcodes, separated by commas. Empty: all goods."),
    )
    stores = forms.ModelMultipleChoiceField(
        Store.objects.none(),
        label=_("Only at these stores"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For what is collected there, and at their counters; not for parcels."),
    )
    stackable = forms.BooleanField(
        label=_("May be used together with another coupon"),
        required=False,
        help_text=_(
            "One that takes money off and one that pays the parcel or brings a gift, "
            "if both allow it."
        ),
    )
    listed = forms.BooleanField(
        label=_("Show it in the shop, for everybody to claim"), required=False
    )
    with_code = forms.BooleanField(label=_("Make a code to hand out"), required=False)

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchant = merchant
        speak(self, merchant.currency)
        for name, rows in (
            ("categories", merchant.categories.all()),
            ("stores", merchant.stores.filter(closed_at=None)),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelMultipleChoiceField)
            field.queryset = rows
        kind = (self.data.get("kind") if self.is_bound else "") or CouponKind.AMOUNT.value
        for name in ("amount", "percent", "gift"):
            self.fields[name].required = name in ASKED.get(kind, ()) or not self.is_bound

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or CouponKind.AMOUNT.value

    def clean_gift(self) -> Variant | None:
        """One of this shop's, on sale or not."""
        code = self.cleaned_data["gift"].strip()
        variant = find_variant(self.merchant, code) if code else None
        if code and variant is None:
            raise forms.ValidationError(NOT_FOUND % code)
        return variant

    def clean_goods(self) -> list[Product]:
        """The products that are named; each code has to be one of this shop's."""
        typed = self.cleaned_data["goods"].replace("，", ",").replace("、", ",")
        codes = [code.strip() for code in typed.split(",") if code.strip()][:MOST_GOODS]
        found: dict[int, Product] = {}
        for code in codes:
            variant = find_variant(self.merchant, code)
            if variant is None:
                raise forms.ValidationError(NOT_FOUND % code)
            found[variant.product_id] = variant.product
        return list(found.values())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        kind = data.get("kind") or CouponKind.AMOUNT.value
        for name in {"amount", "percent", "cap", "gift"} - set(ASKED[kind]):
            self.errors.pop(name, None)  # a field that was hidden asks for nothing
            data[name] = None
        amount, threshold = data.get("amount"), data.get("threshold") or 0
        if amount is not None and 0 < threshold < amount:
            self.add_error("amount", _("The coupon would take off more than the goods cost."))
        return data

    def terms(self) -> dict[str, Any]:
        """The cleaned data in the shape that `issue_coupon` takes."""
        data = dict(self.cleaned_data)
        now = timezone.now()
        days = data.pop("days")
        for name in ("amount", "percent", "threshold"):
            data[name] = data[name] or 0
        data["products"] = data.pop("goods")
        return {**data, "starts_at": now, "ends_at": now + timedelta(days=days)}


class CodeForm(forms.Form):
    """A code that somebody was given."""

    typed = forms.CharField(
        label=_("Coupon code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )


class CounterForm(forms.Form):
    """What a clerk says who takes a coupon: where, and how much the goods cost that it is for."""

    goods = MoneyField(
        label=_("What the goods cost"), help_text=_("Only those that the coupon is good for.")
    )
    store = forms.ModelChoiceField(Store.objects.none(), label=_("Store"), empty_label=None)

    def __init__(
        self, *args: Any, stores: QuerySet[Store], merchant: Merchant, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        speak(self, merchant.currency)
        field = self.fields["store"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = stores
