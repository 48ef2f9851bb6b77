"""The verbs of what staff add to an order, and of an address that changes before it leaves."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from merchants.models import User
from orders.errors import DearerThere, NotSentThere, WrongState
from orders.models import Order, OrderNote, OrderTag
from orders.rules.line import LineState
from orders.selectors.shipping import parcels_of
from orders.services.order import Contact
from orders.signals import order_noted

MOST_TAGS = 8
STAYS = {LineState.PENDING, LineState.PAID}  # nothing of it has left


@transaction.atomic
def note_order(*, order: Order, text: str, by: User) -> OrderNote:
    """Write something down about an order."""
    note = order.notes.create(text=text.strip()[:600], by=by, at=timezone.now())
    order_noted.state(order=order)
    return note


@transaction.atomic
def tag_order(*, order: Order, names: Iterable[str]) -> None:
    """Have exactly these tags on it, each made on first need."""
    wanted = list(dict.fromkeys(name.strip()[:12] for name in names if name.strip()))[:MOST_TAGS]
    tags = [
        OrderTag.objects.get_or_create(merchant=order.merchant, name=name)[0] for name in wanted
    ]
    order.tags.set(tags)
    order_noted.state(order=order)


@transaction.atomic
def change_address(*, order: Order, contact: Contact, by: User | None) -> Order:
    """Send it to somebody or somewhere else, while nothing of it has left. The old address stays
    in a note. `by` is None if the customer does it: then a parcel there may not cost more.

    Raises WrongState, NotSentThere or DearerThere, and changes nothing.
    """
    if order.is_pickup:
        raise WrongState(_("This order is collected at the shop, not shipped."))
    parcels = parcels_of(order.merchant)
    rate = parcels.rate(contact.region)
    if rate is None:
        raise NotSentThere
    before = parcels.rate(order.region)
    cost = before.price(order.goods) if before else order.shipping
    if by is None and rate.price(order.goods) > cost:
        raise DearerThere
    old = f"{order.name} {order.phone} {order.whole_address}"
    # The guard is in the write: what leaves at this moment is not sent after itself.
    moved = Order.objects.filter(pk=order.pk, state__in=STAYS).update(
        name=contact.name, phone=contact.phone, **contact.place()
    )
    if not moved:
        order.refresh_from_db(fields=["state"])
        raise WrongState(
            _("This order is “%(now)s”; its address can no longer be changed.")
            % {"now": order.state_word}
        )
    order.refresh_from_db()
    with override(settings.LANGUAGE_CODE):  # colleagues read it
        words = _("The address was changed. Before: %(old)s") % {"old": old}
    order.notes.create(text=words, by=by, at=timezone.now())
    order_noted.state(order=order)
    return order
