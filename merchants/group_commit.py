"""Group commit: what many ask for at once is done in one transaction, by one of them.

    first to come ── leads ──▶ work([all who wait]) ──▶ each gets her own answer or refusal
    the others ──── wait ──┘        │
                                    └─ meanwhile the next gather; one of them leads when it is over

A lone request is done at once. A group grows by itself while the one before it commits, which is
when there is a crowd; while there is one, who leads next gives those who have just been answered a
few milliseconds to come back. Per process; the rows keep processes apart.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from django.db import connection

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)

PAUSE = 0.003  # seconds that a group is gathered
CROWDED = 1.0  # seconds after a group of several in which there is a crowd
MOST = 64  # in one transaction: what is locked is locked for some milliseconds
PATIENCE = 30.0  # seconds after which somebody who waits goes on by herself


class _Ticket(Generic[Wish, Answer]):
    """One who asks, and what she is told: an answer, or that it is her turn to lead."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.told = threading.Event()
        self.leads = False
        self.answer: Answer | Exception | None = None


class GroupCommit(Generic[Wish, Answer]):
    """A verb for many: `work` gets wishes and gives, in their order, an answer or a refusal each.

    `work` is one transaction and may fail as a whole: then each wish is tried alone, so that what
    is wrong with one keeps nobody else from hers.
    """

    def __init__(self, work: Callable[[Sequence[Wish]], Sequence[Answer | Exception]]) -> None:
        self._work = work
        self._lines: dict[Hashable, list[_Ticket[Wish, Answer]]] = {}  # who waits, by line
        self._lock = threading.Lock()
        self._crowd_until = 0.0

    def ask(self, line: Hashable, wish: Wish) -> Answer:
        """The answer to `wish`, done with those who wait in the same `line`. Raises its refusal.

        In somebody's transaction it is done there and alone: others must not be told what may
        still be rolled back.
        """
        if connection.in_atomic_block:
            return self._alone(wish)
        ticket: _Ticket[Wish, Answer] = _Ticket(wish)
        with self._lock:
            first = line not in self._lines
            waiting = self._lines.setdefault(line, [])
            waiting.append(ticket)
        if not first and connection.settings_dict["OPTIONS"].get("pool"):
            connection.close()  # back to the pool: whoever waits needs none, and many wait
        if not first and not ticket.told.wait(PATIENCE) and self._leaves(waiting, ticket):
            return self._alone(wish)
        if first or ticket.leads:
            self._lead(line, waiting)
        ticket.told.wait()
        if ticket.answer is None:
            return self._alone(wish)
        if isinstance(ticket.answer, Exception):
            raise ticket.answer
        return ticket.answer

    def _leaves(self, waiting: list[_Ticket[Wish, Answer]], ticket: _Ticket[Wish, Answer]) -> bool:
        """Whether she could step out: once her group is being done, or she leads, she cannot."""
        with self._lock:
            if ticket.told.is_set() or ticket not in waiting:
                return False
            waiting.remove(ticket)
            return True

    def _lead(self, line: Hashable, waiting: list[_Ticket[Wish, Answer]]) -> None:
        """Do what has gathered, tell everybody, and name who leads the next."""
        if time.monotonic() < self._crowd_until:
            time.sleep(PAUSE)
        with self._lock:
            group = waiting[:MOST]
            del waiting[:MOST]
            if len(group) > 1:
                self._crowd_until = time.monotonic() + CROWDED
        try:
            answers = self._work([ticket.wish for ticket in group])
            for ticket, answer in zip(group, answers, strict=True):
                ticket.answer = answer
        except Exception:
            logger.warning("%d could not be done together; each alone", len(group), exc_info=True)
        finally:
            with self._lock:
                if waiting:
                    waiting[0].leads = True
                    waiting[0].told.set()
                else:
                    del self._lines[line]
            for ticket in group:
                ticket.told.set()

    def _alone(self, wish: Wish) -> Answer:
        (answer,) = self._work([wish])
        if isinstance(answer, Exception):
            raise answer
        return answer
