"""The demo opens in an empty database, holds every invariant, and only under DEBUG."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from livestream.models import Room
from merchants.models import Merchant

pytestmark = pytest.mark.slow


def test_it_opens_a_believable_shop_once(db, settings):
    settings.DEBUG = True
    call_command("demo")
    shop = Merchant.objects.get()
    assert shop.products.count() == 24
    assert all(product.photos.exists() for product in shop.products.all())
    assert shop.stores.count() == 2
    assert shop.orders.filter(paid_at__isnull=False).count() > 80
    assert sorted(Room.objects.values_list("state", flat=True)) == ["ended", "live", "scheduled"]
    assert (shop.verification.state, shop.verification.papers.count()) == ("submitted", 2)
    assert Room.objects.get(state="ended").replay.state == "ready"
    call_command("check_invariants")
    with pytest.raises(CommandError):
        call_command("demo")


def test_it_never_opens_in_production(db, settings):
    settings.DEBUG = False
    with pytest.raises(CommandError):
        call_command("demo")
    assert not Merchant.objects.exists()
