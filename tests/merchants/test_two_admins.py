"""Two admins decide on one brand at the same moment: one of them does, the other is told."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F

from merchants.errors import RuleBroken
from merchants.models import AuditEntry, Merchant, User, Verification
from merchants.rules.verification import Paper
from merchants.services import verification as verbs
from merchants.services.merchant import open_merchant
from merchants.services.verification import (
    approve,
    keep_papers,
    reject,
    save_draft,
    submit,
    verification_of,
)
from tests.conftest import person
from tests.merchants.papers import WORDS, sheet


@pytest.fixture
def waiting(transactional_db) -> Verification:
    owner = person("a@example.com", "A")
    shop = open_merchant(owner=owner, name="Tea", slug="t", store="S", city="C")
    found = verification_of(shop)
    papers = {Paper.LICENCE: sheet(), Paper.TRADEMARK: sheet()}
    version = keep_papers(verification=found, version=found.version, papers=papers)
    found = save_draft(verification=found, version=version, words=WORDS)
    return submit(verification=found, version=found.version, by=owner)


def both_decide(found: Verification) -> list[str]:
    """One approves and one sends back, from the same page; who of them did."""
    admins = [
        User.objects.create_superuser(f"{name}@example.com", "a long password") for name in "xy"
    ]
    start, done = threading.Barrier(2), []

    def decide(name: str, act: Any) -> None:
        start.wait()
        try:
            act()
            done.append(name)
        except (RuleBroken, OperationalError):
            pass
        finally:
            connection.close()

    seen: dict[str, Any] = {"verification": found, "version": found.version}
    acts = {
        "approved": lambda: approve(**seen, by=admins[0]),
        "rejected": lambda: reject(**seen, by=admins[1], reason="看不清"),
    }
    threads = [threading.Thread(target=decide, args=pair) for pair in acts.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_one_of_two_decides_and_the_badge_agrees(waiting):
    done = both_decide(waiting)
    waiting.refresh_from_db()
    assert done == [waiting.state]
    assert (Merchant.objects.get().verified_at is not None) == (waiting.state == "approved")
    said = AuditEntry.objects.filter(action__in=["verification.approved", "verification.rejected"])
    assert [one.action for one in said] == [f"verification.{waiting.state}"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time, guard or not")
def test_without_the_guard_both_decide(waiting, monkeypatch):
    """The negative control: the race above is one."""

    def look_then_write(verification: Any, version: int, states: Any, **changes: Any) -> Any:
        found = Verification.objects.select_related("merchant", "submitted_by").get()
        assert found.version == version
        time.sleep(0.2)
        Verification.objects.filter(pk=found.pk).update(version=F("version") + 1, **changes)
        found.refresh_from_db()
        return found

    monkeypatch.setattr(verbs, "_write", look_then_write)
    assert len(both_decide(waiting)) == 2
