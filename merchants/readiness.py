"""What else a higher app wants operators to know at /readyz: a name, and whether it is well."""

from __future__ import annotations

from collections.abc import Callable

checks: dict[str, Callable[[], bool]] = {}
