"""What remains of a show: the segments it was made of, readable from the first second."""

from __future__ import annotations

import logging
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from livestream import broadcast
from livestream.media import film
from livestream.media import takes as joined
from livestream.media.claim import alone
from livestream.media.reel import end_reel, thin
from livestream.models import Replay, Room
from livestream.models.publication import EMBEDDED, EXPIRED
from livestream.rules.playlist import runs, total_ms
from livestream.rules.room import RoomState
from livestream.services.take import keep_late_takes, runs_of, takes_of, waits_for_takes

logger = logging.getLogger(__name__)

REHEARSAL_FOR = timedelta(hours=1)  # nobody has written to it for so long
TAKES_COME = timedelta(seconds=20)  # in which a media server hands over what it recorded
DISK_FULL = "disk full"
TRY_FOR = timedelta(days=1)  # how long a sweep keeps trying to make a film of an ended show


def make_replay(*, room: Room) -> Replay:
    """Close the playlists of an ended room; its replay is playable when this returns.

    A show that never had a picture has a failed replay. Safe to call again. Not a transaction:
    the files are the work, and the row only says that they are there.
    """
    segments = end_reel(Path(settings.LIVE_ROOT) / room.public_id)
    now = timezone.now()
    if not segments and _awaits_takes(room, now):
        return Replay.objects.get_or_create(room=room)[0]
    replay, _ = Replay.objects.update_or_create(
        room=room,
        defaults={
            "state": "ready" if segments else "failed",
            "duration_ms": total_ms(segments),
            "path": f"{room.public_id}/vod.m3u8" if segments else "",
            "trouble": "" if segments else "no media",
            "ready_at": now if segments else None,
            "runs": runs(segments),
        },
    )
    if segments:
        broadcast.tell(room, {"type": "replay.ready", "room": room.public_id})
    return replay


def _awaits_takes(room: Room, now: datetime) -> bool:
    """A media server's recordings are still to come, or to be made the film."""
    if takes_of(room) or waits_for_takes(room, now):
        return True
    young = room.ended_at is not None and room.ended_at > now - TAKES_COME
    return young and room.publications.exclude(provider=EMBEDDED).exists()


def make_film_of_takes(*, room: Room) -> Replay:
    """The replay of a show that came through a media server: what that recorded, as one film.

    Where the disk has no room for it the replay is still processing, and the sweep comes again.
    """
    folder, takes = Path(settings.LIVE_ROOT) / room.public_id, takes_of(room)
    state: dict[str, Any] = {"state": "failed"}
    try:
        made = joined.write(folder, takes)
        state = {"state": "ready", "duration_ms": film.length_ms(made), "trouble": ""}
        state |= {"runs": runs_of(takes)}
        state |= {"path": f"{room.public_id}/{film.NAME}", "ready_at": timezone.now()}
    except film.GivenUp:
        return Replay.objects.get_or_create(room=room)[0]
    except film.DiskFull:
        return _wait_for_disk(room)
    except Exception as failure:  # trying the same again will not mend it
        logger.warning("no film of %s", room.public_id, exc_info=True)
        state["trouble"] = type(failure).__name__
    replay, _ = Replay.objects.update_or_create(room=room, defaults=state)
    if replay.state == "ready":
        for take in takes:
            take.unlink(missing_ok=True)
        broadcast.tell(room, {"type": "replay.ready", "room": room.public_id})
    return replay


def _wait_for_disk(room: Room) -> Replay:
    replay, _ = Replay.objects.get_or_create(room=room)
    if replay.trouble != DISK_FULL:  # said once, however often it is tried
        logger.warning("the disk has no room for the film of %s", room.public_id)
        replay.trouble = DISK_FULL
        replay.save(update_fields=["trouble"])
    return replay


def make_film(*, replay: Replay) -> bool:
    """Write the replay as one MP4 beside its segments, for download; answers whether it is there.

    One that cannot be made stays a playlist: `trouble` says why.
    """
    folder = Path(settings.LIVE_ROOT) / replay.room.public_id
    try:
        film.write(folder)
    except film.GivenUp:
        return False
    except Exception as failure:  # whatever it is, trying the same again and again will not mend it
        logger.warning("no film of %s", replay.room.public_id, exc_info=True)
        Replay.objects.filter(pk=replay.pk).update(
            trouble=(str(failure) or type(failure).__name__)[:300]
        )
        return False
    return True


def finish_replays() -> int:
    """Make the replay of every ended room. Answers how many. Safe to run twice at once."""
    with alone(Path(settings.LIVE_ROOT) / ".replay.lock") as mine:
        if mine:
            keep_late_takes()
            return _make_replays()
    return 0


def make_films() -> int:
    """Make one film that is missing; answers how many. It takes minutes, or hours where a picture
    is encoded anew, so that it is a duty of its own. Whoever comes meanwhile returns.
    """
    with alone(Path(settings.LIVE_ROOT) / ".film.lock") as mine:
        return _make_one_film() if mine else 0


