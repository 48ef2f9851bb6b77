"""Two owners at the same moment: a shop is never without one."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection

from merchants.errors import LastOwner, NoLongerThere, RoleTooHigh
from merchants.models import Staff
from merchants.rules.role import Role
from merchants.services import staff
from merchants.services.merchant import open_merchant
from merchants.services.staff import add_staff, change_staff, remove_staff
from tests.conftest import person


@pytest.fixture
def two_owners(transactional_db) -> list[Staff]:
    shop = open_merchant(
        owner=person("a@example.com", "A"), name="Tea", slug="t", store="S", city="C"
    )
    add_staff(merchant=shop, user=person("b@example.com", "B"), role=Role.OWNER, host_name="B")
    return list(shop.staff.order_by("pk"))


Act = Callable[[Staff, Staff], object]


def remove(by: Staff, other: Staff) -> None:
    remove_staff(staff=other, by=by.user)


def demote(by: Staff, other: Staff) -> None:
    change_staff(staff=other, by=by, role=Role.CLERK)


def both_go(places: list[Staff], act: Act) -> int:
    """Two owners do it to each other at the same moment; how many owners are left."""
    start = threading.Barrier(len(places))

    def go(place: Staff) -> None:
        start.wait()
        with contextlib.suppress(LastOwner, NoLongerThere, RoleTooHigh, OperationalError):
            act(place, next(one for one in places if one != place))
        connection.close()

    threads = [threading.Thread(target=go, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Staff.objects.filter(role=Role.OWNER).count()


@pytest.fixture
def slow(monkeypatch) -> None:
    """Both have looked whether an owner is left before either has written."""
    monkeypatch.setattr(staff, "_end_invitations", lambda *args, **kwargs: time.sleep(0.2))


@pytest.mark.parametrize("act", [remove, demote])
def test_two_owners_who_turn_on_each_other_leave_one(two_owners, slow, act):
    assert both_go(two_owners, act) == 1


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time, lock or not")
@pytest.mark.parametrize("act", [remove, demote])
def test_without_the_lock_they_leave_none(two_owners, slow, monkeypatch, act):
    """The negative control: the race above is one."""
    monkeypatch.setattr(staff, "lock_staff", lambda merchant_id: None)
    assert both_go(two_owners, act) == 0
