"""Who watches in this process, each once: however many tabs a device has open, it is one viewer.

A socket without a device (nobody's page, a program) is a viewer of its own and leaves no row.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from livestream.hub.rows import Rows
from livestream.rules.presence import Crowd, Stay, lowest, mark_of

AT_ONCE = 500  # rows in one transaction: the chat's turn comes in between


def _now() -> datetime:
    return datetime.now(UTC)


class Presence:
    """The devices of a room in this process, and how long they have been there unsaved."""

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock
        self._tabs: dict[str, int] = {}
        self._marks: dict[str, bytes] = {}
        self._since: dict[str, datetime] = {}
        self._left: list[Stay] = []
        self._unnamed = 0

    @property
    def here(self) -> int:
        """How many watch in this process."""
        return len(self._tabs) + self._unnamed

    def crowd(self) -> Crowd:
        """Who watches in this process, as the others are told."""
        return Crowd(self.here, lowest(self._marks.values()))

    def enter(self, device: str | None) -> None:
        if device is None:
            self._unnamed += 1
            return
        self._tabs[device] = self._tabs.get(device, 0) + 1
        if device not in self._since:
            self._since[device] = self._clock()
            self._marks[device] = mark_of(device)

    def leave(self, device: str | None) -> None:
        if device is None:
            self._unnamed -= 1
            return
        self._tabs[device] -= 1
        if not self._tabs[device]:
            del self._tabs[device], self._marks[device]
            self._left.append(Stay(UUID(device), self._since.pop(device), self._clock()))

    def take(self) -> list[Stay]:
        """The stays since the last time; of who is still there in whole seconds."""
        now = self._clock()
        stays, self._left = self._left, []
        for device, since in self._since.items():
            until = since + timedelta(seconds=int((now - since).total_seconds()))
            stays.append(Stay(UUID(device), since, until))
            self._since[device] = until
        return stays

    def give_back(self, stays: list[Stay]) -> None:
        """They could not be saved now."""
        self._left = stays + self._left


async def save(rows: Rows, room_id: int, presence: Presence, viewers: int) -> None:
    """Make rows of who was there since the last time; what cannot be saved is kept."""
    stays = presence.take()
    while stays:
        batch, stays = stays[:AT_ONCE], stays[AT_ONCE:]
        try:
            await rows.attend(room_id, batch, viewers)
        except BaseException:
            presence.give_back(batch + stays)
            raise
