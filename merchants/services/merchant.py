"""The verbs of a merchant: it opens with its first store, says what it is, gives keys."""

from __future__ import annotations

import secrets
from typing import cast

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from merchants.errors import Taken
from merchants.models import Merchant, MerchantKey, Staff, Store, User
from merchants.rules.address import spell
from merchants.rules.role import Role

RESERVED = frozenset({"new", "join"})  # addresses of the dashboard itself


@transaction.atomic
def open_merchant(
    *, owner: User, name: str, store: str, city: str, host_name: str = "", slug: str = ""
) -> Merchant:
    """A new merchant with its first store; `owner` owns it. The name gives a free address."""
    merchant = _named(name, slug or name)
    first = Store.objects.create(merchant=merchant, name=store, city=city)
    place = Staff.objects.create(
        merchant=merchant, user=owner, role=Role.OWNER, host_name=(host_name or str(owner))[:15]
    )
    place.stores.add(first)
    return merchant


def _named(name: str, wish: str) -> Merchant:
    """A row with the first free address; the constraint decides, for two may wish at once."""
    slug = slugify(wish)[:30] or f"shop-{spell(secrets.randbits(30), 6)}"
    for taken in range(20):
        address = f"{slug}-{spell(secrets.randbits(20), 4)}" if taken else slug
        if address in RESERVED:
            continue
        try:
            with transaction.atomic():
                return Merchant.objects.create(name=name, slug=address)
        except IntegrityError:
            continue
    raise Taken


@transaction.atomic
def change_merchant(
    *,
    merchant: Merchant,
    name: str,
    tagline: str,
    shipping_fee: int,
    free_shipping_from: int,
    country: str,
    logo: File | None = None,
) -> Merchant:
    """The shop calls itself so, and its parcels cost so; no `logo` keeps the one that it has.

    Nothing else of the row is written: a badge may be given or taken while a picture is read.
    """
    words = {"name": name, "tagline": tagline, "country": country}
    prices = {"shipping_fee": shipping_fee, "free_shipping_from": free_shipping_from}
    changes = words | prices | ({"logo": logo} if logo else {})
    for field, value in changes.items():
        setattr(merchant, field, value)
    merchant.save(update_fields=list(changes))
    return merchant


def make_key(*, merchant: Merchant, name: str) -> tuple[MerchantKey, str]:
    """A new API key and its secret, which is shown this once and stored only as a hash."""
    key, secret = MerchantKey.objects.create_key(name=name, merchant=merchant)
    return cast(MerchantKey, key), secret
