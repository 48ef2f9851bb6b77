"""`{% load parcels %}`: regions by their names."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from merchants.rules.region import region_name

register = template.Library()


@register.filter
def regions(codes: Iterable[str]) -> str:
    """`{{ promise.nowhere|regions }}`: Xinjiang, Tibet."""
    language = get_language() or settings.LANGUAGE_CODE
    return _(", ").join(region_name(code, language) for code in codes)


@register.filter
def region(code: str) -> str:
    """`{{ promise.region|region }}`: Zhejiang."""
    return regions([code])
