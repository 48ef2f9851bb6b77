"""What an order costs: properties that hold for every basket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from merchants.rules.money import parse, plain
from orders.rules.price import Priced, coupon_saving, share, total
from orders.rules.shipping import Rate

amounts = st.integers(0, 10**9)
lines = st.lists(st.builds(Priced, st.integers(1, 999), amounts, amounts), min_size=1, max_size=20)


rates = st.none() | st.builds(Rate, amounts, st.none() | amounts)


@given(lines, amounts, rates)
def test_a_total_adds_up_and_is_never_below_zero(lines, discount, rate):
    added = total(lines, discount=discount, rate=rate)
    assert added.total == added.goods - added.discount + added.shipping
    assert added.total >= 0
    assert added.discount <= added.goods == sum(line.amount for line in lines)


@given(st.integers(0, 10**10), st.lists(st.integers(0, 10**8), min_size=1, max_size=30))
def test_shares_sum_exactly_and_no_line_goes_below_zero(discount, amounts):
    discount = min(discount, sum(amounts))
    shares = share(discount, amounts)
    assert sum(shares) == (discount if sum(amounts) else 0)
    assert all(0 <= part <= amount for part, amount in zip(shares, amounts, strict=True))


@given(amounts, st.integers(1, 10**9), amounts)
def test_a_coupon_saves_only_from_its_threshold(goods, amount, threshold):
    saving = coupon_saving(goods, amount=amount, threshold=threshold)
    assert saving == (min(amount, goods) if goods >= threshold else 0)


def test_collection_is_free_and_so_is_a_large_parcel():
    rate = Rate(fee=800, free_from=9900)
    assert rate.price(9900) == 0
    assert rate.price(9899) == 800
    assert Rate(fee=800, free_from=None).price(10**9) == 800
    assert total([Priced(1, 1, 1)], discount=0, rate=None).shipping == 0


@given(st.integers(0, 10**11 - 1))
def test_money_survives_being_written_and_read(amount):
    assert parse(plain(amount)) == amount


def test_money_is_read_as_people_write_it():
    assert parse("¥1,380") == 138_000
    assert parse("１３８．５") == 13_850
    assert parse("0.07") == 7
    for nonsense in ("", "-1", "1.234", "1e5", "十", "1 2", "99999999999", "0x10", "NaN", "1..2"):
        assert parse(nonsense) is None
