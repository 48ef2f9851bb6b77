"""A tale: moves of the machine of `tests/orders/test_machine.py`, one by one, always the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.orders.test_machine import Shop

Step = tuple[str, dict[str, Any]]
Tale = list[Step]

# What a slip of ours would raise: that would be no proof.
FOUL = (NameError, AttributeError, TypeError, SyntaxError, ImportError)


def tell(tale: Tale) -> None:
    """Every move, and after each what must be true; raises the first thing the machine sees."""
    shop = Shop()
    try:
        for name, facts in tale:
            getattr(shop, name)(**facts)
            shop.every_invariant_holds()
            shop.the_model_agrees()
    finally:
        shop.teardown()


def trouble(tale: Tale) -> BaseException | None:
    """What the machine stops at in this tale, if it does."""
    try:
        tell(tale)
    except (Exception, pytest.fail.Exception) as found:
        return found
    return None
