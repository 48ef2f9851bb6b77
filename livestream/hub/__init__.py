"""The rooms that have viewers in this process."""

from __future__ import annotations

import asyncio

from livestream.hub.room import LINGER, Hub
from livestream.hub.rows import Rows

_hubs: dict[int, Hub] = {}
_opening: dict[int, asyncio.Lock] = {}


async def hub_of(room_id: int) -> Hub:
    """The room's hub in this process, opened by its first viewer."""
    hub = _hubs.get(room_id)
    if hub is not None and hub.usable:
        return hub
    lock = _opening.setdefault(room_id, asyncio.Lock())
    try:
        async with lock:
            hub = _hubs.get(room_id)
            if hub is None or not hub.usable:
                hub = Hub(room_id, Rows())
                await hub.open()
                _hubs[room_id] = hub
    finally:
        if not lock.locked():
            _opening.pop(room_id, None)
    return hub


def let_go(hub: Hub) -> None:
    """Close a hub that stays empty; a reload within a few seconds finds it still open."""
    if not hub.seats:
        asyncio.get_running_loop().call_later(LINGER, _close_if_empty, hub)


def _close_if_empty(hub: Hub) -> None:
    if not hub.seats and _hubs.get(hub.room_id) is hub:
        del _hubs[hub.room_id]
        hub.close_soon()


async def close_all() -> None:
    """Save every counter. Called when the server stops."""
    while _hubs:
        _, hub = _hubs.popitem()
        await hub.close()
