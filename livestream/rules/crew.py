"""Who does what in a show: host, backup host, assistants. Pure.

The host shows and talks; the backup host can take the camera over; assistants work the shelf, the
chat and the offers on devices of their own. Managers may do all of it.
"""

from __future__ import annotations

from collections.abc import Collection

from merchants.rules.role import Role

MOST_ASSISTANTS = 20
LONGEST_GRACE = 240  # minutes


def may_show(*, staff: int, role: int, host: int | None, backup: int | None) -> bool:
    """Whether this colleague may send the picture of a room with this host and backup host."""
    return role >= Role.MANAGER or staff in {host, backup}


def helps(*, staff: int, host: int | None, backup: int | None, assistants: Collection[int]) -> bool:
    """Whether she is there to help, whatever her role: her page opens with the show, not with a
    camera of her own."""
    return staff in assistants and staff not in {host, backup}
