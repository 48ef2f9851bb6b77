"""The same request twice is one effect (P2)."""

from __future__ import annotations

import pytest

from merchants.errors import KeyReused, OutOfStock
from merchants.models import Store
from merchants.services.request import once


def test_the_second_gets_the_first_answer(shop):
    def act():
        return Store.objects.create(merchant=shop, name="n", city="c").pk

    first = once(scope="s", key="k", body={"a": 1}, act=act)
    assert once(scope="s", key="k", body={"a": 1}, act=act) == first
    assert shop.stores.filter(name="n").count() == 1


def test_another_body_is_refused(db):
    once(scope="s", key="k", body={"a": 1}, act=lambda: 1)
    with pytest.raises(KeyReused):
        once(scope="s", key="k", body={"a": 2}, act=lambda: 2)


def test_a_refusal_is_not_remembered(db):
    def refuse():
        raise OutOfStock

    with pytest.raises(OutOfStock):
        once(scope="s", key="k", body={}, act=refuse)
    assert once(scope="s", key="k", body={}, act=lambda: "now it works") == "now it works"


def test_scopes_are_apart_and_no_key_means_no_memory(db):
    assert once(scope="a", key="k", body={}, act=lambda: 1) == 1
    assert once(scope="b", key="k", body={}, act=lambda: 2) == 2
    assert once(scope="a", key="", body={}, act=lambda: 3) == 3
    assert once(scope="a", key="", body={}, act=lambda: 4) == 4
