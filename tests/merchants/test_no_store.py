"""A clerk without a store: not made by the way, shown where she is one, and mended with a click."""

from __future__ import annotations

import pytest
from django.urls import reverse

from merchants.errors import NoStore
from merchants.models import Staff, Store
from merchants.rules.role import Role
from merchants.services.invitation import accept_invitation, invite
from merchants.services.staff import change_staff
from merchants.services.store import save_store
from tests.conftest import person


@pytest.fixture(autouse=True)
def _in_english(as_alice):
    as_alice.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def owner(shop, alice) -> Staff:
    return shop.staff.get(user=alice)


@pytest.fixture
def lake(shop) -> Store:
    return save_store(store=Store(merchant=shop, name="Lake store", city="Hangzhou"))


@pytest.fixture
def stray(owner, lake) -> Staff:
    """She accepted an invitation to a store that was gone by then."""
    offer = invite(by=owner, role=Role.CLERK, stores=[lake])
    lake.delete()
    user = person("mei@example.com", "Mei")
    return accept_invitation(invitation=offer, user=user, host_name="小梅")


def test_her_last_store_is_not_taken_by_unticking_her_there(as_alice, shop, host, store, lake):
    url = reverse("merchants:store_edit", args=[shop.slug, store.pk])
    words = {"name": "Another name", "city": "Suzhou"}
    answer = as_alice.post(url, words)
    assert answer.status_code == 422
    assert f"{host.host_name} would serve no store any more." in answer.text
    assert 'value="Another name"' in answer.text
    store.refresh_from_db()
    assert store.name != "Another name"
    change_staff(staff=host, by=shop.staff.get(role=Role.OWNER), stores=[store, lake])
    assert as_alice.post(url, words).status_code == 302
    assert list(host.stores.all()) == [lake]


def test_a_new_store_takes_nobody_from_hers(shop, host, store):
    with pytest.raises(NoStore):
        save_store(store=store, clerks=[])
    new = save_store(store=Store(merchant=shop, name="New", city="Hangzhou"), clerks=[])
    assert not new.staff.exists()
    assert list(host.stores.all()) == [store]


def test_who_has_none_sees_nothing_and_hears_why(client, stray, variant, shop):
    assert not stray.stores.exists()
    client.force_login(stray.user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    page = client.get(reverse("merchants:me", args=[shop.slug])).text
    assert "You see no stock and no pick-up orders." in page
    for name in ("product_list", "counter", "transfer", "stocktake_list"):
        assert client.get(reverse(f"merchants:{name}", args=[shop.slug])).status_code == 200
    url = reverse("merchants:product_stock", args=[shop.slug, variant.product.public_id])
    assert "清河坊店" not in client.get(url).text.partition("<main")[2]


def test_the_owner_sees_it_and_gives_her_one(as_alice, stray, shop, store):
    page = as_alice.get(reverse("merchants:staff_list", args=[shop.slug])).text
    edit = reverse("merchants:staff_edit", args=[shop.slug, stray.pk])
    assert "no store: choose one" in page
    assert f'href="{edit}"' in page
    page = as_alice.get(edit).text
    assert "She sees no stock" in page
    assert "Lake store" not in page
    as_alice.post(edit, {"role": 1, "host_name": "小梅", "stores": [store.pk]})
    assert list(stray.stores.all()) == [store]
    assert "no store" not in as_alice.get(reverse("merchants:staff_list", args=[shop.slug])).text


def test_an_offer_without_a_store_says_so(as_alice, owner, shop, lake):
    invite(by=owner, role=Role.CLERK, stores=[lake])
    url = reverse("merchants:staff_list", args=[shop.slug])
    assert "no store" not in as_alice.get(url).text
    lake.delete()
    assert "no store" in as_alice.get(url).text
