"""The shop with no Redis has no Celery worker: a clock in the web process calls the same tasks.

Every task is a sweep that finds the rows that are due, so a schedule is all it takes: there is no
queue that could be lost. One web process only in this mode (a system check says so). With Redis it
is Celery's beat and workers that follow the same schedule.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from config.connection import with_connection

logger = logging.getLogger(__name__)
THREADS = 5  # a gateway that hangs holds one, a film one; the others still expire orders


@dataclass
class Duty:
    """Something to be called every so many seconds, and its last call."""

    call: Callable[[], object]
    seconds: float
    due: float = 0
    last: Future[None] | None = None


class Clock:
    """Calls each duty in its rhythm, never twice at once."""

    def __init__(self, duties: Mapping[str, tuple[Callable[[], object], float]]) -> None:
        """`duties`: {name: (what to call, every how many seconds)}"""
        self._duties = {name: Duty(call, seconds) for name, (call, seconds) in duties.items()}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="sweep")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        now = time.monotonic()
        for place, duty in enumerate(self._duties.values()):
            duty.due = now + place / len(self._duties)  # not all in the same moment
        self._thread.start()

    def stop(self, seconds: float = 8) -> None:
        """Call nothing more, and give what runs so many seconds to end."""
        self._over.set()
        self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)
        until = time.monotonic() + seconds
        while self._running() and time.monotonic() < until:
            time.sleep(0.05)

    def _running(self) -> bool:
        return any(duty.last and not duty.last.done() for duty in self._duties.values())

    def _run(self) -> None:
        while self._duties:
            now = time.monotonic()
            for name, duty in self._duties.items():
                if duty.due <= now:
                    duty.due = max(duty.due + duty.seconds, now)
                    if duty.last is None or duty.last.done():
                        duty.last = self._pool.submit(_call, name, duty.call)
            soonest = min(duty.due for duty in self._duties.values())
            if self._over.wait(max(soonest - time.monotonic(), 0.01)):
                return


def _call(name: str, call: Callable[[], object]) -> None:
    try:
        with_connection(call)
    except Exception:
        logger.exception("%s failed", name)


def scheduled() -> Clock:
    """The clock of every task in Celery's schedule."""
    from config.celery import app

    app.loader.import_default_modules()  # @shared_task is known once its module was read
    schedule = app.conf.beat_schedule
    return Clock(
        {name: (app.tasks[entry["task"]], entry["schedule"]) for name, entry in schedule.items()}
    )
