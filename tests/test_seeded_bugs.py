"""The machine of `tests/orders/test_machine.py` sees what it is there to see.

Each bug below is one line of the product written differently (`tests/seeded.py`). A run of the
machine that once came upon it is told again, move by move (`tests/tales.py`): through the product
as it is without a stop, and with that bug in it the machine must stop: at an invariant of
`check_invariants`, at an assertion of its own model, or at a refusal that should not be. The
database's own CHECKs are off meanwhile, for they are the second lock on the door. What stopped it
at each when this was written stands in docs/seeded-bugs.md; another guard that is quicker will do.
"""

from __future__ import annotations

import traceback

import pytest
from django.db import connection

from tests.recorded_tales import TALES
from tests.seeded import Bug, sown
from tests.tales import FOUL, tell, trouble

STOCK = "merchants.services.stock"
BATCH = "merchants.services.stock_batch"
ORDER = "orders.services.order"
COUPON = "orders.services.coupon"
PAYMENT = "orders.services.payment"
REFUND = "orders.services.refund"
EXCHANGE = "orders.services.exchange"
PIECES = "orders.services.refund_pieces"
BUGS = [
    # --- stock
    Bug(
        "the counter sells what is held for an order",
        f"{STOCK}:book",
        'on_hand__gte=F("reserved") - delta',
        "on_hand__gte=-delta",
    ),
    Bug(
        "an order holds what lies there, free or not",
        f"{STOCK}:_hold",
        "[place.available for place in places]",
        "[place.on_hand for place in places]",
    ),
    Bug(
        "a crowd is promised the same piece",
        f"{BATCH}:reserve_each",
        "free[pk] -= pieces",
        "free[pk] -= 0",
    ),
    Bug(
        "stock is given back twice",
        f"{STOCK}:release",
        'reserved=F("reserved") - held.quantity, stale=True',
        'reserved=F("reserved") - held.quantity, on_hand=F("on_hand") + held.quantity, stale=True',
    ),
    Bug(
        "only the first store gets its pieces back",
        f"{STOCK}:release",
        "for held in _open(merchant, reference):\n        if _close(held, now, taken=False):",
        "for held in _open(merchant, reference)[:1]:\n        if _close(held, now, taken=False):",
    ),
    Bug(
        "what leaves the shop is not in the ledger",
        f"{STOCK}:take",
        "_record(held.stock, -held.quantity, entry)",
        "held.stock",
    ),
    Bug(
        "a part that is shipped takes the rest along",
        "orders.services.shipment:ship_order",
        "take(merchant=order.merchant, reference=order.number, by=by, variant_ids=variants)",
        "take(merchant=order.merchant, reference=order.number, by=by)",
    ),
    # --- orders
    Bug(
        "what expires keeps its goods",
        f"{ORDER}:move_order",
        "if to in GIVES_STOCK_BACK:",
        "if to is LineState.CANCELLED:",
    ),
    Bug(
        "an order expires before its time",
        "orders.models.order:OrderQuerySet.overdue",
        "state=LineState.PENDING, pay_by__lte=now",
        "state=LineState.PENDING",
    ),
    Bug(
        "a paid order is cancelled by an old page",
        f"{ORDER}:move_order",
        "filter(pk=order.pk, state=old).update(state=to.value, **facts)",
        "filter(pk=order.pk).update(state=to.value, **facts)",
    ),
    Bug(
        "a paid order can be cancelled",
        "orders.rules.line:may_move",
        "return new in MOVES[old]",
        "return new in MOVES[old] or new in MOVES[LineState.PENDING]",
    ),
    Bug(
        "a show's price is taken although it is dearer",
        "orders.rules.price:priced",
        "special is None or special >= listed",
        "special is None",
    ),
    Bug(
        "the parcel is not in the total",
        "orders.rules.price:Total.total",
        "return self.goods - self.discount + self.shipping",
        "return self.goods - self.discount",
    ),
    Bug(
        "cents of a discount are lost between the lines",
        "orders.rules.price:share",
        "floors[i] += 1",
        "floors[i] += 0",
    ),
    Bug(
        "one number opens orders without end",
        f"{ORDER}:_limit_open",
        ">= settings.OPEN_ORDERS",
        ">= settings.OPEN_ORDERS + 1",
    ),
    Bug(
        "the same request is done twice",
        "merchants.services.request:once",
        "if not key:",
        "if key:",
    ),
    # --- coupons
    Bug(
        "one copy more than issued",
        f"{COUPON}:claim_coupon",
        'claimed__lt=F("issued")',
        'claimed__lte=F("issued")',
    ),
    Bug(
        "one copy more than each may claim",
        f"{COUPON}:claim_coupon",
        "held >= coupon.per_customer",
        "held > coupon.per_customer",
    ),
    Bug(
        "one copy more than each may use",
        f"{COUPON}:redeem_voucher",
        "used.count() + taken.count() >= coupon.per_customer",
        "used.count() + taken.count() > coupon.per_customer",
    ),
    Bug(
        "the counter does not count towards the cap",
        f"{COUPON}:redeem_voucher",
        "used.count() + taken.count() >= coupon.per_customer",
        "used.count() >= coupon.per_customer",
    ),
    Bug(
        "a used voucher is used again",
        f"{COUPON}:redeem_voucher",
        "Voucher.objects.usable(timezone.now()).filter(pk=voucher.pk)",
        "Voucher.objects.filter(pk=voucher.pk)",
    ),
    Bug(
        "a coupon counts its uses twice",
        f"{COUPON}:redeem_voucher",
        'redeemed=F("redeemed") + 1',
        'redeemed=F("redeemed") + 2',
    ),
    Bug(
        "a cancelled order keeps the voucher",
        f"{ORDER}:move_order",
        "give_back_voucher(voucher=one)",
        "one.refresh_from_db()",
    ),
    Bug(
        "a coupon is good below its threshold",
        "orders.rules.coupon:Terms.saving",
        "goods < self.threshold or self.kind not in OFF_GOODS",
        "self.kind not in OFF_GOODS",
    ),
    Bug(
        "a gift is not held",
        f"{ORDER}:Quote.pieces",
        "found[one.pk] += line.quantity",
        "found[one.pk] += line.quantity if line.unit_price else 0",
    ),
    # --- payments
    Bug(
        "a signature is not looked at",
        "orders.payments.sandbox:_verified",
        "if not hmac.compare_digest(genuine.encode(), message.signature.encode()):",
        "if not genuine:",
    ),
    Bug(
        "the amount of a callback is not compared",
        f"{PAYMENT}:settle_locked",
        "(payment.amount, payment.currency) != (amount, currency)",
        "payment.currency != currency",
    ),
    Bug(
        "the currency of a callback is not compared",
        f"{PAYMENT}:settle_locked",
        "(payment.amount, payment.currency) != (amount, currency)",
        "payment.amount != amount",
    ),
    Bug(
        "a callback that comes again is a second payment",
        f"{PAYMENT}:settle_locked",
        "if payment.state == PaymentState.SETTLED:",
        "if payment.state == PaymentState.FAILED:",
    ),
    Bug(
        "money that comes too late is swallowed",
        f"{PAYMENT}:settle_locked",
        "_give_back(order, payment, now)\n        return payment\n    move",
        "return payment\n    move",
    ),
    Bug(
        "money that comes twice is swallowed",
        f"{PAYMENT}:_surplus",
        "if new:",
        "if not new:",
    ),
    Bug(
        "a late order comes back without its voucher",
        f"{PAYMENT}:_revive",
        "for one in order.vouchers:",
        "for one in order.vouchers[:0]:",
    ),
    Bug(
        "a sale is not in the books",
        f"{PAYMENT}:settle_locked",
        "posting=sale(order.total, order.shipping)",
        "posting=sale(0, 0)",
    ),
    Bug(
        "the parcel's price is booked as goods",
        f"{PAYMENT}:settle_locked",
        "posting=sale(order.total, order.shipping)",
        "posting=sale(order.total, 0)",
    ),
    Bug(
        "nobody is told of a paid order",
        f"{PAYMENT}:settle_locked",
        "    _tell(order)\n    order_paid",
        "    order_paid",
    ),
    Bug(
        "she is told twice",
        "merchants.services.notification:News.row",
        'key=f"{self.channel.value}:{self.key}"',
        'key=f"{self.channel.value}:{self.key}:{due}"',
    ),
    # --- money back
    Bug(
        "a piece is asked back twice",
        f"{PIECES}:claim",
        'asked_back__lte=F("quantity") - count, state',
        "state",
    ),
    Bug(
        "more goes back than a line cost",
        f"{PIECES}:claim",
        "return min(cost, line.paid - whole - part)",
        "return cost",
    ),
    Bug(
        "a part that was given does not count",
        f"{PIECES}:part_of",
        "sum(_given(line)) + part > line.paid",
        "part > line.paid",
    ),
    Bug(
        "more is promised than was paid",
        f"{REFUND}:_promise",
        'update(paid_back=F("paid_back") + refund.amount)',
        'update(paid_back=F("paid_back") + refund.amount + 1)',
    ),
    Bug(
        "the money goes before the goods come back",
        f"{REFUND}:_agree",
        "if refund.kind in COMES_BACK:",
        "if refund.kind == RefundKind.GOODWILL:",
    ),
    Bug(
        "goods are on the shelf before they come back",
        f"{REFUND}:_agree",
        "move(refund, RefundState.AWAITING, by, answer_by=timezone.now() + RETURN_WITHIN)",
        "move(refund, RefundState.AWAITING, by, answer_by=timezone.now() + RETURN_WITHIN)\n"
        "        _restock(refund, refund.order.merchant.stores.first(), by)",
    ),
    Bug(
        "more goods come back than were sent",
        f"{REFUND}:_restock",
        "delta=piece.quantity",
        "delta=piece.quantity + 1",
    ),
    Bug(
        "pieces that are called off stay held",
        f"{REFUND}:_call_off",
        "quantity=piece.quantity,\n        )\n    empty",
        "quantity=0,\n        )\n    empty",
    ),
    Bug(
        "the parcel's price goes back twice",
        f"{REFUND}:_add_shipping",
        "if refund.shipping or not order.shipping:",
        "if not order.shipping:",
    ),
    Bug(
        "a refund that is withdrawn keeps the promise",
        f"{REFUND}:withdraw_refund",
        "_take_promise_back(refund)",
        "refund.refresh_from_db()",
    ),
    Bug(
        "an old page moves a refund",
        "orders.services.refund_row:write",
        "pk=refund.pk, version=version, state=refund.state",
        "pk=refund.pk, state=refund.state",
    ),
    Bug(
        "a second answer of the bank is booked again",
        "orders.services.payback:finish_refund",
        "if refund.money not in {Leg.PROCESSING, Leg.FAILED}:",
        "if refund.money == Leg.NONE:",
    ),
    Bug(
        "what goes back is not in the books",
        "orders.services.payback:finish_refund",
        "posting=money_back(refund.amount, owed=owed)",
        "posting=money_back(0, owed=owed) and {}",
    ),
    Bug(
        "goods leave while their money is asked back",
        "orders.services.shipment:keep_while_asked_back",
        "state=RefundState.REQUESTED, unsent=True",
        "state=RefundState.REQUESTED, unsent=None",
    ),
    # --- goods for goods
    Bug(
        "what is agreed to in exchange is not put aside",
        f"{REFUND}:_agree",
        "            put_aside(refund)\n",
        "            pass\n",
    ),
    Bug(
        "what was put aside stays so when she keeps hers",
        f"{REFUND}:withdraw_refund",
        "        let_aside(refund)\n",
        "        pass\n",
    ),
    Bug(
        "who exchanges has her money back too",
        f"{REFUND}:_open",
        "amount=sum(costs) + shipping - sum(goods)",
        "amount=sum(costs) + shipping",
    ),
    Bug(
        "what was put aside does not go out",
        f"{EXCHANGE}:send_replacement",
        "    pass_on(merchant=refund.merchant, reference=shelf_mark(refund), to=order.number)\n",
        "    release(merchant=refund.merchant, reference=shelf_mark(refund))\n",
    ),
    Bug(
        "a replacement is worth twice what came back",
        f"{EXCHANGE}:_lines",
        "credit=piece.credit",
        "credit=2 * piece.credit",
    ),
    # --- the counter
    Bug(
        "any code opens a parcel at the counter",
        "orders.services.shipment:hand_over",
        "if not order.pickup_code or not hmac.compare_digest(typed, order.pickup_code.encode()):",
        "if not order.pickup_code:",
    ),
    Bug(
        "a clerk of another store hands it over",
        "orders.selectors.order:seen_by",
        "Q(store__in=stores_ever(staff))",
        "Q(store__isnull=False)",
    ),
]


@pytest.fixture
def unlocked(db):
    """Without the CHECKs of the database."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        yield
        cursor.execute("PRAGMA ignore_check_constraints = OFF")


@pytest.mark.broad
@pytest.mark.skipif(connection.vendor != "sqlite", reason="its CHECKs can be switched off")
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "_"))
def test_the_machine_sees(unlocked, bug):
    tale = TALES[bug.name]
    tell(tale)  # to the end: what stops it below is the bug
    with sown(bug):
        found = trouble(tale)
    assert found is not None, "a tale of before? python -m tests.record_tales 2"
    assert not isinstance(found, FOUL), notice(found)


def notice(found: BaseException) -> str:
    """What the machine stopped at, and where."""
    last = traceback.extract_tb(found.__traceback__)[-1]
    return f"{type(found).__name__}: {found}\n{last.name}: {last.line}"


def test_each_has_its_tale():
    names = [bug.name for bug in BUGS]
    assert sorted(names) == sorted(TALES)
    assert len(names) == len(set(names)) >= 57
