"""`{% load coupons %}`: a coupon in words."""

from __future__ import annotations

from django import template

from orders.models import Coupon
from orders.selectors.coupon import good_for_text, worth_text

register = template.Library()


@register.filter
def worth(coupon: Coupon, currency: str) -> str:
    """`{{ coupon|worth:shop.currency }}`: ¥20, 15% off, free shipping."""
    return worth_text(coupon, currency)


@register.filter
def good_for(coupon: Coupon) -> str:
    """`{{ coupon|good_for }}`: the names of its goods; empty: all goods."""
    return good_for_text(coupon)
