"""Stores: where they are, when they are open, in which order, and who serves them."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from merchants.models import Store
from merchants.services.store import move_store, save_store

CLOSED_ON_SUNDAY = [["09:00", "21:00"]] * 6 + [None]


def at(name: str, *args: object) -> str:
    return reverse(f"merchants:{name}", args=["tea", *args])


@pytest.fixture(autouse=True)
def _in_english(as_alice):
    as_alice.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def words(store) -> dict[str, str]:
    return {"name": store.name, "city": store.city}


@pytest.fixture
def lake(shop) -> Store:
    return save_store(store=Store(merchant=shop, name="Lake store", city="Hangzhou"))


def hours(**by_day: str) -> dict[str, str]:
    """d0="9-21" -> opens_0, closes_0; d6="x" -> closed_6."""
    found = {}
    for day, text in by_day.items():
        number = day[1:]
        if text == "x":
            found[f"closed_{number}"] = "on"
        else:
            found[f"opens_{number}"], found[f"closes_{number}"] = text.split("-")
    return found


def test_the_same_hours_on_every_day_are_written_once(as_alice, store, words):
    form = words | {"same": "on"} | hours(d0="9:00-21:00", d3="1-2")
    assert as_alice.post(at("store_edit", store.pk), form).status_code == 302
    store.refresh_from_db()
    assert store.week == [["09:00", "21:00"]] * 7


def test_each_day_may_have_its_own_hours(as_alice, store, words):
    days = {f"d{day}": "9-21" for day in range(6)} | {"d6": "x"}
    as_alice.post(at("store_edit", store.pk), words | hours(**days))
    store.refresh_from_db()
    assert store.week == CLOSED_ON_SUNDAY
    page = as_alice.get(at("store_edit", store.pk)).text
    assert "checked" not in page.split('name="same"')[1].split(">")[0]


def test_what_changed_meanwhile_of_a_store_but_its_words_stays(shop, store, lake):
    read = Store.objects.get(pk=lake.pk)
    move_store(merchant=shop, store=lake, by=-1)
    read.name = "West lake"
    save_store(store=read)
    assert list(shop.stores.values_list("name", flat=True)) == ["West lake", store.name]


def test_no_hours_are_no_hours(as_alice, store, words):
    Store.objects.filter(pk=store.pk).update(week=CLOSED_ON_SUNDAY)
    as_alice.post(at("store_edit", store.pk), words)
    store.refresh_from_db()
    assert store.week == []


@pytest.mark.parametrize(
    ("more", "sentence", "typed"),
    [
        ({"same": "on", "opens_0": "25:00", "closes_0": "21:00"}, "Write a time", "25:00"),
        ({"same": "on", "opens_0": "9:00"}, "Write when it opens and when it closes", "9:00"),
        ({"same": "on", "opens_0": "9", "closes_0": "9:00"}, "opens and closes at the same", "9"),
        ({"opens_0": "9", "closes_0": "21"}, "Write when it opens and when it closes", "21"),
        ({"place": "30.27"}, "Two numbers are needed", "30.27"),
        ({"place": "120.1551, 30.2741"}, "north before east", "120.1551, 30.2741"),
        ({"phone": "call me"}, "Write a number such as", "call me"),
    ],
)
def test_a_mistake_says_what_is_right_and_loses_nothing(
    as_alice, store, words, more, sentence, typed
):
    answer = as_alice.post(at("store_edit", store.pk), words | {"address": "Lake 1"} | more)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{typed}"' in answer.text
    assert 'value="Lake 1"' in answer.text
    store.refresh_from_db()
    assert (store.address, store.week, store.latitude) == ("", [], None)


def test_a_place_is_kept_and_shown_as_it_was_pasted(as_alice, store, words):
    as_alice.post(at("store_edit", store.pk), words | {"place": "30.2741,120.1551"})
    assert 'value="30.2741, 120.1551"' in as_alice.get(at("store_edit", store.pk)).text
    as_alice.post(at("store_edit", store.pk), words)
    store.refresh_from_db()
    assert (store.latitude, store.longitude) == (None, None)


def test_the_page_of_a_store_may_ask_the_device_where_it_is(as_alice, store):
    assert "geolocation=(self)" in as_alice.get(at("store_new"))["Permissions-Policy"]
    assert "geolocation=()" in as_alice.get(at("store_list"))["Permissions-Policy"]


def test_a_refused_name_does_not_become_the_title(as_alice, store, lake, words):
    answer = as_alice.post(at("store_edit", store.pk), words | {"name": lake.name})
    assert answer.status_code == 422
    assert f"<h1>{store.name}</h1>" in answer.text


def test_a_new_store_comes_last_and_moves_up(as_alice, shop, store, lake):
    assert list(shop.stores.all()) == [store, lake]
    as_alice.post(at("store_move", lake.pk), {"way": "up"})
    assert list(shop.stores.all()) == [lake, store]
    for way in ("up", "sideways", ""):
        assert as_alice.post(at("store_move", lake.pk), {"way": way}).status_code == 302
    assert list(shop.stores.all()) == [lake, store]
    move_store(merchant=shop, store=lake, by=1)
    assert list(shop.stores.all()) == [store, lake]


def test_a_new_store_says_which_clerks_serve_it(as_alice, shop, bob, carol):
    clerk, manager = shop.staff.get(user=bob), shop.staff.get(user=carol)
    page = as_alice.get(at("store_new")).text
    assert f'name="clerks" value="{clerk.pk}"' in page
    assert f'name="clerks" value="{manager.pk}"' not in page
    form = {"name": "Lake store", "city": "Hangzhou", "clerks": [clerk.pk]}
    as_alice.post(at("store_new"), form)
    lake = shop.stores.get(name="Lake store")
    assert list(lake.staff.all()) == [clerk]
    as_alice.post(at("store_edit", lake.pk), {"name": "Lake store", "city": "Hangzhou"})
    assert not lake.staff.exists()


def test_a_stranger_cannot_be_made_to_serve_a_store(as_alice, bob, other_shop, mallory):
    stranger = other_shop.staff.get(user=mallory)
    form = {"name": "Lake store", "city": "Hangzhou", "clerks": [stranger.pk]}
    assert as_alice.post(at("store_new"), form).status_code == 422


@pytest.mark.parametrize(("hour", "said"), [(12, "open now"), (22, "closed now")])
def test_the_shop_front_says_whether_it_is_open(client, store, monkeypatch, hour, said):
    Store.objects.filter(pk=store.pk).update(week=[["09:00", "21:00"]] * 7)
    now = timezone.make_aware(datetime(2026, 3, 26, hour))
    monkeypatch.setattr("merchants.views.shop.timezone.now", lambda: now)
    page = client.get(reverse("shop:front", args=["tea"]), headers={"Accept-Language": "en"}).text
    assert said in page
    assert "Every day 9:00–21:00" in page


def test_a_shop_that_says_no_hours_says_neither(client, store):
    page = client.get(reverse("shop:front", args=["tea"]), headers={"Accept-Language": "en"}).text
    assert "open now" not in page
    assert "closed now" not in page
