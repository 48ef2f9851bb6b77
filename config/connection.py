"""Database connections of threads that live as long as the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db import close_old_connections, connections

T = TypeVar("T")


def with_connection(job: Callable[[], T]) -> T:
    """Run `job` in this thread. With SQLite the thread keeps its connection, for opening the file
    costs more than most of what is asked; it is given up after any trouble.
    """
    kept = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    try:
        if not kept:
            close_old_connections()
        return job()
    except BaseException:
        connections.close_all()
        raise
    finally:
        if not kept:
            close_old_connections()
