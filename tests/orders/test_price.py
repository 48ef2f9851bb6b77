"""What an order costs: properties that hold for every basket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from merchants.rules.money import parse, plain
from orders.rules.coupon import CouponKind, Terms
from orders.rules.price import Priced, share, total
from orders.rules.shipping import Rate

amounts = st.integers(0, 10**9)
lines = st.lists(st.builds(Priced, st.integers(1, 999), amounts, amounts), min_size=1, max_size=20)


rates = st.none() | st.builds(Rate, amounts, st.none() | amounts)


@given(lines, rates)
def test_a_total_adds_up_and_is_never_below_zero(lines, rate):
    added = total(lines, rate=rate)
    assert added.total == added.goods - added.discount + added.shipping
    assert added.total >= 0
    assert added.goods == sum(line.amount for line in lines)


@given(st.integers(0, 10**10), st.lists(st.integers(0, 10**8), min_size=1, max_size=30))
def test_shares_sum_exactly_and_no_line_goes_below_zero(discount, amounts):
    discount = min(discount, sum(amounts))
    shares = share(discount, amounts)
    assert sum(shares) == (discount if sum(amounts) else 0)
    assert all(0 <= part <= amount for part, amount in zip(shares, amounts, strict=True))


kinds = st.builds(
    Terms,
    kind=st.sampled_from(CouponKind),
    amount=amounts,
    percent=st.integers(1, 99),
    cap=st.none() | amounts,
    threshold=amounts,
)


@given(amounts, kinds)
def test_a_coupon_saves_from_its_threshold_and_never_more_than_the_goods_cost(goods, terms):
    saving = terms.saving(goods)
    assert 0 <= saving <= goods
    if goods < terms.threshold:
        assert saving == 0
        assert not terms.frees_parcel(goods)
    elif terms.kind is CouponKind.AMOUNT:
        assert saving == min(terms.amount, goods)
    elif terms.kind is CouponKind.PERCENT:
        assert 100 * saving <= goods * terms.percent
        assert terms.cap is None or saving <= terms.cap
        assert saving == terms.cap or 100 * (saving + 1) > goods * terms.percent


def test_collection_is_free_and_so_is_a_large_parcel():
    rate = Rate(fee=800, free_from=9900)
    assert rate.price(9900) == 0
    assert rate.price(9899) == 800
    assert Rate(fee=800, free_from=None).price(10**9) == 800
    assert total([Priced(1, 1, 1)], rate=None).shipping == 0


@given(st.integers(0, 10**11 - 1))
def test_money_survives_being_written_and_read(amount):
    assert parse(plain(amount)) == amount


def test_money_is_read_as_people_write_it():
    assert parse("¥1,380") == 138_000
    assert parse("１３８．５") == 13_850
    assert parse("0.07") == 7
    for nonsense in ("", "-1", "1.234", "1e5", "十", "1 2", "99999999999", "0x10", "NaN", "1..2"):
        assert parse(nonsense) is None
