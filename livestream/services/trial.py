"""The verbs of a rehearsal's offers: a coupon, a flash sale, a draw, a notice, tried on nobody.

They are asked as those of the show are and refuse what those refuse; what they write is a line of
the rehearsal's own row. No coupon is claimed, no piece is put aside, nobody hears of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from livestream.errors import (
    BadReply,
    DrawRunning,
    DropOver,
    FlashRunning,
    NothingSaid,
    TooFewPieces,
)
from livestream.models import Room, ShelfItem
from livestream.rules.chat import LONGEST_PINNED, clean
from livestream.rules.claim import GATHERS
from livestream.rules.rehearsal import Play
from livestream.rules.trial import Trial, TrialKind
from livestream.selectors.rehearsal import Scene
from livestream.services.draw import draw_terms
from livestream.services.drop import drop_end
from livestream.services.flash import flash_window
from livestream.services.rehearsal import play
from merchants.models import Staff, Variant
from merchants.selectors.stock import free_pieces
from orders.models import Coupon


def try_drop(*, room: Room, coupon: Coupon, minutes: int, fair: bool = False) -> None:
    """As `open_drop`: it takes the place of one that is still tried. Raises WrongState, BadDrop."""
    now = timezone.now()
    ends_at = drop_end(room, coupon, minutes, now)
    waits = GATHERS if fair else timedelta(0)
    told = {"name": coupon.name, "issued": coupon.issued, "claimed": coupon.claimed}

    def act(played: Play, scene: Scene) -> None:
        for before in played.running(TrialKind.DROP, scene.elapsed):
            played.end_trial(TrialKind.DROP, before.key, scene.elapsed)
        left = max(0, coupon.issued - coupon.claimed)
        played.give(_trial(TrialKind.DROP, scene, now + waits, ends_at, left, told))

    play(room=room, act=act)


def try_flash(
    *,
    room: Room,
    item: ShelfItem,
    variant: Variant,
    price: int,
    quota: int,
    per_buyer: int,
    warm_up: int,
    minutes: int,
    pay_first: bool = False,
) -> None:
    """As `announce_flash`; in a crowd that only plays everybody pays first.

    Raises WrongState, BadFlash, FlashRunning or TooFewPieces.
    """
    starts_at, ends_at = flash_window(
        room=room,
        item=item,
        variant=variant,
        price=price,
        quota=quota,
        per_buyer=per_buyer,
        warm_up=warm_up,
        minutes=minutes,
        now=timezone.now(),
    )
    free = free_pieces(room.merchant, [variant.pk]).get(variant.pk, 0)
    told = {"item": item.pk, "variant": variant.pk, "name": str(variant), "price": price}

    def act(played: Play, scene: Scene) -> None:
        tried = played.running(TrialKind.FLASH, scene.elapsed)
        if any(before.told["variant"] == variant.pk for before in tried):
            raise FlashRunning
        if free - scene.gone(item.pk) < quota:
            raise TooFewPieces
        played.give(_trial(TrialKind.FLASH, scene, starts_at, ends_at, quota, told))

    play(room=room, act=act)


def try_draw(*, room: Room, by: Staff | None = None, **terms: Any) -> None:
    """As `open_draw`. Raises WrongState, BadDraw, or DrawRunning while another is tried."""
    prize, _phrase = draw_terms(**terms)
    now = timezone.now()
    ends_at = now + timedelta(minutes=terms["minutes"])

    def act(played: Play, scene: Scene) -> None:
        if played.running(TrialKind.DRAW, scene.elapsed):
            raise DrawRunning
        told = {"prize": prize}
        played.give(_trial(TrialKind.DRAW, scene, now, ends_at, terms["winners"], told))

    play(room=room, act=act)


def end_trial(*, room: Room, kind: TrialKind, key: str) -> None:
    """Taken back, ended, or drawn at once. Raises WrongState, or DropOver of what is over."""

    def act(played: Play, scene: Scene) -> None:
        if not played.end_trial(kind, key, scene.elapsed):
            raise DropOver

    play(room=room, act=act)


def try_notice(*, room: Room, text: str, announce: bool = False) -> None:
    """A line above the chat, an empty one takes it away; or said once in it: to the crew alone.

    Raises WrongState, or NothingSaid.
    """
    words = clean(text)[:LONGEST_PINNED]
    if announce and not words:
        raise NothingSaid

    def act(played: Play, scene: Scene) -> None:
        if announce:
            at = round(scene.elapsed, 3)
            played.say(name="", badge="", text=words, reply=None, at=at, kind="notice")
        else:
            played.pinned = words

    play(room=room, act=act)


def pin_line(played: Play, scene: Scene, line: int) -> None:
    """A line of the crowd stands above the chat. Raises BadReply for one that is not there."""
    words = next((said["text"] for said in scene.said(0) if said["id"] == scene.id_of(line)), None)
    if words is None:
        raise BadReply
    played.pinned = words[:LONGEST_PINNED]


def _trial(
    kind: TrialKind,
    scene: Scene,
    begins: datetime,
    ends: datetime,
    total: int,
    told: dict[str, Any],
) -> Trial:
    began = scene.rehearsal.started_at
    first, last = (round((when - began).total_seconds(), 3) for when in (begins, ends))
    return Trial(kind.value, round(scene.elapsed, 3), first, last, total, told)
