"""What a member of staff may do. Pure."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """Each role may do all that the one below may."""

    CLERK = 1
    MANAGER = 2
    OWNER = 3
