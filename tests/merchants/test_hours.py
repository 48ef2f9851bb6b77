"""When a store is open: as people write it, as it is said, and whether it is open now."""

from __future__ import annotations

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from merchants.models.store import spoken
from merchants.rules.hours import fold, open_now, parse_time
from merchants.rules.phone import parse_phone
from merchants.rules.place import parse_place

LONG, SHORT, BAR = ["09:00", "21:00"], ["10:00", "18:00"], ["18:00", "02:00"]
CLOCK = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
WEEK = st.lists(st.none() | st.tuples(CLOCK, CLOCK), min_size=7, max_size=7)


@pytest.mark.parametrize(
    ("typed", "time"),
    [
        ("9", "09:00"),
        ("9:00", "09:00"),
        ("9.30", "09:30"),
        ("0930", "09:30"),
        ("21:30", "21:30"),
        ("9点", "09:00"),
        ("9点30分", "09:30"),
        ("24:00", "00:00"),
        ("25:00", None),
        ("9:60", None),
        ("", None),
        ("nine", None),
        ("-9:00", None),
        ("٩:٠٠", None),
    ],
)
def test_a_time_is_read_as_people_write_it(typed, time):
    assert parse_time(typed) == time


@pytest.mark.parametrize(
    ("week", "english", "chinese"),
    [
        ([], "", ""),
        ([LONG] * 7, "Every day 9:00–21:00", "每天 9:00–21:00"),
        (
            [LONG] * 5 + [SHORT] * 2,
            "Mon–Fri 9:00–21:00, Sat–Sun 10:00–18:00",
            "周一至周五 9:00–21:00，周六至周日 10:00–18:00",
        ),
        (
            [None, LONG, LONG, SHORT, LONG, LONG, LONG],
            "Tue–Wed, Fri–Sun 9:00–21:00, Thu 10:00–18:00, closed on Mon",
            "周二至周三、周五至周日 9:00–21:00，周四 10:00–18:00，周一休息",
        ),
        ([["00:00", "00:00"]] * 7, "Every day around the clock", "每天 24 小时"),
        ([None] * 7, "closed", "休息"),
    ],
)
def test_a_week_is_said_in_few_words(week, english, chinese):
    with override("en"):
        assert spoken(week) == english
    with override("zh-hans"):
        assert spoken(week) == chinese


@given(WEEK)
def test_folding_loses_no_day(week):
    seen = {n: kind for kind, runs in fold(week) for a, b in runs for n in range(a, b + 1)}
    assert [seen[day] for day in range(7)] == week


@pytest.mark.parametrize(
    ("week", "weekday", "time", "is_open"),
    [
        ([], 0, "12:00", None),
        ([LONG] * 7, 0, "08:59", False),
        ([LONG] * 7, 0, "09:00", True),
        ([LONG] * 7, 0, "21:00", False),
        ([BAR] + [None] * 6, 0, "17:59", False),
        ([BAR] + [None] * 6, 0, "23:30", True),
        ([BAR] + [None] * 6, 1, "01:59", True),
        ([BAR] + [None] * 6, 1, "02:00", False),
        ([BAR] + [None] * 6, 0, "01:00", False),
        ([None] * 6 + [BAR], 0, "01:00", True),  # Sunday night is Monday morning
        ([["00:00", "00:00"]] + [None] * 6, 0, "23:59", True),
        ([["00:00", "00:00"]] + [None] * 6, 1, "00:00", False),
        ([None] * 7, 3, "12:00", False),
    ],
)
def test_it_is_open_or_closed(week, weekday, time, is_open):
    assert open_now(week, weekday, time) is is_open


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("30.2741, 120.1551", ("30.274100", "120.155100")),
        ("30.2741,120.1551", ("30.274100", "120.155100")),
        ("(30.2741, 120.1551)", ("30.274100", "120.155100")),
        ("30.2741° 120.1551°", ("30.274100", "120.155100")),
        ("-33.86, -151.2", ("-33.860000", "-151.200000")),
        ("90, 180", ("90.000000", "180.000000")),
        ("120.1551, 30.2741", None),  # east before north
        ("30.2741", None),
        ("90.1, 0", None),
        ("0, 180.1", None),
        ("30,2741, 120,1551", None),
        ("nan, nan", None),
        ("1e5, 2", None),
        ("Hangzhou", None),
    ],
)
def test_a_place_is_read_as_a_map_copies_it(typed, place):
    found = parse_place(typed)
    assert (found and tuple(map(str, found))) == place


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0571 8780 1219", "0571 8780 1219"),
        ("(0571) 8780-1219", "(0571) 8780-1219"),
        ("13800138000", "13800138000"),
        ("+86 138 0013 8000", "+86 138 0013 8000"),
        ("400-800-8820 转 12", "400-800-8820 转 12"),
        ("12345", "12345"),
        ("1234", None),
        ("call me", None),
        ("0571 8780 1219 or 1220", None),
        ("<b>87801219</b>", None),
    ],
)
def test_a_number_that_can_be_dialled_is_taken(typed, number):
    assert parse_phone(typed) == number
