"""What is given away in a rehearsal, shaped as the console lists the real ones: all invented."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from livestream.rules.rehearsal import Play
from livestream.rules.trial import Trial, TrialKind


def stage(play: Play, elapsed: float, began: datetime) -> dict[str, Any]:
    """The running coupons and flash sales, and all draws, the newest first."""
    offered = play.offered()
    on = [one for one in offered if one.is_on(elapsed)]
    return {
        "drops": [_drop(one, elapsed, began) for one in on if one.kind == TrialKind.DROP],
        "flash_sales": [_flash(one, elapsed, began) for one in on if one.kind == TrialKind.FLASH],
        "draws": [
            _draw(one, elapsed, began) for one in offered[::-1] if one.kind == TrialKind.DRAW
        ],
    }


def stirred(play: Play, after: float, elapsed: float) -> bool:
    """Whether the crowd has taken of something since then, or the time of it is up."""
    return any(
        (one.taken(after), one.is_on(after)) != (one.taken(elapsed), one.is_on(elapsed))
        for one in play.offered()
    )


def _drop(one: Trial, elapsed: float, began: datetime) -> Any:
    claimed = one.told["claimed"] + one.taken(elapsed)
    coupon = SimpleNamespace(name=one.told["name"], issued=one.told["issued"], claimed=claimed)
    ends_at = began + timedelta(seconds=one.ends)
    return SimpleNamespace(public_id=one.key, coupon=coupon, ends_at=ends_at)


def _flash(one: Trial, elapsed: float, began: datetime) -> Any:
    sold = one.taken(elapsed)
    return SimpleNamespace(
        public_id=one.key,
        variant=one.told["name"],
        price=one.told["price"],
        quota=one.total,
        sold=sold,
        left=one.total - sold,
        starts_at=began + timedelta(seconds=one.begins),
        ends_at=began + timedelta(seconds=one.ends),
    )


def _draw(one: Trial, elapsed: float, began: datetime) -> Any:
    is_open = one.is_on(elapsed)
    return SimpleNamespace(
        public_id=one.key,
        prize=one.told["prize"],
        winners=one.total,
        entry_count=one.taken(elapsed),
        is_open=is_open,
        is_drawn=not is_open,
        closes_at=began + timedelta(seconds=one.ends),
        won=one.winners(elapsed),
    )
