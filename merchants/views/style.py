"""The page that shows every component in every state; only while developing."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe


class SampleForm(forms.Form):
    """A field of each kind, one of them wrong."""

    name = forms.CharField(
        label=_("Name of the product"),
        required=False,
        help_text=_("Customers see the first 14 letters first"),
    )
    price = forms.DecimalField(
        label=_("Live price"),
        max_value=168,
        error_messages={"max_value": _("Above the shop price of ¥168. One zero too many?")},
        widget=forms.TextInput(attrs={"data-prefix": "¥", "inputmode": "decimal"}),
    )


@require_safe
def kit(request: HttpRequest) -> HttpResponse:
    form = SampleForm({"price": "1380"})
    form.is_valid()
    now = timezone.now()
    return render(
        request, "merchants/style/kit.html", {"form": form, "soon": now + timedelta(seconds=92)}
    )
