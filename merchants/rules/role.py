"""What a member of staff may do. Pure."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """Each role may do all that the one below may."""

    CLERK = 1
    MANAGER = 2
    OWNER = 3


def may_invite(by: Role, to: Role) -> bool:
    """Managers invite up to managers, owners everybody."""
    return by >= Role.MANAGER and to <= by


def may_change(by: Role, whose: Role) -> bool:
    """Owners change everybody's stores, managers those of clerks."""
    return by >= Role.OWNER or (by >= Role.MANAGER and whose <= Role.CLERK)
