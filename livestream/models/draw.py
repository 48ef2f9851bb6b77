"""A lucky draw that anyone can check afterwards, and those who took part."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from livestream.models.room import Room
from livestream.rules.chat import masked
from livestream.rules.draw import LONGEST_PHRASE, LONGEST_PRIZE, DrawState, EntryBy
from merchants.models import Customer, Merchant, Staff
from merchants.models.address import short_id


class Draw(models.Model):
    """open → closed → drawn. `commitment` (SHA-256 of `seed`) is public from the opening on,
    `entries_hash` from the closing on, `seed` and the beacon's value from the drawing on.
    """

    STATES = {
        DrawState.OPEN.value: _("Taking entries"),
        DrawState.CLOSED.value: _("Closed"),
        DrawState.DRAWN.value: _("Drawn"),
    }
    WAYS = {
        EntryBy.COMMENT.value: _("By a comment"),
        EntryBy.FOLLOW.value: _("By following the shop"),
        EntryBy.PURCHASE.value: _("By an order in this show"),
        EntryBy.WATCH.value: _("By watching"),
    }

    public_id = models.CharField(max_length=10, unique=True, default=short_id, editable=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="draws")
    prize = models.CharField(_("prize"), max_length=LONGEST_PRIZE)
    prize_value = models.PositiveBigIntegerField(
        _("worth"), default=0, help_text=_("Of one prize, in minor units.")
    )
    winners = models.PositiveSmallIntegerField(_("winners"))
    entry_by = models.CharField(_("who takes part"), max_length=8, choices=WAYS)
    phrase = models.CharField(_("what to write"), max_length=LONGEST_PHRASE, blank=True)
    watch_minutes = models.PositiveSmallIntegerField(_("minutes to watch"), default=0)
    state = models.CharField(_("state"), max_length=6, choices=STATES, default=DrawState.OPEN.value)
    opened_by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField(_("from"))
    closes_at = models.DateTimeField(_("to"))
    closed_at = models.DateTimeField(_("entries closed"), null=True, blank=True)
    drawn_at = models.DateTimeField(_("drawn"), null=True, blank=True)
    commitment = models.CharField(_("commitment"), max_length=64)
    seed = models.CharField(max_length=64)
    entry_count = models.PositiveIntegerField(_("entries"), default=0)
    entries_hash = models.CharField(_("hash of the entries"), max_length=64, blank=True)
    beacon = models.CharField(_("beacon"), max_length=40, blank=True)
    beacon_round = models.PositiveBigIntegerField(_("beacon round"), null=True, blank=True)
    beacon_value = models.CharField(_("beacon value"), max_length=128, blank=True)

    class Meta:
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["room"], condition=Q(state="open"), name="one_open_draw"
            ),
            models.CheckConstraint(condition=Q(winners__gt=0), name="draw_has_winners"),
        ]

    def __str__(self) -> str:
        return f"{self.prize} · {self.room}"

    @property
    def is_open(self) -> bool:
        """Not yet closed; its time may be up all the same."""
        return self.state == DrawState.OPEN

    @property
    def is_drawn(self) -> bool:
        return self.state == DrawState.DRAWN


class Entry(models.Model):
    """One shopper in one draw. `handle` is how the public list names her; it says nothing of who
    she is, and only she and the shop know that it is hers.
    """

    draw = models.ForeignKey(Draw, models.CASCADE, related_name="entries")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="entries")
    handle = models.CharField(max_length=32)
    name = models.CharField(_("name"), max_length=20, blank=True)
    at = models.DateTimeField(_("at"))
    place = models.PositiveSmallIntegerField(_("won as"), null=True, blank=True)
    claim_by = models.DateTimeField(_("to be claimed by"), null=True, blank=True)
    claimed_at = models.DateTimeField(_("claimed"), null=True, blank=True)
    contact_name = models.CharField(_("name"), max_length=40, blank=True)
    contact_phone = models.CharField(_("phone"), max_length=20, blank=True)
    contact_address = models.CharField(_("address"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["draw", "customer"], name="entered_once"),
            models.UniqueConstraint(fields=["draw", "handle"], name="handle_once"),
            models.UniqueConstraint(
                fields=["draw", "place"], condition=Q(place__isnull=False), name="place_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.draw}"

    @property
    def masked(self) -> str:
        """How she is named to others."""
        return masked(self.name)


class Follow(models.Model):
    """A shopper who follows a shop."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="follows")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="follows")
    at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("follow")
        verbose_name_plural = _("follows")
        constraints = [
            models.UniqueConstraint(fields=["merchant", "customer"], name="followed_once")
        ]

    def __str__(self) -> str:
        return f"{self.customer} · {self.merchant}"
