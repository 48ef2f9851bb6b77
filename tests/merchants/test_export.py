"""The goods as a table that comes back in unchanged."""

from __future__ import annotations

import pytest

from merchants.models import Store, Variant
from merchants.rules.stock import Reason
from merchants.services.sheet import disarm
from merchants.services.stock import change_stock

pytestmark = pytest.mark.django_db


def test_what_goes_out_comes_in_unchanged(done, checked, shop, longjing, cup, client, alice):
    done('品名,编码,价格,库存,货位\n"=1+1 茶",X1,10,3,B-07\n')
    client.force_login(alice)
    before = list(Variant.objects.order_by("pk").values())
    for kind in ("csv", "xlsx"):
        answer = client.get(f"/dashboard/{shop.slug}/export/?as={kind}")
        again = checked(answer.content, f"goods.{kind}")
        assert again.counts.get("bad") is None
        assert again.counts.get("new") is None
        assert again.counts.get("change") is None
        assert again.counts["same"] == len(before)
    assert b",B-07," in client.get(f"/dashboard/{shop.slug}/export/").content
    assert b"'=1+1" in client.get(f"/dashboard/{shop.slug}/export/").content


def test_the_stock_of_a_second_store_goes_out_by_itself(shop, longjing, client, alice):
    second = Store.objects.create(merchant=shop, name="湖滨店", city="杭州", position=1)
    variant = longjing.variants.get()
    change_stock(variant=variant, store=second, delta=4, reason=Reason.RECEIVED, by=None)
    client.force_login(alice)
    rows = client.get(f"/dashboard/{shop.slug}/export/", {"store": second.pk}).text.splitlines()
    assert ",4," in rows[1] or rows[1].endswith(",4")
    rows = client.get(f"/dashboard/{shop.slug}/export/", {"store": "0"}).text.splitlines()
    assert ",10," in rows[1] or rows[1].endswith(",10")


def test_a_control_character_breaks_no_export(shop, longjing, client, alice):
    longjing.description = "line\x0bbreak"
    longjing.save()
    client.force_login(alice)
    assert client.get(f"/dashboard/{shop.slug}/export/?as=xlsx").status_code == 200


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("-16.80", "-16.80"),
        ("-5", "-5"),
        ("-1+1", "'-1+1"),
        ("-2.5%", "'-2.5%"),
        ("-A1", "'-A1"),
        ("=1", "'=1"),
    ],
)
def test_a_negative_number_stays_a_number_and_a_formula_none(cell, written):
    assert disarm(cell) == written