def tidy_recordings(now: datetime) -> int:
    """Free the disk of what nobody needs. Answers how many folders were tidied.

    Of a show that ended LIVE_KEEP_SEGMENTS days ago and whose film is made, the film stays and is
    the replay from then on; after LIVE_KEEP_FILMS days that goes as well, and what a banned show
    left after LIVE_KEEP_BANNED. Of a rehearsal nothing stays. Safe to run twice, and to be killed.
    """
    root = Path(settings.LIVE_ROOT)
    done = 0
    with alone(root / ".tidy.lock") as mine:
        if mine:
            done = _thin_shows(root, now) + _forget_rehearsals(root, now)
            done += _forget_films(root, now) + _forget_banned(root, now)
    return done


def _thin_shows(root: Path, now: datetime) -> int:
    if not settings.LIVE_KEEP_SEGMENTS:
        return 0
    old = now - timedelta(days=settings.LIVE_KEEP_SEGMENTS)
    over = Replay.objects.filter(
        state="ready", room__state=RoomState.ENDED, room__ended_at__lt=old
    ).select_related("room")
    done = 0
    for replay in over:
        folder = root / replay.room.public_id
        if not (folder / "vod.m3u8").exists() or not (folder / film.NAME).exists():
            continue
        try:
            path = f"{replay.room.public_id}/{film.NAME}"
            Replay.objects.filter(pk=replay.pk).update(path=path)  # pages play the film from now on
            thin(folder, film=film.NAME)
            done += 1
        except OSError:  # its own trouble: the others must not wait for it
            logger.exception("%s could not be tidied", replay.room.public_id)
    return done


def _forget_films(root: Path, now: datetime) -> int:
    if not settings.LIVE_KEEP_FILMS:
        return 0
    old = now - timedelta(days=settings.LIVE_KEEP_FILMS)
    over = Replay.objects.filter(state="ready", room__state=RoomState.ENDED, room__ended_at__lt=old)
    done = 0
    for replay in over.select_related("room"):
        gone = {"state": "failed", "path": "", "trouble": EXPIRED}
        Replay.objects.filter(pk=replay.pk).update(**gone)  # pages offer it no longer
        shutil.rmtree(root / replay.room.public_id, ignore_errors=True)
        done += 1
    return done


def _forget_banned(root: Path, now: datetime) -> int:
    if not settings.LIVE_KEEP_BANNED:
        return 0
    done = 0
    for folder in (root / ".banned").glob("*"):
        touched = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        if now - touched > timedelta(days=settings.LIVE_KEEP_BANNED):
            shutil.rmtree(folder, ignore_errors=True)
            done += 1
    return done


def _forget_rehearsals(root: Path, now: datetime) -> int:
    done = 0
    for folder in (root / ".rehearsal").glob("*"):
        touched = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        if now - touched < REHEARSAL_FOR:
            continue
        if not Room.objects.filter(public_id=folder.name, state=RoomState.REHEARSING).exists():
            shutil.rmtree(folder, ignore_errors=True)
            done += 1
    return done


def _make_replays() -> int:
    done = 0
    for room in Room.objects.filter(_without_replay(), state=RoomState.ENDED):
        try:
            make_replay(room=room)
            done += 1
        except Exception:  # its own trouble: the others must not wait for it
            logger.exception("no replay of %s", room.public_id)
    return done


def _make_one_film() -> int:
    now = timezone.now()
    recent = now - TRY_FOR
    recorded = Room.objects.filter(_without_replay(), ended_at__lt=now - TAKES_COME)
    for room in recorded.filter(state=RoomState.ENDED):
        if not takes_of(room) or waits_for_takes(room, now):
            continue
        if make_film_of_takes(room=room).state != "processing":
            return 1  # one at a time; who waits for the disk keeps nobody waiting
    waiting = Replay.objects.filter(
        state="ready", trouble="", ready_at__gt=recent, room__state=RoomState.ENDED
    )
    for replay in waiting.select_related("room"):
        if not (Path(settings.LIVE_ROOT) / replay.room.public_id / film.NAME).exists():
            return int(make_film(replay=replay))  # one at a time: the sweep comes again
    return 0


def _without_replay() -> Q:
    return Q(replay=None) | Q(replay__state="processing")


def has_film(room: Room) -> bool:
    """Whether the film of a show is made: that takes minutes after its replay."""
    made = Path(settings.LIVE_ROOT) / room.public_id / film.NAME
    return room.state == RoomState.ENDED and made.exists()


def film_comes(replay: Replay | None, now: datetime) -> bool:
    """Whether the film may still be made: a sweep tries for a day."""
    ready = replay.ready_at if replay else None
    return ready is not None and ready > now - TRY_FOR
