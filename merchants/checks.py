"""System checks: what an operator must know before the doors open."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register(deploy=True)
def one_process_without_redis(**kwargs: Any) -> list[CheckMessage]:
    """Without Redis the channel layer lives in the process: a second one would hear nothing."""
    workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
    if settings.EMBEDDED and workers > 1:
        return [Error("Set REDIS_URL, or WEB_CONCURRENCY=1.", id="guitai.E001")]
    return []
