"""Anything in any order over the stock of one shop, beside a model that only adds and takes away.

After every step every invariant of stock holds and the model agrees on each piece in each store;
what a verb refuses, the model would have refused too.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from merchants.errors import OutOfStock
from merchants.models import Level, Product, Stock, StockMovement, Store, User
from merchants.rules.stock import Reason
from merchants.selectors.invariant import INVARIANTS, offenders
from merchants.services.counter import NothingToTakeBack, sell_at_counter, take_back
from merchants.services.level import settle_levels
from merchants.services.merchant import open_merchant
from merchants.services.stock import change_stock, release, reserve, take
from merchants.services.stocktake import (
    CountBelowHeld,
    CountOutsold,
    MovedMeanwhile,
    apply_stocktake,
    begin_stocktake,
    count_one_more,
    discard_stocktake,
    forget_count,
    set_count,
)
from merchants.services.transfer import transfer_stock
from tests.conftest import product_of

goods = st.integers(0, 2)
places = st.integers(0, 1)
few = st.integers(1, 6)


class Stockroom(RuleBasedStateMachine):
    """Three goods in two stores. `there` and `held` are the model, by (goods, store).

    What really lies on the shelf of store A is `there` and `astray`, which no ledger knows.
    """

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()  # one example is one transaction that never happened
        self.example.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @initialize(pieces=st.lists(st.integers(3, 9), min_size=3, max_size=3))
    def open(self, pieces: list[int]) -> None:
        self.by = User.objects.create_user("alice@stock.example", "x", name="Alice")
        self.shop = open_merchant(owner=self.by, name="S", slug="s", store="A", city="C")
        Store.objects.create(merchant=self.shop, name="B", city="C", position=1)
        self.stores = list(self.shop.stores.order_by("position"))
        made = [product_of(self.shop, f"G{n}", 100, count) for n, count in enumerate(pieces)]
        self.variants = [one.variants.get() for one in made]
        self.there = {(n, s): pieces[n] if s == 0 else 0 for n in range(3) for s in range(2)}
        self.held = dict.fromkeys(self.there, 0)
        self.lines: list[tuple[str, int, int]] = []
        self.sold: dict[str, int] = {}
        self.counts: dict[int, tuple[int, int]] = {}  # of store A: goods -> (found, expected)
        self.astray = dict.fromkeys(range(3), 0)
        self.whole: set[int] = set()  # goods whose line tells all that lay there
        self.seen: dict[int, int] = {}  # movements known when the goods were last counted
        self.orders: list[tuple[str, int, int, int]] = []
        self.references = 0
        # Not every example uses every rule, so each begins with things held, sold and counted.
        for one in range(3):
            self.sell(one, 0, 1)
            self.hold(one, 0, 1)
            self.count(one, pieces[one])

    def free(self, one: int, place: int) -> int:
        return self.there[one, place] - self.held[one, place]

    # --- by hand ----------------------------------------------------------------------------------

    @rule(one=goods, place=places, pieces=few)
    def receive(self, one: int, place: int, pieces: int) -> None:
        self.change(one, place, pieces, Reason.RECEIVED)

    @rule(one=goods, place=places, pieces=few)
    def write_off(self, one: int, place: int, pieces: int) -> None:
        self.change(one, place, -pieces, Reason.WRITTEN_OFF)

    def change(self, one: int, place: int, delta: int, reason: Reason) -> None:
        try:
            change_stock(
                variant=self.variants[one],
                store=self.stores[place],
                delta=delta,
                reason=reason,
                by=self.by,
                note="machine",
            )
        except OutOfStock:
            assert self.free(one, place) + delta < 0
        else:
            assert self.free(one, place) + delta >= 0
            self.there[one, place] += delta

    @rule(one=goods, place=places, pieces=few)
    def sell(self, one: int, place: int, pieces: int) -> None:
        reference = f"till {len(self.lines)}"
        try:
            sell_at_counter(
                variant=self.variants[one],
                store=self.stores[place],
                by=self.by,
                quantity=pieces,
                reference=reference,
            )
        except OutOfStock:
            assert self.free(one, place) < pieces
            return
        self.there[one, place] -= pieces
        self.lines.append((reference, one, place))
        self.sold[reference] = pieces

    @rule(pick=st.integers(0, 20), pieces=st.none() | few)
    def undo(self, pick: int, pieces: int | None) -> None:
        if not self.lines:
            return
        reference, one, place = self.lines[pick % len(self.lines)]
        store = self.stores[place]
        back = self.sold[reference] if pieces is None else pieces
        try:
            take_back(store=store, reference=reference, by=self.by, quantity=pieces)
        except NothingToTakeBack:
            assert not 0 < back <= self.sold[reference]
            return
        self.sold[reference] -= back
        self.there[one, place] += back

    @rule(wanted=st.dictionaries(goods, few, min_size=1), back=st.booleans())
    def move(self, wanted: dict[int, int], back: bool) -> None:
        source, target = (1, 0) if back else (0, 1)
        before = {one: self.there[one, 0] + self.there[one, 1] for one in range(3)}
        try:
            transfer_stock(
                pieces={self.variants[one]: count for one, count in wanted.items()},
                source=self.stores[source],
                target=self.stores[target],
                by=self.by,
            )
        except OutOfStock:
            assert any(self.free(one, source) < count for one, count in wanted.items())
            return
        for one, count in wanted.items():
            self.there[one, source] -= count
            self.there[one, target] += count
        for one in range(3):
            rows = Stock.objects.filter(variant=self.variants[one])
            assert sum(rows.values_list("on_hand", flat=True)) == before[one]

    # --- online -----------------------------------------------------------------------------------

    @rule(one=goods, place=places, pieces=few)
    def hold(self, one: int, place: int, pieces: int) -> None:
        self.references += 1
        try:
            reserve(
                merchant=self.shop,
                basket={self.variants[one].pk: pieces},
                reference=f"order {self.references}",
                store=self.stores[place],
            )
        except OutOfStock:
            assert self.free(one, place) < pieces
            return
        self.held[one, place] += pieces
        self.orders.append((f"order {self.references}", one, place, pieces))

    @rule(pick=st.integers(0, 20), gone=st.booleans())
    def close(self, pick: int, gone: bool) -> None:
        if not self.orders:
            return
        reference, one, place, pieces = self.orders.pop(pick % len(self.orders))
        if gone:
            assert take(merchant=self.shop, reference=reference, by=self.by) == pieces
            self.there[one, place] -= pieces
        else:
            assert release(merchant=self.shop, reference=reference) == pieces
        self.held[one, place] -= pieces

    # --- counting store A -------------------------------------------------------------------------

    @rule(one=goods, number=st.none() | st.integers(0, 9))
    def count(self, one: int, number: int | None) -> None:
        stocktake = begin_stocktake(store=self.stores[0], by=self.by)
        found = {"stocktake": stocktake, "variant": self.variants[one], "by": self.by}
        self.whole.discard(one)
        if number is None:
            try:
                line = count_one_more(**found)
            except MovedMeanwhile:
                assert self.seen[one] != self.moves(one)
                return
            assert self.seen.get(one, self.moves(one)) == self.moves(one)
            before, expected = self.counts.get(one, (0, self.there[one, 0]))
            self.counts[one] = (before + 1, expected)
        else:
            line = set_count(counted=number, **found)
            self.counts[one] = (number, self.there[one, 0])
        self.seen[one] = self.moves(one)
        assert (line.counted, line.expected) == self.counts[one]

    def moves(self, one: int) -> int:
        rows = StockMovement.objects.filter(stock__variant=self.variants[one])
        return rows.filter(stock__store=self.stores[0]).count()

    @rule(one=goods, pieces=st.integers(-3, 3))
    def stray(self, one: int, pieces: int) -> None:
        """Stolen, or found behind the shelf: no ledger hears of it."""
        if self.there[one, 0] + self.astray[one] + pieces >= 0:
            self.astray[one] += pieces
            self.whole.discard(one)

    @rule(one=goods, after=st.none() | st.integers(0, 9), bought=few)
    def look(self, one: int, after: int | None, bought: int) -> None:
        """Every piece of the shelf is scanned; after some, others may be sold, but not the last."""
        stocktake = begin_stocktake(store=self.stores[0], by=self.by)
        forget_count(stocktake=stocktake, variant=self.variants[one])
        for way in (self.counts, self.seen):
            way.pop(one, None)
        scanned = 0
        while scanned < (shelf := self.there[one, 0] + self.astray[one]):
            if scanned == after and shelf - scanned > bought:
                self.sell(one, 0, bought)
                after = None
                continue
            before = self.counts.get(one)
            self.count(one, None)
            if self.counts.get(one) == before:  # refused: counted again, typed
                self.count(one, shelf)
                break
            scanned += 1
        if one in self.counts:
            self.whole.add(one)

    @rule(rest=st.booleans(), keep=st.booleans())
    def book(self, rest: bool, keep: bool) -> None:
        stocktake = begin_stocktake(store=self.stores[0], by=self.by)
        if not keep:
            discard_stocktake(stocktake=stocktake, by=self.by)
            self.counts, self.seen, self.whole = {}, {}, set()
            return
        counts = dict(self.counts)
        stocktake.refresh_from_db()
        seen: dict[str, Any] = {"version": stocktake.version}
        if rest:
            lost = {one: self.there[one, 0] for one in range(3) if one not in counts}
            counts |= {one: (0, pieces) for one, pieces in lost.items() if pieces}
            seen["gone"] = sum(lost.values())
        after = {one: self.there[one, 0] + c - e for one, (c, e) in counts.items()}
        held = any(0 <= left < self.held[one, 0] for one, left in after.items())
        outsold = any(left < 0 for left in after.values())
        try:
            apply_stocktake(stocktake=stocktake, by=self.by, **seen)
        except CountBelowHeld:
            assert held
            return
        except CountOutsold:
            assert outsold
            assert not held
            return
        assert not held
        assert not outsold
        apply_stocktake(stocktake=stocktake, by=self.by, **seen)  # twice is once
        for one, left in after.items():
            self.astray[one] += self.there[one, 0] - left
            self.there[one, 0] = left
        assert {one: self.astray[one] for one in self.whole} == dict.fromkeys(self.whole, 0)
        self.counts, self.seen, self.whole = {}, {}, set()

    @rule()
    def settle(self) -> None:
        settle_levels()
        assert not Stock.objects.filter(stale=True).exists()
        levels = {(one.product_id, one.store_id): one.free for one in Level.objects.all()}
        for one, variant in enumerate(self.variants):
            frees = [self.free(one, place) for place in range(2)]
            for place, store in enumerate(self.stores):
                assert levels.get((variant.product_id, store.pk), 0) == frees[place]
            product = Product.objects.get(pk=variant.product_id)
            assert product.free == sum(frees)
            assert product.low == (sum(frees) <= variant.low_stock)

    # --- always -----------------------------------------------------------------------------------

    @invariant()
    def the_model_agrees(self) -> None:
        if not hasattr(self, "variants"):
            return
        rows = {
            (row.variant_id, row.store_id): (row.on_hand, row.reserved)
            for row in Stock.objects.all()
        }
        for (one, place), pieces in self.there.items():
            key = self.variants[one].pk, self.stores[place].pk
            assert rows.get(key, (0, 0)) == (pieces, self.held[one, place])

    @invariant()
    def nothing_is_broken(self) -> None:
        assert [str(one) for one in offenders(INVARIANTS, timezone.now())] == []


@pytest.mark.broad
@pytest.mark.django_db
def test_stock_in_any_order():
    run_state_machine_as_test(
        Stockroom,
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
