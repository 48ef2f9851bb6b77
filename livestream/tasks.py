"""Work that runs without a request. Tasks find rows and call verbs; they hold no rules."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from livestream.services import reminder, room


@shared_task(ignore_result=True)
def announce_rooms() -> None:
    """Tell those who asked that a show starts. Runs every 10 seconds."""
    reminder.announce_rooms(timezone.now())


@shared_task(ignore_result=True)
def sweep_rooms() -> None:
    """Notice lost streams, expire rooms nobody started, end offers whose time is up.

    Runs every 2 seconds.
    """
    from livestream.services.claim import sweep_fair_drops
    from livestream.services.flash import sweep_flash_sales
    from livestream.services.giving_up import warn_of_endings
    from livestream.services.publication import interrupt_silent_rooms
    from livestream.services.rehearsal import close_left_rehearsals

    now = timezone.now()
    interrupt_silent_rooms(now)
    room.sweep_rooms(now)
    warn_of_endings(now)
    sweep_flash_sales(now)
    close_left_rehearsals(now)
    sweep_fair_drops(now)


@shared_task(ignore_result=True)
def tend_streams() -> None:
    """Look after what comes through a media server. Runs every 2 seconds.

    Apart from the other sweeps: the media server may take its time to answer.
    """
    from livestream.services.stream_sweep import tend_streams

    tend_streams(timezone.now())


@shared_task(ignore_result=True)
def sweep_draws() -> None:
    """Close draws whose time is up and draw those that can be. Runs every 2 seconds.

    Apart from the other sweeps: a public beacon may take its time to answer.
    """
    from livestream.services import draw

    draw.sweep_draws(timezone.now())


@shared_task(ignore_result=True)
def finish_replays() -> None:
    """Make the replay of every ended show. Runs every 5 seconds."""
    from livestream.services import replay

    replay.finish_replays()


@shared_task(ignore_result=True)
def make_films() -> None:
    """Write one missing film for download. Runs every 5 seconds.

    Apart from the replays: a film takes its time, and they must not wait for it.
    """
    from livestream.services import replay

    replay.make_films()


@shared_task(ignore_result=True)
def tidy_recordings() -> None:
    """Free the disk of old segments and rehearsals. Runs every hour."""
    from livestream.services import replay

    replay.tidy_recordings(timezone.now())
