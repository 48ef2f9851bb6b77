"""The verbs of the outbox: write news beside the fact, then deliver it once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import override

from merchants.channels import deliver
from merchants.models import Merchant, Notification, Staff, Store
from merchants.models.notification import MANY
from merchants.rules.notification import Channel, wait_after
from merchants.signals import notice_created

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class News:
    """One piece of news, not yet written. The same `key` on the same channel is the same news.

    A notice of some `stores` concerns managers, and the clerks who serve one of them.
    """

    channel: Channel
    kind: str
    key: str
    subject: str
    body: str
    language: str
    to: str = ""
    path: str = ""
    due_at: datetime | None = None
    stores: tuple[Store, ...] = ()

    def row(self, merchant: Merchant) -> Notification:
        due = self.due_at or timezone.now()
        return Notification(
            key=f"{self.channel.value}:{self.key}",
            merchant=merchant,
            channel=self.channel.value,
            kind=self.kind,
            to=self.to,
            language=self.language,
            subject=" ".join(self.subject.split()),  # a line break would end a mail header
            body=self.body,
            path=self.path,
            due_at=due,
            sent_at=due if self.channel is Channel.IN_APP else None,  # there at once
        )


def write_news(*, merchant: Merchant, news: Sequence[News]) -> list[Notification]:
    """Write news in the caller's transaction, all of it in one question; as many rows, in order.

    News that was told before changes nothing: its row is as it was.
    """
    rows = [one.row(merchant) for one in news]
    try:
        with transaction.atomic():
            Notification.objects.bulk_create(rows)
    except IntegrityError:  # told before, all or some of it
        return [_write(one, one.row(merchant)) for one in news]
    for one, row in zip(news, rows, strict=True):
        _follow(one, row)
    return rows


def _write(news: News, row: Notification) -> Notification:
    """One alone: another process may be telling the same at this moment."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return Notification.objects.get(key=row.key)
    _follow(news, row)
    return row


def _follow(news: News, row: Notification) -> None:
    """Whom a new notice concerns, and the bell."""
    if news.stores:
        row.stores.add(*news.stores)
    if news.channel is Channel.IN_APP:
        notice_created.state(notification=row)


def notify(*, merchant: Merchant, **news: Any) -> Notification:
    """`write_news` for one; `news` are the fields of News."""
    (row,) = write_news(merchant=merchant, news=[News(**news)])
    return row


def notify_all(*, merchant: Merchant, **words: Any) -> Notification:
    """`write_news` for one notice on the dashboard; `words` are those of `notice`."""
    (row,) = write_news(merchant=merchant, news=[notice(**words)])
    return row


def told_before(keys: Iterable[str]) -> set[str]:
    """Which of these keys have a notice on the dashboard: so many need not be tried again."""
    mark = f"{Channel.IN_APP.value}:"
    rows = Notification.objects.filter(key__in=[mark + key for key in keys])
    return {key.removeprefix(mark) for key in rows.values_list("key", flat=True)}


def notice(
    *,
    kind: str,
    key: str,
    say: Callable[[], tuple[str, str]],
    path: str = "",
    stores: Iterable[Store] = (),
) -> News:
    """A notice on the dashboard for whoever works there, or whom `stores` concern, each in the
    language she reads.

    `say` gives subject and text; it is asked once per language of the house.
    """
    words: dict[str, tuple[str, str]] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            subject, text = say()
        words[language] = (" ".join(subject.split()), text)
    return News(
        channel=Channel.IN_APP,
        kind=kind,
        key=key,
        subject=words[settings.LANGUAGE_CODE][0],
        body=json.dumps(words, ensure_ascii=False),
        language=MANY,
        path=path,
        stores=tuple(stores),
    )


def due(now: datetime, limit: int = 100) -> list[int]:
    """Ids of the news that wait for a worker, oldest first."""
    waiting = Notification.objects.filter(
        Q(claimed_until__isnull=True) | Q(claimed_until__lte=now),
        due_at__lte=now,
        sent_at__isnull=True,
        given_up_at__isnull=True,
    )
    return list(waiting.order_by("due_at").values_list("pk", flat=True)[:limit])


def send(pk: int) -> bool:
    """Deliver one piece of news if nobody else is doing so. True if it went out now.

    Claim, deliver, mark: three steps, for a gateway must not be called inside a transaction.
    Promised: nothing is lost, whenever a worker is killed; its lease (NOTIFICATION_LEASE, longer
    than any gateway's time limit) runs out and the next worker delivers. Killed before the gateway
    has accepted, it goes out once. Killed between that and the mark, it goes out again: nobody can
    promise otherwise from this side. Both copies carry the same `key` (Message-ID for mail), so
    once is a promise only of a gateway that looks at it, and a mail server need not.
    """
    now = timezone.now()
    mine = Notification.objects.filter(
        Q(claimed_until__isnull=True) | Q(claimed_until__lte=now),
        pk=pk,
        sent_at__isnull=True,
        given_up_at__isnull=True,
    ).update(
        claimed_until=now + timedelta(seconds=settings.NOTIFICATION_LEASE),
        attempts=F("attempts") + 1,
    )
    if not mine:
        return False
    notification = Notification.objects.select_related("merchant").get(pk=pk)
    try:
        deliver(notification)
    except Exception as trouble:  # any gateway failure is the same to us: try again later
        logger.warning("notification %s failed: %s", pk, trouble)
        _postpone(notification, str(trouble))
        return False
    Notification.objects.filter(pk=pk).update(sent_at=timezone.now(), claimed_until=None)
    return True


def _postpone(notification: Notification, trouble: str) -> None:
    wait = wait_after(notification.attempts)
    now = timezone.now()
    # Only while the claim is ours: one that ran out may be another worker's by now.
    Notification.objects.filter(
        pk=notification.pk, claimed_until=notification.claimed_until
    ).update(
        claimed_until=None,
        trouble=trouble[:300],
        **({"due_at": now + wait} if wait else {"given_up_at": now}),
    )


@transaction.atomic
def read_notices(*, staff: Staff) -> int:
    """Mark every notice that she sees as read. Returns how many were not."""
    mine = Notification.objects.for_staff(staff).filter(read_at__isnull=True)
    return mine.update(read_at=timezone.now())
