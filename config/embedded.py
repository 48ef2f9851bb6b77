"""The Celery worker and beat as threads of the web process, for the shop with no Redis.

The broker is `memory://`: the queue lives in this process and is lost with it. Nothing is lost by
that, because a task message is only a hint; the periodic sweeps find every row that is due. One web
process only in this mode (a system check says so).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

logger = logging.getLogger(__name__)
_lock = threading.Lock()
_state: dict[str, Any] = {}


def start(loop: asyncio.AbstractEventLoop, *, worker: bool) -> None:
    """Remember the server's loop and, in embedded mode, start worker and beat once."""
    with _lock:
        if _state:
            return
        _state["loop"] = loop
        if not worker:
            return
        from celery.beat import EmbeddedService, Scheduler

        from config.celery import app

        class MemoryScheduler(Scheduler):
            """Keeps the last runs in memory: there is nothing to catch up after a restart."""

        thread = threading.Thread(target=_run_worker, args=[app], name="worker", daemon=True)
        beat = EmbeddedService(app, thread=True, scheduler_cls=MemoryScheduler, max_interval=1)
        beat.daemon = True
        _state.update(beat=beat, worker=thread)
        thread.start()
        beat.start()
        logger.info("embedded worker and beat started")


def _run_worker(app: Any) -> None:
    # Imported and built in its own thread: Celery's Django fixup refuses to run in an event loop.
    from celery.worker import WorkController

    WorkController(
        app=app,
        pool_cls="threads",
        concurrency=2,
        hostname="embedded@localhost",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    ).start()


def stop(timeout: float = 8) -> None:
    """Warm shutdown: stop the clock, let running tasks finish."""
    if "worker" not in _state:
        return
    from celery.worker import state

    _state["beat"].service.stop(wait=False)
    state.should_stop = 0
    if state.reserved_requests:  # received, waiting or running
        _state["worker"].join(timeout)
