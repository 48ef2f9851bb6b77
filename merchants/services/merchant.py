"""The verbs that make a merchant: the shop itself, its stores, its staff, its keys."""

from __future__ import annotations

import secrets
from typing import cast

from django.db import transaction
from django.utils.text import slugify

from merchants.errors import LastOwner
from merchants.models import Merchant, MerchantKey, Staff, Store, User
from merchants.rules.address import spell
from merchants.rules.role import Role
from merchants.signals import staff_removed

RESERVED = frozenset({"new", "join"})  # addresses of the dashboard itself


@transaction.atomic
def open_merchant(
    *, owner: User, name: str, store: str, city: str, host_name: str = "", slug: str = ""
) -> Merchant:
    """A new merchant with its first store; `owner` owns it. The name gives a free address."""
    merchant = Merchant.objects.create(name=name, slug=_free_slug(slug or name))
    first = Store.objects.create(merchant=merchant, name=store, city=city)
    place = Staff.objects.create(
        merchant=merchant, user=owner, role=Role.OWNER, host_name=(host_name or str(owner))[:15]
    )
    place.stores.add(first)
    return merchant


def _free_slug(wish: str) -> str:
    slug = slugify(wish)[:30] or f"shop-{spell(secrets.randbits(30), 6)}"
    while slug in RESERVED or Merchant.objects.filter(slug=slug).exists():
        slug = f"{slug[:30]}-{spell(secrets.randbits(20), 4)}"
    return slug


@transaction.atomic
def add_staff(*, merchant: Merchant, user: User, role: Role, host_name: str) -> Staff:
    """Give `user` a place, or change hers. She serves every store until told otherwise."""
    place, _ = Staff.objects.update_or_create(
        merchant=merchant, user=user, defaults={"role": role.value, "host_name": host_name[:15]}
    )
    place.stores.set(merchant.stores.all())
    return place


@transaction.atomic
def remove_staff(*, staff: Staff) -> None:
    """Take a place away; its sockets are told to close. Raises LastOwner."""
    owners = Staff.objects.select_for_update().filter(
        merchant=staff.merchant_id, role=Role.OWNER.value
    )
    if staff.role == Role.OWNER and len(owners) < 2:
        raise LastOwner
    merchant, user = staff.merchant, staff.user
    staff.delete()
    staff_removed.state(merchant=merchant, user=user)


def make_key(*, merchant: Merchant, name: str) -> tuple[MerchantKey, str]:
    """A new API key and its secret, which is shown this once and stored only as a hash."""
    key, secret = MerchantKey.objects.create_key(name=name, merchant=merchant)
    return cast(MerchantKey, key), secret
