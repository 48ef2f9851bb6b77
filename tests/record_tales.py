"""Finds a tale for each seeded bug that has none, or whose own ends at nothing any more.

`python -m tests.record_tales 2` has the machine wander, at most two minutes for each bug, and cuts
what it finds down to the moves that matter; names of bugs after it mean those alone. The tales go
into `tests/recorded_tales.py`.
"""

from __future__ import annotations

import ast
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import tests.environment  # noqa: F401  isort: skip
import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import pytest  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test.utils import (  # noqa: E402
    override_settings,
    setup_databases,
    setup_test_environment,
    teardown_databases,
)
from hypothesis import HealthCheck, Phase, seed, settings  # noqa: E402
from hypothesis.stateful import run_state_machine_as_test  # noqa: E402

from tests.orders.test_machine import Shop  # noqa: E402
from tests.recorded_tales import TALES  # noqa: E402
from tests.seeded import Bug, sown  # noqa: E402
from tests.tales import FOUL, Tale, trouble  # noqa: E402
from tests.test_seeded_bugs import BUGS  # noqa: E402

RECORDED = Path(__file__).with_name("recorded_tales.py")
HEAD = '''"""For each bug a short tale that ends at it, by `python -m tests.record_tales`."""

# ruff: noqa: E501
# fmt: off
TALES = {
'''
UNSAID = "teardown", "every_invariant_holds", "the_model_agrees"  # in each tale anyway
LONG = 4  # moves; what is longer is cut again


def search(runs: int) -> Tale | None:
    """The first of so many runs of the machine in which it stops."""
    sought = seed(random.randrange(2**32))(type("Shop", (Shop,), {}))
    try:
        run_state_machine_as_test(
            sought,
            settings=settings(
                max_examples=runs,
                stateful_step_count=30,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except (Exception, pytest.fail.Exception) as found:
        return _moves("\n".join(getattr(found, "__notes__", ())))
    return None


def _moves(notes: str) -> Tale:
    """Those which Hypothesis prints of what it found, in Python."""
    tale = []
    for statement in ast.parse(notes[notes.index("state = ") :]).body:
        match statement:
            case ast.Expr(ast.Call(func=ast.Attribute(attr=name), keywords=facts)):
                if name not in UNSAID:
                    tale.append((name, {str(f.arg): ast.literal_eval(f.value) for f in facts}))
    return tale


def shorter(tale: Tale) -> Iterator[Tale]:
    """The same with less in it: half of the moves, one move, or one thing of the beginning."""
    (name, facts), moves = tale[0], tale[1:]
    size = (len(moves) + 1) // 2
    while size:
        for at in range(0, len(moves), size):
            yield [tale[0], *moves[:at], *moves[at + size :]]
        size //= 2
    for part in ("stories", "tales", "first"):
        for less in ([], *(facts[part][:at] + facts[part][at + 1 :] for at in range(8))):
            if len(less) < len(facts[part]):
                yield [(name, facts | {part: less}), *moves]


def shortest(tale: Tale, holds: Callable[[Tale], bool], until: float) -> Tale:
    """As short as it gets by taking away, before the time is over."""
    for less in shorter(tale):
        if time.monotonic() > until:
            break
        if holds(less):
            return shortest(less, holds, until)
    return tale


def ends_at(bug: Bug, tale: Tale) -> bool:
    """Whether the machine stops in this tale with the bug, and only with it."""
    with sown(bug):
        found = trouble(tale)
    return found is not None and not isinstance(found, FOUL) and trouble(tale) is None


def tale_of(bug: Bug, known: Tale | None, seconds: float) -> Tale | None:
    until = time.monotonic() + seconds
    tale = known if known and ends_at(bug, known) else None
    while tale is None and time.monotonic() < until:
        with sown(bug):
            found = search(30)
        tale = found if found and ends_at(bug, found) else None
    if tale is None or (tale is known and len(tale) <= LONG):
        return tale
    return shortest(tale, lambda less: ends_at(bug, less), time.monotonic() + seconds)


def record(names: list[str], seconds: float) -> None:
    tales: dict[str, Tale] = dict(TALES)
    for bug in BUGS:
        if names and bug.name not in names:
            continue
        tale = tale_of(bug, tales.get(bug.name), seconds)
        if tale is None:
            print(f"none found: {bug.name}", flush=True)
        elif tale != tales.get(bug.name):
            tales[bug.name] = tale
            print(f"{len(tale)} moves: {bug.name}", flush=True)
            write({one.name: tales[one.name] for one in BUGS if one.name in tales})


def write(tales: dict[str, Tale]) -> None:
    """A line for each move."""
    lines = []
    for name, tale in tales.items():
        lines += [f"    {name!r}: [", *(f"        {move!r}," for move in tale), "    ],"]
    RECORDED.write_text(HEAD + "\n".join([*lines, "}", ""]), encoding="utf-8")


def main() -> None:
    quick = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    with (
        TemporaryDirectory() as name,
        override_settings(VAR_DIR=Path(name), MEDIA_ROOT=Path(name), PASSWORD_HASHERS=quick),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        record(sys.argv[2:], 60 * float(sys.argv[1]))
        transaction.set_rollback(True)
    teardown_databases(made, verbosity=0)


if __name__ == "__main__":
    main()
