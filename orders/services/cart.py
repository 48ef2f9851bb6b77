"""The verbs of a cart: put in, change, take out what was bought."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from merchants.models import Merchant, Variant
from merchants.rules.stock import MOST_AT_ONCE
from merchants.selectors.stock import free_pieces
from orders.errors import BadBasket, CartFull
from orders.models import CartItem
from orders.rules.cart import MOST_GOODS, together
from orders.services.order import shortage

KEPT = timedelta(days=90)


@transaction.atomic
def put_in_cart(*, merchant: Merchant, device: UUID, variant: Variant, quantity: int) -> CartItem:
    """So many more of a variant. A cart holds nothing back, but it asks for no more than there is.

    Raises BadBasket, CartFull, or OutOfStock saying how many there are.
    """
    if variant.merchant_id != merchant.pk or not 1 <= quantity <= MOST_AT_ONCE:
        raise BadBasket
    item, fresh = CartItem.objects.select_for_update().get_or_create(
        device=device,
        variant=variant,
        defaults={"merchant": merchant, "quantity": quantity, "at": timezone.now()},
    )
    wanted = quantity if fresh else together(item.quantity, quantity)
    if free_pieces(merchant, [variant.pk])[variant.pk] < wanted:
        raise shortage(merchant=merchant, basket={variant.pk: wanted})
    if fresh and CartItem.objects.filter(device=device, merchant=merchant).count() > MOST_GOODS:
        raise CartFull
    if not fresh:
        CartItem.objects.filter(pk=item.pk).update(quantity=wanted, at=timezone.now())
        item.quantity = wanted
    return item


@transaction.atomic
def change_in_cart(*, merchant: Merchant, device: UUID, variant: int, quantity: int) -> None:
    """Have so many of a variant that lies in the cart; 0 takes it out. Raises BadBasket."""
    if not 0 <= quantity <= MOST_AT_ONCE:
        raise BadBasket
    items = CartItem.objects.filter(merchant=merchant, device=device, variant=variant)
    if quantity:
        items.update(quantity=quantity, at=timezone.now())
    else:
        items.delete()


def take_from_cart(*, device: UUID, variants: Iterable[int]) -> None:
    """What was ordered is no longer wished for."""
    CartItem.objects.filter(device=device, variant__in=list(variants)).delete()


def forget_carts(now: datetime) -> int:
    """A wish of a season ago is none; the device may long be somebody else's."""
    return CartItem.objects.filter(at__lt=now - KEPT).delete()[0]
