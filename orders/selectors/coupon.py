"""The coupons of a shop, sorted by whether they can be claimed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils.text import Truncator
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from merchants.models import Merchant
from orders.models import Coupon
from orders.rules.coupon import CouponKind
from orders.selectors.money import money_text

MOST = 200
CHIP = 14  # signs of a gift's name
FEW = 0.1  # of the copies left: time to think of more


def coupon_list(merchant: Merchant, now: datetime) -> dict[str, list[Coupon]]:
    """{tab: coupons}, the newest first, each with `phase` (open, spent, later, over) and `few`."""
    tabs: dict[str, list[Coupon]] = {"open": [], "later": [], "over": []}
    for coupon in _with_phase(with_terms(merchant.coupons.all())[:MOST], now):
        tabs["open" if coupon.phase == "spent" else coupon.phase].append(coupon)
    return tabs


def with_terms(coupons: QuerySet[Coupon]) -> QuerySet[Coupon]:
    """With what they give, for what and where: nothing more is asked to say it."""
    rows = coupons.select_related("gift__product")
    return rows.prefetch_related("products", "categories", "stores")


def _with_phase(coupons: Iterable[Coupon], now: datetime) -> Iterable[Coupon]:
    for coupon in coupons:
        coupon.phase = phase(coupon, now)
        coupon.few = 0 < coupon.left <= coupon.issued * FEW
        yield coupon


def phase(coupon: Coupon, now: datetime) -> str:
    """Where a coupon stands: open, spent (all claimed), later, over."""
    if coupon.stopped_at is not None or coupon.ends_at <= now:
        return "over"
    if coupon.starts_at > now:
        return "later"
    return "spent" if coupon.left <= 0 else "open"


def listed_coupons(merchant: Merchant, now: datetime) -> list[Coupon]:
    """What everybody who looks at the shop may claim now."""
    found = merchant.coupons.running(now).filter(listed=True, claimed__lt=F("issued"))
    return list(with_terms(found)[:MOST])


def worth_text(coupon: Coupon, currency: str) -> str:
    """What a coupon gives, short: `¥20`, `15% off` (in Chinese `8.5 折`, what is left to pay of
    ten), `Free shipping`, `Gift` (`gift_text` says which)."""
    if coupon.kind == CouponKind.GIFT:
        return _("Gift")
    if coupon.kind == CouponKind.SHIPPING:
        return _("Free shipping")
    if coupon.kind == CouponKind.AMOUNT:
        return money_text(coupon.amount, currency).removesuffix(".00")
    if (get_language() or "").startswith("zh"):
        return f"{(100 - coupon.percent) / 10:g} 折"
    return _("%(percent)s%% off") % {"percent": coupon.percent}


def chip_text(coupon: Coupon, currency: str) -> str:
    """The same where there is room for nothing else: a gift is named."""
    if coupon.gift is None:
        return worth_text(coupon, currency)
    return _("Gift: %(goods)s") % {"goods": Truncator(str(coupon.gift)).chars(CHIP)}


def chip_texts(coupon: Coupon, currency: str) -> dict[str, str]:
    """The same in every language, for news that goes to all."""
    said = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            said[language] = chip_text(coupon, currency)
    return said


def gift_text(coupon: Coupon) -> str:
    """The gift that it brings; empty: none."""
    return str(coupon.gift) if coupon.gift else ""


def good_at_text(coupon: Coupon) -> str:
    """Where it is good, in words; empty: everywhere, sent or collected."""
    if not coupon.local:
        return ""
    stores = _(", ").join(store.name for store in coupon.stores.all())
    return _("only collected or at the counter: %(stores)s") % {"stores": stores}


def good_for_text(coupon: Coupon) -> str:
    """The goods that a coupon is good for; empty: all of them."""
    goods = [one.name for one in coupon.categories.all()]
    goods += [one.name for one in coupon.products.all()]
    return _(", ").join(goods)
