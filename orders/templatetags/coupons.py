"""`{% load coupons %}`: a coupon in words."""

from __future__ import annotations

from django import template

from orders.models import Coupon
from orders.selectors.coupon import chip_text, gift_text, good_at_text, good_for_text, worth_text

register = template.Library()


@register.filter
def worth(coupon: Coupon, currency: str) -> str:
    """`{{ coupon|worth:shop.currency }}`: ¥20, 15% off, free shipping."""
    return worth_text(coupon, currency)


@register.filter
def good_for(coupon: Coupon) -> str:
    """`{{ coupon|good_for }}`: the names of its goods; empty: all goods."""
    return good_for_text(coupon)


@register.filter
def chip(coupon: Coupon, currency: str) -> str:
    """`{{ coupon|chip:shop.currency }}`: the same, and a gift by its name."""
    return chip_text(coupon, currency)


@register.filter
def gift(coupon: Coupon) -> str:
    """`{{ coupon|gift }}`: the name of what it brings; empty: no gift."""
    return gift_text(coupon)


@register.filter
def good_at(coupon: Coupon) -> str:
    """`{{ coupon|good_at }}`: the stores at which alone it is good, in words; empty: all."""
    return good_at_text(coupon)
