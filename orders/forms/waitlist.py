"""What somebody writes who waits for what is sold out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from merchants.models import Variant
from orders.rules.waitlist import MOST_PIECES

FEW = _("From 1 to 9 pieces.")


class SpecificationField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return obj.name or str(obj)


class JoinForm(forms.Form):
    variant = SpecificationField(
        Variant.objects.none(),
        label=_("Specification"),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("This is there again: buy it now.")},
    )
    quantity = forms.IntegerField(
        label=_("How many"),
        min_value=1,
        max_value=MOST_PIECES,
        initial=1,
        error_messages=dict.fromkeys(("min_value", "max_value", "invalid"), FEW),
    )
    phone = PhoneNumberField(
        label=_("Mobile number"),
        help_text=_("You get one text message, when your turn comes."),
        error_messages={"invalid": _("Write a mobile number such as 138 0013 8000.")},
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, *args: Any, variants: list[Variant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["variant"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Variant.objects.filter(pk__in=[one.pk for one in variants])
        if len(variants) == 1:
            field.initial = variants[0].pk
