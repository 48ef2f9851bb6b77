"""Group commit: who waits is served together, and nobody pays for another's trouble."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import transaction

from merchants.errors import OutOfStock
from merchants.group_commit import MOST, GroupCommit
from tests.races.shopper import at_once

pytestmark = pytest.mark.django_db(transaction=True)


class Work:
    """Doubles numbers, slowly; refuses 13, and cannot do a group with a 99 in it."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.busy = threading.Lock()

    def __call__(self, wishes):
        assert self.busy.acquire(blocking=False), "two groups of one line at once"
        try:
            self.groups.append(list(wishes))
            time.sleep(0.05)
            if 99 in wishes:
                raise ValueError("99")
            return [OutOfStock() if one == 13 else one * 2 for one in wishes]
        finally:
            self.busy.release()


def asked(group: GroupCommit, wishes: list[int], line: str = "tea") -> list:
    return at_once([lambda one=one: group.ask(line, one) for one in wishes])


def test_everybody_gets_her_own_answer_and_most_are_served_together():
    work = Work()
    group = GroupCommit(work)
    assert asked(group, list(range(20, 50))) == [one * 2 for one in range(20, 50)]
    assert sorted(one for wishes in work.groups for one in wishes) == list(range(20, 50))
    assert len(work.groups) < 10
    assert max(map(len, work.groups)) > 1


def test_a_refusal_is_hers_alone():
    answers = asked(GroupCommit(Work()), [1, 13, 2, 13, 3])
    assert [answers[0], answers[2], answers[4]] == [2, 4, 6]
    refused = [answers[1], answers[3]]
    assert all(isinstance(one, OutOfStock) for one in refused)


def test_what_breaks_a_group_breaks_only_its_cause(caplog):
    group = GroupCommit(Alone())
    answers = asked(group, [1, 2, 99, 3, 4, 5])
    assert isinstance(answers[2], ValueError)
    assert [one for at, one in enumerate(answers) if at != 2] == [2, 4, 6, 8, 10]
    assert asked(group, [7]) == [14]  # and the line goes on


class Alone(Work):
    """The same; those who go on alone do so side by side, as the database lets them."""

    def __call__(self, wishes):
        time.sleep(0.05)
        if 99 in wishes:
            raise ValueError("99")
        return [one * 2 for one in wishes]


def test_lines_do_not_wait_for_each_other():
    met = threading.Barrier(2, timeout=5)

    def work(wishes):
        met.wait()  # both lines are at work, or it breaks
        return list(wishes)

    group = GroupCommit(work)
    acts = [lambda: group.ask("tea", 1), lambda: group.ask("cups", 2)]
    assert at_once(acts) == [1, 2]


def test_a_group_has_a_size_and_the_rest_comes_after():
    sizes = []

    def work(wishes):
        sizes.append(len(wishes))
        time.sleep(0.2)
        return list(wishes)

    wanted = list(range(MOST + 20))
    assert asked(GroupCommit(work), wanted) == wanted
    assert max(sizes) <= MOST
    assert sum(sizes) == MOST + 20


def test_within_a_transaction_it_is_done_there_and_alone():
    seen = []

    def work(wishes):
        seen.append((len(wishes), threading.current_thread()))
        return list(wishes)

    group = GroupCommit(work)
    with transaction.atomic():
        assert group.ask("tea", 1) == 1
    assert seen == [(1, threading.current_thread())]
