"""Anything in any order: a machine of shoppers, clerks and the clock over the real verbs.

After every step every invariant of `check_invariants` must hold, and a small model of its own must
agree on what is free, who has paid and which copies of the coupon are left.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Q, QuerySet
from django.test.utils import override_settings
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

from livestream.selectors.invariant import ALL
from merchants.errors import KeyReused, OutOfStock, RuleBroken
from merchants.models import Customer, Merchant, Notification, Stock, Store, User
from merchants.rules.role import Role
from merchants.rules.stock import Reason
from merchants.selectors.invariant import offenders
from merchants.services.counter import sell_at_counter
from merchants.services.merchant import open_merchant
from merchants.services.request import Asked, fingerprint, once
from merchants.services.staff import add_staff
from merchants.services.stock import change_stock
from merchants.tasks import send_notifications
from orders.errors import (
    BadCallback,
    BadTracking,
    CouponGone,
    CouponHeld,
    CouponUnfit,
    GiftGone,
    NothingToRefund,
    RefundMoved,
    RefundTooLarge,
    SavesNothing,
    TooManyOpen,
    WrongState,
)
from orders.models import (
    BankEntry,
    CounterUse,
    Line,
    Order,
    Payment,
    Refund,
    RefundPiece,
    Voucher,
)
from orders.payments import sandbox
from orders.rules.line import PARTLY_SHIPPED, LineState
from orders.rules.refund import COMES_BACK, Leg, RefundKind, RefundState
from orders.selectors.pickup import find_pickup
from orders.services.coupon import claim_coupon, issue_coupon
from orders.services.coupon_counter import take_voucher, undo_use
from orders.services.customer import customer_for_phone
from orders.services.order import Contact, move_order, place_order
from orders.services.order_batch import Wish, place_orders
from orders.services.order_once import order_each_once
from orders.services.payback import Outcome, finish_refund
from orders.services.payment import open_payment, settle_payment
from orders.services.refund import (
    approve_refund,
    give_refund,
    refuse_refund,
    request_refund,
    send_back,
    take_back,
    withdraw_refund,
)
from orders.services.shipment import confirm_delivery, hand_over, make_ready, ship_order
from orders.tasks import agree_refunds, expire_orders, send_refunds
from tests.conftest import product_of

ENDED = {LineState.CANCELLED, LineState.EXPIRED}
TO_SHIP = {LineState.PAID, PARTLY_SHIPPED}
IN_SHOP = LineState.PAID, LineState.READY
SENT = LineState.SHIPPED, LineState.DELIVERED, LineState.COLLECTED
COPIES, CAP = 3, 1
OPEN_ORDERS = 3  # that a number or a device may leave unpaid
AMOUNT, THRESHOLD = 700, 2000
quantities = st.integers(1, 3)
picks = st.integers(0, 63)
guests = st.integers(0, 3)
answers = st.sampled_from(
    ["", "pack", "yes", "it comes", "it is sent", "it is sent", "she keeps it", "no", "never mind"]
)
baskets = st.dictionaries(st.integers(0, 2), quantities, min_size=1, max_size=2)

stories = st.tuples(
    picks,
    quantities,
    st.sampled_from(["money", "money", "back", "back", "part", "swap", "swap"]),
    st.booleans(),
    answers,
    st.sampled_from(["part", "back"]),
)

# Each goes straight to where something is decided, and chance alone comes to seldom.
TALES = (
    "called off piece by piece",
    "a line goes ahead",
    "part after part of the price",
    "she keeps what was to come back",
    "she keeps hers for which another was put aside",
    "hers comes back and another goes out",
)


class Shop(RuleBasedStateMachine):
    """One shop with two stores, three products, one coupon, a gift, and four guests' devices."""

    def __init__(self) -> None:
        super().__init__()
        self.limit = override_settings(OPEN_ORDERS=OPEN_ORDERS)
        self.limit.enable()
        # One example is one transaction that never happened.
        self.example = transaction.atomic()
        self.example.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)
        self.limit.disable()

    @initialize(
        pieces=st.lists(st.integers(2, 9), min_size=3, max_size=3),
        fee=st.integers(0, 900),
        first=st.lists(st.tuples(baskets, st.integers(0, 3)), min_size=4, max_size=6),
        stories=st.lists(stories, min_size=3, max_size=4),
        tales=st.lists(st.sampled_from(TALES), min_size=2, max_size=2, unique=True),
    )
    def open(
        self,
        pieces: list[int],
        fee: int,
        first: list[tuple[dict[int, int], int]],
        stories: list[tuple[int, int, str, bool, str, str]],
        tales: list[str],
    ) -> None:
        owner = User.objects.create_user("alice@machine.example", "x", name="Alice")
        self.merchant: Merchant = open_merchant(owner=owner, name="Machine", store="A", city="杭州")
        Merchant.objects.update(shipping_fee=fee, free_shipping_from=3000)
        self.merchant.refresh_from_db()
        self.by = owner
        clerk = User.objects.create_user("bob@machine.example", "x", name="Bob")
        Store.objects.create(merchant=self.merchant, name="B", city="杭州", position=1)
        self.stores = list(self.merchant.stores.order_by("position"))
        # He serves the second store alone; what is collected is collected at the first.
        self.elsewhere = add_staff(
            merchant=self.merchant, user=clerk, role=Role.CLERK, host_name="Bob"
        )
        self.elsewhere.stores.set([self.stores[1]])
        self.variants = [
            product_of(self.merchant, f"P{place}", price, count).variants.get()
            for place, (price, count) in enumerate(zip((700, 1999, 2500), pieces, strict=True))
        ]
        now = timezone.now()
        self.coupon = issue_coupon(
            merchant=self.merchant,
            name="c",
            amount=AMOUNT,
            threshold=THRESHOLD,
            issued=COPIES,
            per_customer=CAP,
            stackable=True,
            starts_at=now - timedelta(days=1),
            ends_at=now + timedelta(days=1),
        )
        self.gift = issue_coupon(
            merchant=self.merchant,
            name="g",
            kind="gift",
            gift=self.variants[1],
            issued=999,
            per_customer=99,
            stackable=True,
            starts_at=now - timedelta(days=1),
            ends_at=now + timedelta(days=1),
        )
        self.guests = [
            Customer.objects.create(merchant=self.merchant, device=uuid.uuid4()) for _ in range(4)
        ]
        self.free = dict(zip([v.pk for v in self.variants], pieces, strict=True))
        self.vouchers = 0
        self.money: dict[int, int] = {}  # order -> what the bank has been given for it
        self.placed: list[Order] = []
        self.messages: list[sandbox.Callback] = []
        # Not every example uses every rule, so each begins with pieces in both stores, vouchers,
        # orders of both kinds that have come so far along their way, and money asked back.
        for place in range(3):
            self.receive_goods(place, 1, 1 + place)
        for guest in (0, 1):
            self.claim(guest, 1)
        for tale in tales:
            self.tell(tale)
        for place, (wanted, stage) in enumerate(first):
            before = len(self.placed)
            self.place(wanted, place % 3, place % 2, place < 2, bool(place % 2), False, place == 1)
            if len(self.placed) > before:
                self.go_on(stage)
        for story in stories if self.placed else ():
            self.ask_back(*story)
        self.the_bank_is_not_itself(0, False)

    def go_on(self, steps: int) -> None:
        """The newest order goes so many steps along its way."""
        pickup = self.placed[-1].is_pickup
        if steps > 0:
            self.pay(0)
        if steps > 1:
            _ = self.make_ready(0) if pickup else self.ship(0, False, False)
        if steps > 2:
            if pickup:
                self.hand_over(0, False)
            _ = self.hand_over(0, True) if pickup else self.deliver(0)

    # --- shoppers ---------------------------------------------------------------------------------

    @rule(
        wanted=baskets,
        guest=guests,
        phone=st.integers(0, 1),
        with_voucher=st.booleans(),
        pickup=st.booleans(),
        twice=st.booleans(),
        with_gift=st.booleans(),
        special=st.sampled_from([0, 0, -100, 100]),
        spent=st.booleans(),
    )
    def place(
        self,
        wanted: dict[int, int],
        guest: int,
        phone: int,
        with_voucher: bool,
        pickup: bool,
        twice: bool,
        with_gift: bool = False,
        special: int = 0,
        spent: bool = False,
    ) -> None:
        """A checkout, as the view does it, perhaps pressed twice, at the prices of a show, or with
        a voucher that was good when the page was made."""
        basket = {self.variants[place].pk: count for place, count in wanted.items()}
        prices = {one.pk: one.price + special for one in self.variants}
        voucher = None
        if with_voucher:
            mine = self.held(guest)
            voucher = mine.filter(state="redeemed" if spent else "claimed").first()
        used_up = voucher is not None and voucher.state != "claimed"
        payer = Customer.objects.filter(phone=f"+861380000000{phone}").first()
        capped = voucher is not None and self.uses(payer, voucher) >= CAP
        gifts = Voucher.objects.filter(customer=self.guests[guest], coupon=self.gift)
        used_gift = gifts.filter(state="redeemed").first() if with_gift and spent else None
        extra = used_gift
        if with_gift and extra is None:
            extra = claim_coupon(coupon=self.gift, customer=self.guests[guest])
        store = self.stores[0] if pickup else None
        number = f"+861380000000{phone}"
        guest_row = Customer.objects.get(pk=self.guests[guest].pk)

        def act() -> int:
            customer = customer_for_phone(
                merchant=self.merchant, phone=number, name="n", email="", guest=guest_row
            )
            return place_order(
                merchant=self.merchant,
                customer=customer,
                basket=basket,
                contact=Contact("n", number, address="somewhere", store=store),
                language="en",
                live_prices=prices,
                voucher=voucher,
                extra=extra,
                device=guest_row.device,
            ).pk

        key = uuid.uuid4().hex
        try:
            pk = once(scope="machine", key=key, body=basket, act=act)
        except OutOfStock:
            # Alone in the shop, "sold out" must be true.
            assert any(count > self.left(pk, store) for pk, count in basket.items())
            return
        except GiftGone:
            assert self.left(self.variants[1].pk, store) <= basket.get(self.variants[1].pk, 0)
            return
        except CouponUnfit:
            if used_gift is not None:
                return
            assert used_up or capped
            return
        except TooManyOpen:
            # A number or a device may hold back only so many pieces that nobody pays for.
            mine = Q(phone=number) | Q(device=guest_row.device)
            waiting = Order.objects.filter(mine, state=LineState.PENDING)
            assert waiting.count() >= OPEN_ORDERS
            return
        if twice:
            assert once(scope="machine", key=key, body=basket, act=act) == pk
            with pytest.raises(KeyReused):
                once(scope="machine", key=key, body={"other": 1}, act=act)
        order = Order.objects.get(pk=pk)
        cost = {pk: min(price, price - special) for pk, price in prices.items()}
        goods = sum(cost[pk] * count for pk, count in basket.items())
        saved = AMOUNT if voucher is not None and goods >= THRESHOLD else 0
        parcel = 0 if pickup or goods >= 3000 else self.merchant.shipping_fee
        assert order.total == goods - saved + parcel
        assert (order.voucher_id is not None) == bool(saved)
        assert not (saved and (used_up or capped))
        assert used_gift is None
        self.within_limits(order)
        assert order.extra == extra
        self.take(order)
        self.placed.append(order)

    @rule(wanted=baskets, guest=guests, phone=st.integers(0, 1))
    def she_orders_and_pays_nothing(self, wanted: dict[int, int], guest: int, phone: int) -> None:
        few = dict.fromkeys(wanted, 1)
        for _time in range(OPEN_ORDERS + 1):
            self.place(few, guest, phone, False, False, False)

    @rule(guest=st.integers(0, 1), at_counter=st.booleans())
    def she_uses_a_friends_copy_too(self, guest: int, at_counter: bool) -> None:
        """First her own, online or in the shop, and then a friend's under her own number."""
        if at_counter:
            self.use_a_voucher_at_the_counter(guest, 0, THRESHOLD)
        else:
            self.place({2: 1}, guest, guest, True, False, False)
        self.claim(2, 1)
        self.place({2: 1}, 2, guest, True, False, False)

    def uses(self, customer: Customer | None, voucher: Voucher) -> int:
        """Of this coupon, by whoever pays, by who claimed it, or with her device."""
        claimer = voucher.customer
        orders = Order.objects.exclude(state__in=[*ENDED, LineState.REFUNDED])
        hers = [
            order.pk
            for order in orders.filter(voucher__coupon=voucher.coupon)
            if order.customer == customer or order.device == claimer.device
        ]
        taken = CounterUse.objects.filter(voucher__coupon=voucher.coupon, undone_at=None)
        return len(hers) + taken.filter(voucher__customer__in={customer, claimer}).count()

    def within_limits(self, order: Order) -> None:
        waiting = Order.objects.filter(state=LineState.PENDING)
        for mine in ({"phone": order.phone}, {"device": order.device}):
            assert waiting.filter(**mine).count() <= OPEN_ORDERS

    @rule(wishes=st.lists(st.tuples(baskets, guests, st.booleans()), min_size=2, max_size=4))
    def a_crowd_orders(self, wishes: list[tuple[dict[int, int], int, bool]]) -> None:
        """All at one moment, in one transaction, and the first of them presses twice."""
        asked = [self.wish(*one) for one in wishes]
        free = {(v.pk, s.pk): self.left(v.pk, s) for v in self.variants for s in self.stores}
        before = Order.objects.count()
        outcomes = place_each([*asked, asked[0]], self.merchant)
        numbers = {one for one in outcomes if isinstance(one, str)}
        assert Order.objects.count() == before + len(numbers)
        assert outcomes[-1] == outcomes[0] or type(outcomes[-1]) is type(outcomes[0])
        for wish, outcome in zip(asked, outcomes, strict=False):
            if isinstance(outcome, str):
                order = Order.objects.get(number=outcome)
                goods = sum(v.price * wish.basket.get(v.pk, 0) for v in self.variants)
                parcel = 0 if order.store or goods >= 3000 else self.merchant.shipping_fee
                assert order.total == goods + parcel
                self.within_limits(order)
                self.take(order)
                self.placed.append(order)
                continue
            assert isinstance(outcome, (OutOfStock, TooManyOpen))
            alone = len(asked) == 1 or outcome is outcomes[0]
            if isinstance(outcome, OutOfStock) and alone:
                store = wish.contact.store
                there = [s.pk for s in self.stores if store in (None, s)]
                assert any(n > sum(free[pk, s] for s in there) for pk, n in wish.basket.items())

    def wish(self, wanted: dict[int, int], guest: int, pickup: bool) -> Wish:
        basket = {self.variants[place].pk: count for place, count in wanted.items()}
        store = self.stores[0] if pickup else None
        device = self.guests[guest].device
        assert device is not None
        return Wish(
            basket=basket,
            contact=Contact("n", f"+861380000001{guest}", address="somewhere", store=store),
            language="en",
            device=device,
            expected_total=None,
            asked=Asked("machine", uuid.uuid4().hex, fingerprint(basket)),
        )

    @rule(pick=picks)
    def go_to_the_bank(self, pick: int) -> None:
        """The bank has the money; whether its message arrives, when and how often is its affair."""
        order = self.one(pick, LineState.PENDING)
        try:
            message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
        except WrongState:
            assert self.now(order) != LineState.PENDING
        else:
            self.messages.append(message)

    @rule(pick=picks)
    def the_bank_says(self, pick: int) -> None:
        """Any message it ever had to send, for the first time or again."""
        if not self.messages:
            return
        self.hear(self.messages[-1 - pick % len(self.messages)])

    def hear(self, message: sandbox.Callback) -> None:
        payment = Payment.objects.select_related("order").get(public_id=message.payment)
        first = payment.state != "settled"
        before = payment.order.state
        answer = sandbox.receive(message)
        order = Order.objects.get(pk=payment.order_id)
        if not first:
            assert order.state == before
            return
        self.money[order.pk] = self.money.get(order.pk, 0) + message.amount
        if answer.refund_due:
            assert order.state == before != LineState.PENDING
            return
        assert order.state == LineState.PAID
        if before == LineState.EXPIRED:
            self.take(order)

    @rule(pick=picks)
    def pay(self, pick: int) -> None:
        """As most do: at once."""
        before = len(self.messages)
        self.go_to_the_bank(pick)
        for message in self.messages[before:]:
            self.hear(message)

    @rule(pick=picks, cancelled=st.booleans(), sold=st.booleans(), reused=st.booleans())
    def money_comes_late(self, pick: int, cancelled: bool, sold: bool, reused: bool) -> None:
        """The order has ended, its goods may be sold and its voucher used, and then it is paid."""
        before = len(self.messages)
        self.go_to_the_bank(pick)
        for message in self.messages[before:]:
            order = Payment.objects.get(public_id=message.payment).order
            if cancelled:
                move_order(order=order, to=LineState.CANCELLED, by=self.by)
                self.give_back(order)
            else:
                self.expire(order)
            if reused and order.voucher is not None:
                guest = [one.pk for one in self.guests].index(order.voucher.customer_id)
                self.place({2: 1}, guest, 1, True, False, False)
            for line in order.lines.all() if sold else ():
                for number, store in enumerate(self.stores):
                    left = self.left(line.variant_id, store)
                    place = [v.pk for v in self.variants].index(line.variant_id)
                    if left:
                        self.sell_at_the_counter(place, number, left)
            self.hear(message)

    @rule(pick=picks, twice=st.booleans())
    def the_bank_is_not_itself(self, pick: int, twice: bool) -> None:
        """Somebody forges a message, or the money is another sum, or it comes a second time."""
        if not self.messages:
            return
        message = self.messages[-1 - pick % len(self.messages)]
        payment = Payment.objects.get(public_id=message.payment)
        real = {"amount": message.amount, "currency": message.currency}
        for off in ({"amount": message.amount - 1}, {"amount": 0}, {"currency": "USD"}):
            with pytest.raises(BadCallback):
                settle_payment(payment=payment, transaction_id="x", **real | off)
        for forged in ({"amount": 1}, {"currency": "USD"}, {"signature": "0" * 64}):
            with pytest.raises(BadCallback):
                sandbox.receive(replace(message, **forged))
        if twice and payment.state == "settled":
            other = f"x{uuid.uuid4().hex}"
            assert settle_payment(payment=payment, transaction_id=other, **real).refund_due
            book = {"currency": message.currency, "at": timezone.now(), "transaction": other}
            BankEntry.objects.create(number=other, amount=message.amount, **book)
            self.money[payment.order_id] += message.amount

    @rule(guest=guests, times=st.integers(1, 3))
    def claim(self, guest: int, times: int) -> None:
        for _time in range(times):
            held = self.held(guest).count()
            try:
                claim_coupon(coupon=self.coupon, customer=self.guests[guest])
            except CouponHeld:
                assert held == CAP
            except CouponGone:
                assert self.vouchers == COPIES
            else:
                self.vouchers += 1
                assert held < CAP
                assert self.vouchers <= COPIES

    @rule()
    def everybody_claims(self) -> None:
        for guest in range(4):
            self.claim(guest, 1)

    def held(self, guest: int) -> QuerySet[Voucher]:
        """Hers of the coupon that is scarce."""
        return Voucher.objects.filter(customer=self.guests[guest], coupon=self.coupon)

    # --- clerks -----------------------------------------------------------------------------------

    @rule(place=st.integers(0, 2), store=st.integers(0, 1), quantity=quantities)
    def sell_at_the_counter(self, place: int, store: int, quantity: int) -> None:
        variant = self.variants[place]
        free = self.left(variant.pk, self.stores[store])
        try:
            sell_at_counter(
                variant=variant, store=self.stores[store], by=self.by, quantity=quantity
            )
        except OutOfStock:
            assert free < quantity
        else:
            assert free >= quantity
            self.free[variant.pk] -= quantity

    @rule(guest=guests, store=st.integers(0, 1), goods=st.sampled_from([500, 2500, 2500]))
    def use_a_voucher_at_the_counter(self, guest: int, store: int, goods: int) -> None:
        """Whatever copy she shows first: one that is used up, too."""
        voucher = self.held(guest).order_by("state", "pk").first()
        if voucher is None:
            return
        good = voucher.state == "claimed" and self.uses(voucher.customer, voucher) < CAP
        try:
            use = take_voucher(voucher=voucher, store=self.stores[store], goods=goods, by=self.by)
        except SavesNothing:
            assert goods < THRESHOLD
        except CouponUnfit:
            assert not good
        else:
            assert good
            assert (use.saving, use.goods) == (AMOUNT, goods)

    @rule(twice=st.booleans())
    def undo_a_use(self, twice: bool) -> None:
        use = CounterUse.objects.order_by("-pk").first()
        if use is None:
            return
        was = use.undone_at
        assert undo_use(use=use, by=self.by, may_always=True) == (was is None)
        if twice:
            assert not undo_use(use=use, by=self.by, may_always=True)

    @rule(place=st.integers(0, 2), store=st.integers(0, 1), quantity=quantities)
    def receive_goods(self, place: int, store: int, quantity: int) -> None:
        variant = self.variants[place]
        change_stock(
            variant=variant,
            store=self.stores[store],
            delta=quantity,
            reason=Reason.RECEIVED,
            by=self.by,
        )
        self.free[variant.pk] += quantity

    @rule(pick=picks, stale=st.booleans())
    def cancel(self, pick: int, stale: bool) -> None:
        """A clerk cancels, perhaps from a page that is older than the order's last step."""
        order = self.one(pick, LineState.PENDING)
        was = self.now(order)
        try:
            move_order(order=self.seen(order, stale), to=LineState.CANCELLED, by=self.by)
        except WrongState:
            assert was != LineState.PENDING or stale
        else:
            assert was == LineState.PENDING
            self.give_back(order)

    @rule(pick=picks, stale=st.booleans(), part=st.booleans())
    def ship(self, pick: int, stale: bool, part: bool) -> None:
        """All that is here in one parcel, or one line alone that was here once."""
        order = self.one(pick, LineState.PAID, *([PARTLY_SHIPPED] if part else []))
        was = self.now(order)
        line = list(order.lines.all())[pick % order.lines.count()]
        parcel = {"carrier": "sf", "tracking_number": "SF123456", "by": self.by}
        asked = self.waits(order)
        if part:
            parcel["lines"] = [line.pk]
        try:
            ship_order(order=self.seen(order, stale), **parcel)
        except WrongState:
            gone = part and line.state != LineState.PAID
            assert was not in TO_SHIP or order.is_pickup or gone or self.waits(order)
        else:
            assert was in TO_SHIP
            assert not order.is_pickup
            assert not asked
            left = {one.state for one in order.lines.all()} - {LineState.REFUNDED}
            assert (self.now(order) == PARTLY_SHIPPED) == (LineState.PAID in left)

    @rule(pick=picks)
    def make_ready(self, pick: int) -> None:
        order = self.one(pick, LineState.PAID)
        was, asked = self.now(order), self.waits(order)
        try:
            make_ready(order=self.seen(order), by=self.by)
        except WrongState:
            assert was != LineState.PAID or not order.is_pickup or self.waits(order)
        else:
            assert was == LineState.PAID
            assert order.is_pickup
            assert not asked

    @rule(pick=picks, right=st.booleans())
    def hand_over(self, pick: int, right: bool) -> None:
        order = self.one(pick, LineState.READY)
        was, asked = self.now(order), self.waits(order)
        if order.is_pickup:  # her code opens nothing in another store
            typed = f"{order.number[:8]}", order.pickup_code
            assert find_pickup(self.elsewhere, typed[1], typed[0]) is None
        code = order.pickup_code if right else "".join(reversed(order.pickup_code)) + "0"
        try:
            hand_over(order=self.seen(order), code=code, by=self.by)
        except WrongState:
            assert was != LineState.READY or not right or self.waits(order)
        else:
            assert right
            assert was == LineState.READY
            assert not asked

    @rule(pick=picks)
    def deliver(self, pick: int) -> None:
        order = self.one(pick, LineState.SHIPPED)
        was = self.now(order)
        try:
            confirm_delivery(order=self.seen(order), by=None)
        except WrongState:
            away = {line.state for line in order.lines.all()}
            assert LineState.SHIPPED not in away
        else:
            assert was in {LineState.SHIPPED, PARTLY_SHIPPED}

    # --- money back -------------------------------------------------------------------------------

    @rule(pick=picks, count=quantities, whole=st.booleans(), then=answers)
    def she_wants_no_parcel(self, pick: int, count: int, whole: bool, then: str) -> None:
        self.ask_back(pick, count, "money", whole, then)

    @rule(pick=picks, count=quantities, whole=st.booleans(), then=answers)
    def she_wants_to_send_it_back(self, pick: int, count: int, whole: bool, then: str) -> None:
        self.ask_back(pick, count, "back", whole, then)

    @rule(pick=picks, count=quantities, whole=st.booleans(), then=answers)
    def she_wants_it_new(self, pick: int, count: int, whole: bool, then: str) -> None:
        self.ask_back(pick, count, "swap", whole, then)

    @rule(
        pick=picks, count=quantities, whole=st.booleans(), again=st.sampled_from(["part", "back"])
    )
    def she_gets_a_part(self, pick: int, count: int, whole: bool, again: str) -> None:
        self.ask_back(pick, count, "part", whole, "yes", again)

    def ask_back(
        self, pick: int, count: int, how: str, whole: bool, then: str, again: str = ""
    ) -> None:
        """She wants some pieces of one line back, or all there is, perhaps only part of what they
        cost; and mostly somebody answers."""
        order = self.one(pick, *(IN_SHOP if how == "money" else SENT))
        lines = list(order.lines.all())
        line = lines[pick % len(lines)]
        wanted = {line.pk: count}
        if whole:
            wanted = {one.pk: one.left for one in lines if not one.is_gift and one.left}
        kinds = {"back": RefundKind.RETURN, "swap": RefundKind.EXCHANGE}
        kind = kinds.get(how, RefundKind.MONEY)
        same = {one.pk: one.variant_id for one in lines}
        try:
            if how == "part":
                part = sum(one.paid for one in lines if one.pk in wanted) if whole else count
                refund = give_refund(order=order, pieces=wanted, by=self.by, amount=part)
            else:
                refund = request_refund(order=order, pieces=wanted, kind=kind, wanted=same)
        except NothingToRefund:
            was = self.now(order)
            vain = order.refunds.filter(state__in=["refused", "withdrawn"]).count()
            few = (line.is_gift and how != "swap") or count > line.left
            chosen = [one for one in lines if one.pk in wanted]
            mixed = len({one.state for one in chosen}) > 1
            if how == "swap" and len(chosen) > 1:  # what cost nothing is exchanged by itself
                mixed |= any(self.not_given(one) < one.quantity for one in chosen)
            none = not wanted or (few and not whole) or mixed
            assert none or was in ENDED | {LineState.PENDING} or vain >= 5
        except RefundTooLarge:
            assert how != "swap"
            assert how == "part" or not any(
                self.not_given(one) for one in lines if one.pk in wanted
            )
        except WrongState:
            assert how in kinds
        else:
            assert refund.amount <= refund.payment.amount
            assert (refund.amount == 0) == (how == "swap") or refund.unsent
            if how == "part":
                assert not refund.unsent
                if again:  # after a part of the money, another part, or all of it with the goods
                    self.ask_back(pick, count, again, True, then)
            elif then == "pack":
                self.pack_what_is_asked_back(order, refund)
            elif then:
                self.answer(0, then if then in {"no", "never mind"} else "yes")
            if how in kinds and then in {"it comes", "it is sent", "she keeps it"}:
                if then == "it is sent":
                    self.she_sends_it_back(0, "SF1234567")
                if then == "she keeps it":
                    self.she_keeps_it(0)
                else:
                    self.goods_come_back(0, True, True)

    def not_given(self, line: Line) -> int:
        """What of a line's price has not been given or asked for yet."""
        counted = Refund.objects.exclude(state__in=["refused", "withdrawn"])
        given = RefundPiece.objects.filter(line=line, refund__in=counted)
        return line.paid - sum(one.amount for one in given)

    def pack_what_is_asked_back(self, order: Order, refund: Refund) -> None:
        """As a clerk might whose page is a minute old."""
        if not refund.unsent:
            return
        now = Order.objects.get(pk=order.pk)
        act, more = ship_order, {"carrier": "sf", "tracking_number": "SF123456"}
        if now.state == LineState.READY:
            act, more = hand_over, {"code": now.pickup_code}
        elif now.is_pickup:
            act, more = make_ready, {}
        with pytest.raises(WrongState):
            act(order=now, by=self.by, **more)

    @rule(pick=picks, say=st.sampled_from(["yes", "yes", "no", "never mind", "time"]))
    def answer(self, pick: int, say: str) -> None:
        refund = self.refund(pick, RefundState.REQUESTED)
        if refund is None:
            return
        was, facts = refund.state, {"refund": refund, "version": refund.version}
        if say == "never mind" and refund.version > 1:
            with pytest.raises((RefundMoved, WrongState)):  # a page from before somebody moved it
                withdraw_refund(refund=refund, version=refund.version - 1)
        try:
            if say == "yes":
                self.agree(refund)
            elif say == "no":
                refuse_refund(**facts, by=self.by, words="no")
            elif say == "never mind":
                withdraw_refund(**facts)
            else:
                Refund.objects.filter(pk=refund.pk).update(answer_by=timezone.now())
                agree_refunds()
        except WrongState:
            assert was != RefundState.REQUESTED
            return
        now = Refund.objects.get(pk=refund.pk)
        if now.state == RefundState.AWAITING:
            assert now.kind in COMES_BACK
            assert now.money == Leg.NONE  # first the goods
            if was == RefundState.REQUESTED:
                self.put_aside(now, -1)
        elif now.state == RefundState.APPROVED:
            assert now.kind not in COMES_BACK
        if was == RefundState.REQUESTED and say in {"yes", "time"} and refund.unsent:
            for piece in refund.pieces.all():
                self.free[piece.line.variant_id] += piece.quantity
        if (was, now.state) == (RefundState.AWAITING, RefundState.WITHDRAWN):
            self.put_aside(now, 1)  # she did not send hers in time: what was kept for her is free

    def agree(self, refund: Refund) -> None:
        """What is wanted instead may be sold out: then the shop says so, or gives money for it."""
        facts = {"refund": refund, "version": refund.version, "by": self.by}
        try:
            approve_refund(**facts)
        except OutOfStock:
            assert refund.is_exchange
            store = refund.order.store
            assert any(
                self.left(piece.wanted_id, store)
                < sum(
                    one.quantity for one in refund.pieces.all() if one.wanted_id == piece.wanted_id
                )
                for piece in refund.pieces.all()
            )
            if refund.amount + refund.credit:
                approve_refund(**facts, money=True)
                return
            with pytest.raises(WrongState):  # no money ever comes of what cost nothing
                approve_refund(**facts, money=True)
            refuse_refund(**facts, words="none left")

    def put_aside(self, refund: Refund, sign: int) -> None:
        """What an exchange holds is not free, or is again."""
        for piece in refund.pieces.all():
            if piece.wanted_id is not None:
                self.free[piece.wanted_id] += sign * piece.quantity

    @rule(pick=picks)
    def she_keeps_it(self, pick: int) -> None:
        refund = self.refund(pick, RefundState.AWAITING)
        if refund is None:
            return
        try:
            withdraw_refund(refund=refund, version=refund.version)
        except WrongState:
            assert refund.is_sent or refund.state not in {"requested", "awaiting_return"}
        else:
            assert not refund.is_sent
            if refund.state == RefundState.AWAITING:
                self.put_aside(refund, 1)

    @rule(pick=picks, number=st.sampled_from(["SF1234567", "x"]))
    def she_sends_it_back(self, pick: int, number: str) -> None:
        refund = self.refund(pick, RefundState.AWAITING)
        if refund is None:
            return
        facts = {"carrier": "sf", "tracking_number": number}
        try:
            send_back(refund=refund, version=refund.version, **facts)
        except BadTracking:
            assert number == "x"
        except WrongState:
            assert refund.state != RefundState.AWAITING
        else:
            assert refund.state == RefundState.AWAITING
            with pytest.raises(WrongState):  # what is on its way is not kept
                withdraw_refund(refund=refund, version=refund.version + 1)
            with pytest.raises(RefundMoved):  # a clerk's page does not know of the parcel
                take_back(refund=refund, version=refund.version, by=self.by)

    @rule(pick=picks, whole=st.booleans(), twice=st.booleans())
    def goods_come_back(self, pick: int, whole: bool, twice: bool) -> None:
        refund = self.refund(pick, RefundState.AWAITING)
        if refund is None:
            return
        was = refund.state
        facts = {
            "version": refund.version,
            "by": self.by,
            "store": self.stores[1] if whole else None,
        }
        try:
            take_back(refund=refund, **facts)
        except WrongState:
            assert was != RefundState.AWAITING
            return
        if twice:
            with pytest.raises((RefundMoved, WrongState)):
                take_back(refund=refund, **facts)
        for piece in refund.pieces.all() if whole else ():
            self.free[piece.line.variant_id] += piece.quantity
        refund.refresh_from_db()
        assert (refund.replacement is not None) == refund.is_exchange
        if refund.replacement is not None:  # goes the way of any order, and may come back in turn
            self.placed.append(refund.replacement)

    @rule(broken=st.booleans())
    def the_gateway_is_asked(self, broken: bool) -> None:
        """It pays, or it pays and its answer is lost: then it is asked again."""
        Refund.objects.filter(next_try_at__isnull=False).update(next_try_at=timezone.now())
        if broken:
            for refund in Refund.objects.due(timezone.now()):
                sandbox.refund(refund)
                failed = Outcome(Leg.FAILED, trouble="lost")
                finish_refund(refund=refund, outcome=failed)
        else:
            send_refunds()
        done = Refund.objects.filter(money=Leg.DONE).last()
        if done is not None:  # it says so a second time
            told = Outcome(Leg.DONE, transaction=done.transaction)
            assert finish_refund(refund=done, outcome=told).version == done.version

    def refund(self, pick: int, state: RefundState) -> Refund | None:
        """As `one`, of the refunds."""
        every = list(Refund.objects.exclude(kind=RefundKind.SURPLUS).order_by("pk"))
        fits = [refund for refund in every if refund.state == state]
        among = fits if fits and pick % 4 != 3 else every
        return among[-1 - pick % len(among)] if among else None

    def waits(self, order: Order) -> bool:
        return Order.objects.get(pk=order.pk).waits_for_refund

    # --- whole tales ------------------------------------------------------------------------------

    @rule(tale=st.sampled_from(TALES))
    def tell(self, tale: str) -> None:
        """One parcel, from the shelf to where the tale ends."""
        before = len(self.placed)
        wanted = {0: 2} if tale == TALES[0] else {0: 2, 1: 1}
        for place in wanted:
            self.receive_goods(place, 0, 3)
        self.place(wanted, 3, 1, False, False, False)
        if len(self.placed) == before:  # this device, or this number, has too many unpaid
            return
        self.pay(0)
        order = self.placed[-1]
        for page in (order, self.seen(order)):  # paid is paid, on an old page too
            with pytest.raises(WrongState):
                move_order(order=page, to=LineState.CANCELLED, by=self.by)
        if tale == TALES[0]:
            self.piece_by_piece(order)
            return
        self.ship(0, False, tale == TALES[1])
        if tale == TALES[2]:
            self.part_after_part(order)
        elif tale == TALES[3]:
            self.ask_back(0, 1, "back", False, "she keeps it")
        elif tale == TALES[4]:
            self.ask_back(0, 1, "swap", False, "she keeps it")
        elif tale == TALES[5]:
            self.ask_back(0, 1, "swap", False, "it is sent")

    def piece_by_piece(self, order: Order) -> None:
        """Nothing is packed meanwhile; the last piece ends the order, and there is no third."""
        for _piece in range(2):
            self.ask_back(0, 1, "money", False, "pack")
            self.answer(0, "yes")
        assert self.now(order) == LineState.REFUNDED
        with pytest.raises(NothingToRefund):
            give_refund(order=order, pieces={order.lines.get().pk: 1}, by=self.by)
        self.the_gateway_is_asked(False)

    def part_after_part(self, order: Order) -> None:
        """The payment could bear more, but no line more than it cost: what is left of its price
        goes back with its goods."""
        line = order.lines.all()[0]
        facts = {"order": order, "pieces": {line.pk: line.quantity}, "by": self.by}
        give_refund(**facts, amount=line.paid - 1)
        with pytest.raises(RefundTooLarge):
            give_refund(**facts, amount=2)
        self.ask_back(0, line.quantity, "back", False, "it is sent")

    # --- the clock --------------------------------------------------------------------------------

    @rule(pick=picks)
    def time_runs_out(self, pick: int) -> None:
        self.expire(self.one(pick, LineState.PENDING))

    def expire(self, order: Order) -> None:
        """The hold of one order runs out and the sweep comes, twice."""
        was = self.now(order)
        early = timezone.now() - timedelta(hours=1)
        Order.objects.filter(pk=order.pk).update(
            placed_at=early, pay_by=early + timedelta(minutes=15)
        )
        expire_orders()
        expire_orders()
        if was == LineState.PENDING:
            assert self.now(order) == LineState.EXPIRED
            self.give_back(order)
        else:
            assert self.now(order) == was

    @rule()
    def the_worker_comes(self) -> None:
        send_notifications()
        assert not Notification.objects.filter(sent_at=None).exists()

    # --- what must be true ------------------------------------------------------------------------

    @invariant()
    def every_invariant_holds(self) -> None:
        assert [str(one) for one in offenders(ALL, timezone.now())] == []

    @invariant()
    def the_model_agrees(self) -> None:
        if not hasattr(self, "free"):
            return
        assert {pk: self.left(pk, None) for pk in self.free} == self.free
        self.coupon.refresh_from_db()
        assert self.coupon.claimed == self.vouchers <= COPIES
        for order in Order.objects.prefetch_related("payments"):
            settled = [p for p in order.payments.all() if p.state == "settled"]
            kept = sum(p.amount for p in settled if not p.refund_due)
            assert sum(p.amount for p in settled) == self.money.get(order.pk, 0)  # none swallowed
            paid = order.state not in ENDED | {LineState.PENDING}
            assert kept == (order.total if paid else 0)
        # An answer may be lost, but the bank pays nothing that the shop has not agreed to.
        paid = dict(BankEntry.objects.filter(amount__lt=0).values_list("number", "amount"))
        for refund in Refund.objects.all():
            told = -paid.pop(refund.public_id, 0)
            assert told in {0, refund.amount}
            assert told == refund.amount or refund.money != Leg.DONE
            assert not told or refund.money != Leg.NONE
        assert not paid

    def one(self, pick: int, *states: str) -> Order:
        """Mostly one in these states, the newest first, if there is one; else any ever placed."""
        fits = [order for order in self.placed if self.now(order) in states]
        among = fits if fits and pick % 4 != 3 else self.placed
        return among[-1 - pick % len(among)]

    def now(self, order: Order) -> str:
        return Order.objects.get(pk=order.pk).state

    def seen(self, order: Order, stale: bool = False) -> Order:
        """The order as a page shows it: fresh, or as it was when it was placed."""
        return order if stale else Order.objects.get(pk=order.pk)

    def left(self, variant: int, store: Store | None) -> int:
        rows = Stock.objects.filter(variant=variant)
        if store is not None:
            rows = rows.filter(store=store)
        return sum(row.available for row in rows)

    def take(self, order: Order) -> None:
        for line in order.lines.all():
            self.free[line.variant_id] -= line.quantity

    def give_back(self, order: Order) -> None:
        for line in order.lines.all():
            self.free[line.variant_id] += line.quantity


def place_each(wishes: list[Wish], merchant: Merchant) -> list[str | Exception]:
    """The number of each one's order, or why she has none: as those who gather are served."""

    def act(places: list[int]) -> list[Order | RuleBroken]:
        return place_orders(merchant=merchant, wishes=[wishes[at] for at in places])

    return order_each_once(asked=[one.asked for one in wishes], act=act)


@pytest.mark.broad
def test_whatever_happens_every_invariant_holds(db):
    run_state_machine_as_test(
        Shop,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
