"""One live show, from draft to replay."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from livestream.rules.room import (
    GRACE_MINUTES,
    LONGEST_SHOW,
    ON_AIR,
    OVER,
    PAUSE_MINUTES,
    PUBLIC,
    SOON,
    RoomState,
    gives_up_at,
)
from merchants.models import Merchant, Product, Staff
from merchants.models.address import short_id

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from livestream.models.chat import Message
    from livestream.models.draw import Draw
    from livestream.models.drop import Drop
    from livestream.models.flash import FlashSale
    from livestream.models.publication import Publication, StreamKey
    from livestream.models.question import Question

STATE_LABELS = {
    RoomState.DRAFT.value: _("Draft"),
    RoomState.SCHEDULED.value: _("Scheduled"),
    RoomState.REHEARSING.value: _("Rehearsal"),
    RoomState.LIVE.value: _("Live"),
    RoomState.PAUSED.value: _("Paused"),
    RoomState.INTERRUPTED.value: _("Reconnecting"),
    RoomState.ENDED.value: _("Ended"),
    RoomState.EXPIRED.value: _("Expired"),
    RoomState.CANCELLED.value: _("Cancelled"),
    RoomState.BANNED.value: _("Banned"),
}


def cover_path(room: Room, filename: str) -> str:
    """A random name: the uploaded one is never trusted."""
    return f"covers/{uuid.uuid4().hex}.webp"


VISIBILITIES = {"listed": _("Listed"), "link": _("With the link only")}


class RoomQuerySet(models.QuerySet["Room"]):
    def public(self) -> RoomQuerySet:
        """Rooms whose address answers a shopper: one that is announced also while it rehearses."""
        rehearsed = Q(state=RoomState.REHEARSING, scheduled_at__isnull=False)
        return self.filter(Q(state__in=PUBLIC) | rehearsed)

    def waiting(self) -> RoomQuerySet:
        """Announced and not begun, as shoppers see it."""
        rehearsed = Q(state=RoomState.REHEARSING, scheduled_at__isnull=False)
        return self.filter(Q(state=RoomState.SCHEDULED) | rehearsed)

    def listed(self) -> RoomQuerySet:
        """Public rooms that lists and searches may name; the others open by their address."""
        return self.public().filter(visibility="listed")

    def on_air(self) -> RoomQuerySet:
        """Live, paused or interrupted."""
        return self.filter(state__in=ON_AIR)


class Room(models.Model):
    """`state` is written only by livestream.services.room.

    `epoch` and `publisher` are the fence of the stream: an event that carries an older epoch
    changes nothing. `media_at` is when media last arrived, `rehearsed_at` when it last did in a
    rehearsal.
    """

    public_id = models.CharField(max_length=10, unique=True, default=short_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="rooms")
    host = models.ForeignKey(
        Staff, models.SET_NULL, null=True, related_name="rooms", verbose_name=_("host")
    )
    backup = models.ForeignKey(
        Staff,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("backup host"),
    )
    assistants = models.ManyToManyField(
        Staff, blank=True, related_name="assisted_rooms", verbose_name=_("assistants")
    )
    title = models.CharField(_("title"), max_length=34)
    visibility = models.CharField(
        _("who finds it"), max_length=6, choices=VISIBILITIES, default="listed"
    )
    cover = models.ImageField(_("cover"), upload_to=cover_path, blank=True)
    cover_thumb = models.ImageField(upload_to=cover_path, blank=True, editable=False)
    starts_at = models.DateTimeField(_("starts"))
    state = models.CharField(
        _("state"),
        max_length=11,
        choices=STATE_LABELS,
        default=RoomState.DRAFT.value,
        editable=False,
    )
    scheduled_at = models.DateTimeField(_("announced"), null=True, blank=True, editable=False)
    rehearsed_at = models.DateTimeField(_("rehearsed"), null=True, blank=True, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    pinned = models.CharField(_("pinned message"), max_length=80, blank=True)
    muted = models.BooleanField(_("chat closed"), default=False)
    slow_seconds = models.PositiveSmallIntegerField(
        _("slow mode"), default=0, help_text=_("Seconds between two lines of one guest; 0: off.")
    )
    holds_chat = models.BooleanField(_("lines wait for approval"), default=False)
    grace_minutes = models.PositiveSmallIntegerField(
        _("goes on without a picture"),
        default=GRACE_MINUTES,
        help_text=_("Minutes after which a lost show ends by itself; 0: never."),
    )
    pause_minutes = models.PositiveSmallIntegerField(
        _("waits while paused"),
        default=PAUSE_MINUTES,
        help_text=_("Minutes after which a paused show ends by itself; 0: never."),
    )
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True, editable=False)
    interrupted_at = models.DateTimeField(_("picture lost"), null=True, blank=True, editable=False)
    likes = models.PositiveBigIntegerField(_("likes"), default=0, editable=False)
    viewers_peak = models.PositiveIntegerField(_("most viewers"), default=0, editable=False)
    provider = models.CharField(max_length=20, default="embedded", editable=False)
    epoch = models.PositiveIntegerField(default=0, editable=False)
    publisher = models.UUIDField(null=True, blank=True, editable=False)
    media_at = models.DateTimeField(null=True, blank=True, editable=False)
    announced_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RoomQuerySet.as_manager()
    if TYPE_CHECKING:
        items: RelatedManager[ShelfItem]
        spotlights: RelatedManager[Spotlight]
        messages: RelatedManager[Message]
        drops: RelatedManager[Drop]
        draws: RelatedManager[Draw]
        flash_sales: RelatedManager[FlashSale]
        questions: RelatedManager[Question]
        publications: RelatedManager[Publication]
        stream_keys: RelatedManager[StreamKey]

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "starts_at"])]

    def __str__(self) -> str:
        return self.title

    @property
    def shown_state(self) -> RoomState:
        """The state that shoppers are told: a rehearsal is nobody's business but the shop's."""
        if self.state != RoomState.REHEARSING:
            return RoomState(self.state)
        return RoomState.SCHEDULED if self.scheduled_at else RoomState.DRAFT

    @property
    def is_on_air(self) -> bool:
        return self.state in ON_AIR

    @property
    def gives_up_at(self) -> datetime | None:
        """When the sweep ends it while it rests, if nobody goes on with it."""
        match self.state:
            case RoomState.PAUSED:
                at = gives_up_at(self.paused_at, self.pause_minutes)
            case RoomState.INTERRUPTED:
                at = gives_up_at(self.interrupted_at or self.media_at, self.grace_minutes)
            case _:
                return None
        longest = self.started_at + LONGEST_SHOW if self.started_at else None
        return min((one for one in (at, longest) if one), default=None)

    @property
    def gives_up_soon(self) -> bool:
        """Whether that is so near that its staff should be told."""
        at = self.gives_up_at
        return at is not None and at - timezone.now() <= SOON

    @property
    def is_over(self) -> bool:
        """It never goes on air again."""
        return self.state in OVER

    @property
    def host_name(self) -> str:
        return self.host.host_name if self.host else self.merchant.name


class ShelfItem(models.Model):
    """A product on the shelf of a room, with its run-sheet notes.

    `live_price` is that of the cheapest variant; the others are cheaper by the same amount
    (livestream.rules.price).
    """

    room = models.ForeignKey(Room, models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, models.CASCADE, related_name="shelf_items")
    position = models.PositiveSmallIntegerField(_("position"))
    live_price = models.PositiveBigIntegerField(
        _("live price"),
        null=True,
        blank=True,
        help_text=_("For every variant while the room is on air; in minor units."),
    )
    notes = models.TextField(_("talking points"), max_length=1000, blank=True)
    objection = models.CharField(_("what they object"), max_length=200, blank=True)
    minutes = models.PositiveSmallIntegerField(_("planned minutes"), null=True, blank=True)

    class Meta:
        verbose_name = _("shelf item")
        verbose_name_plural = _("shelf items")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["room", "product"], name="once_on_the_shelf")
        ]

    def __str__(self) -> str:
        return str(self.product)


class Spotlight(models.Model):
    """The interval in which one shelf item is being explained; a chapter of the replay."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="spotlights")
    item = models.ForeignKey(ShelfItem, models.CASCADE, related_name="spotlights")
    opened_at = models.DateTimeField(_("from"))
    closed_at = models.DateTimeField(_("to"), null=True, blank=True)

    class Meta:
        verbose_name = _("spotlight")
        verbose_name_plural = _("spotlights")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["room"], condition=Q(closed_at__isnull=True), name="one_open_spotlight"
            )
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.opened_at:%H:%M:%S}"
