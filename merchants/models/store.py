"""A physical shop of a merchant."""

from __future__ import annotations

from datetime import datetime
from functools import reduce

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.models.merchant import Merchant
from merchants.rules.hours import ALL_DAY, DAYS, Day, fold, open_now, said

SHORT_DAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


class StoreManager(models.Manager["Store"]):
    def get_queryset(self) -> models.QuerySet[Store]:
        return super().get_queryset().filter(closed_at__isnull=True)


class Store(models.Model):
    """Where stock lies and where customers may collect.

    `week` is as merchants.rules.hours says: empty, or seven days from Monday on. A store that was
    closed for good has `closed_at`: the ledger and past orders still name it, and nothing else
    finds it, for `objects` and every list of stores leave it out.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="stores")
    name = models.CharField(_("name"), max_length=40)
    city = models.CharField(_("city"), max_length=40)
    address = models.CharField(_("address"), max_length=120, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    week = models.JSONField(_("opening hours"), default=list, blank=True)
    hours_note = models.CharField(_("about the opening hours"), max_length=80, blank=True)
    latitude = models.DecimalField(
        _("latitude"), max_digits=9, decimal_places=6, null=True, blank=True
    )
    longitude = models.DecimalField(
        _("longitude"), max_digits=9, decimal_places=6, null=True, blank=True
    )
    pickup = models.BooleanField(_("customers may collect here"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    closed_at = models.DateTimeField(_("closed since"), null=True, editable=False)

    objects = StoreManager()
    whole = models.Manager()  # noqa: DJ012

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["merchant", "name"], name="store_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def hours(self) -> str:
        """When it is open, in words: the week, then what was noted about it."""
        return " · ".join(filter(None, [spoken(self.week), self.hours_note]))

    def open_at(self, here: datetime) -> bool | None:
        """Whether it is open at a moment of its own clock; None: nobody has said."""
        return open_now(self.week, here.weekday(), f"{here:%H:%M}")

    @property
    def place(self) -> str:
        """Latitude and longitude as a person would paste them."""
        if self.latitude is None or self.longitude is None:
            return ""
        return f"{self.latitude.normalize():f}, {self.longitude.normalize():f}"


def spoken(week: list[Day]) -> str:
    """A week in the reader's words: "Mon–Fri 9:00–21:00, closed on Sun"."""
    kinds = [_kind(day, days) for day, days in fold(week)]
    return reduce(
        lambda one, more: _("%(one)s, %(more)s") % {"one": one, "more": more}, kinds or [""]
    )


def _kind(day: Day, days: list[tuple[int, int]]) -> str:
    names = str(_(", ")).join(_run(first, last) for first, last in days)
    if day is None:
        if days == [(0, DAYS - 1)]:
            return str(_("closed"))
        return _("closed on %(days)s") % {"days": names}
    times = _("around the clock") if tuple(day) == ALL_DAY else f"{said(day[0])}–{said(day[1])}"
    return f"{names} {times}"


def _run(first: int, last: int) -> str:
    if (first, last) == (0, DAYS - 1):
        return str(_("Every day"))
    if first == last:
        return str(SHORT_DAYS[first])
    words = {"first": SHORT_DAYS[first], "last": SHORT_DAYS[last]}
    return _("%(first)s–%(last)s") % words
