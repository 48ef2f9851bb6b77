"""The verbs of reminders."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from livestream.errors import NoContact, WrongState
from livestream.models import Reminder, Room
from livestream.rules.room import RoomState
from merchants.models import Customer
from merchants.rules.notification import Channel
from merchants.services.notification import notify

logger = logging.getLogger(__name__)

AHEAD = timedelta(minutes=10)


@transaction.atomic
def remind(*, room: Room, customer: Customer, email: str, phone: str, language: str) -> Reminder:
    """Tell this shopper when the show starts. Asking again replaces where to reach her.

    An address stands once in a room, whoever typed it: the last one who asked has it.

    Raises NoContact without an address, WrongState once the show has begun.
    """
    if room.shown_state != RoomState.SCHEDULED:
        raise WrongState(_("The show has begun: just watch."))
    if not email and not phone:
        raise NoContact
    others = room.reminders.exclude(customer=customer)
    for name, address in (("email", email), ("phone", phone)):
        if address:
            rest = "phone" if name == "email" else "email"
            others.filter(**{name: address, rest: ""}).delete()
            others.filter(**{name: address}).update(**{name: ""})
    reminder, _made = Reminder.objects.update_or_create(
        room=room,
        customer=customer,
        defaults={"email": email, "phone": phone, "language": language},
    )
    return reminder


def announce_rooms(now: datetime) -> None:
    """Write "it starts" to everybody who asked, ten minutes ahead or when it starts early."""
    soon = Room.objects.waiting().filter(starts_at__lte=now + AHEAD, announced_at__isnull=True)
    begun = Room.objects.on_air().filter(announced_at__isnull=True)
    for room in [*soon, *begun]:
        try:
            _announce(room)
        except Exception:  # its own trouble: the others must not wait for it
            logger.exception("%s could not be announced", room.public_id)


@transaction.atomic
def _announce(room: Room) -> None:
    mine = Room.objects.filter(
        pk=room.pk, starts_at=room.starts_at, announced_at__isnull=True
    ).update(announced_at=timezone.now())
    if not mine:
        return
    for reminder in room.reminders.all():
        try:
            with transaction.atomic(), override(reminder.language):
                _tell(room, reminder)
        except Exception:  # her own trouble: the others are told all the same
            logger.exception("reminder %s could not be sent", reminder.pk)


def _tell(room: Room, reminder: Reminder) -> None:
    about = f"room_starts:{room.public_id}:{room.starts_at:%Y%m%d%H%M}"
    starts = timezone.localtime(room.starts_at)
    text = {"shop": room.merchant.name, "title": room.title, "time": f"{starts:%H:%M}"}
    ways = [(Channel.EMAIL, reminder.email), (Channel.SMS, reminder.phone)]
    for channel, to in ways:
        if not to:
            continue
        notify(
            merchant=room.merchant,
            channel=channel,
            kind="room_starts",
            # Once to an address, however many asked for it.
            key=f"{about}:{hashlib.sha256(to.encode()).hexdigest()[:32]}",
            to=to,
            subject=_("%(shop)s goes live at %(time)s") % text,
            body=_("%(shop)s: “%(title)s” starts at %(time)s. You asked to be told.") % text,
            language=reminder.language,
            path=f"/live/{room.public_id}/",
        )
