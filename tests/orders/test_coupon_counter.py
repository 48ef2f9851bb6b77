"""A coupon at the counter: once, off the right sum, by a clerk of that shop."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from merchants.models import Customer
from merchants.selectors.invariant import offenders
from orders.errors import CouponUnfit, SavesNothing, UndoneTooLate
from orders.models import CounterUse, Coupon, Voucher
from orders.rules.coupon import UNDO
from orders.selectors.invariant import INVARIANTS
from orders.services.coupon import claim_coupon
from orders.services.coupon_counter import take_voucher, undo_use
from orders.services.order import place_order
from tests.conftest import DAN


@pytest.fixture
def voucher(coupon, dan) -> Voucher:
    return claim_coupon(coupon=coupon, customer=dan)


@pytest.fixture
def as_bob(bob, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(bob)
    return client


def at(shop, name: str, *more: str) -> str:
    return reverse(f"orders:{name}", args=[shop.slug, *more])


def sound() -> None:
    assert [str(one) for one in offenders(INVARIANTS, timezone.now())] == []


def test_taken_at_the_counter_it_is_used_up_everywhere(shop, store, voucher, bob, dan, variant):
    use = take_voucher(voucher=voucher, store=store, goods=20000, by=bob)
    assert (use.saving, use.by, use.store) == (2000, bob, store)
    with pytest.raises(CouponUnfit):
        take_voucher(voucher=voucher, store=store, goods=20000, by=bob)
    with pytest.raises(CouponUnfit):
        place_order(
            merchant=shop,
            customer=dan,
            basket={variant.pk: 1},
            contact=DAN,
            language="en",
            voucher=voucher,
        )
    assert Coupon.objects.get().redeemed == 1
    sound()


def test_used_online_it_is_not_taken_at_the_counter(shop, store, voucher, bob, dan, variant):
    order = {"merchant": shop, "customer": dan, "contact": DAN, "language": "en"}
    place_order(**order, basket={variant.pk: 1}, voucher=voucher)
    with pytest.raises(CouponUnfit):
        take_voucher(voucher=voucher, store=store, goods=20000, by=bob)
    assert not CounterUse.objects.exists()
    sound()


def test_a_mistake_is_undone_once_and_it_is_good_again(store, voucher, bob, alice):
    use = take_voucher(voucher=voucher, store=store, goods=20000, by=bob)
    assert undo_use(use=use, by=alice, may_always=False)
    assert not undo_use(use=use, by=bob, may_always=False)
    use.refresh_from_db()
    voucher.refresh_from_db()
    assert use.undone_by == alice
    assert (voucher.state, Coupon.objects.get().redeemed) == ("claimed", 0)
    later = take_voucher(voucher=voucher, store=store, goods=30000, by=bob)
    assert not undo_use(use=use, by=bob, may_always=True), "sent again it undoes no later use"
    later.refresh_from_db()
    assert later.undone_at is None
    sound()


def test_after_some_hours_only_a_manager_undoes_it(store, voucher, bob, alice):
    use = take_voucher(voucher=voucher, store=store, goods=20000, by=bob)
    CounterUse.objects.update(at=use.at - UNDO - timedelta(seconds=1))
    use.refresh_from_db()
    with pytest.raises(UndoneTooLate):
        undo_use(use=use, by=bob, may_always=False)
    assert undo_use(use=use, by=alice, may_always=True)


def test_one_copy_online_and_one_at_the_counter_is_one_too_many(shop, store, coupon, bob, variant):
    """She ordered under her number on this device; its other copy is not taken at the counter."""
    Coupon.objects.update(per_customer=1)
    device = uuid.uuid4()
    guest = Customer.objects.create(merchant=shop, device=device)
    owner = Customer.objects.create(merchant=shop, phone=DAN.phone)
    copies = [claim_coupon(coupon=coupon, customer=one) for one in (guest, owner)]
    order = {"merchant": shop, "customer": owner, "contact": DAN, "language": "en"}
    place_order(**order, basket={variant.pk: 1}, voucher=copies[1], device=device)
    with pytest.raises(CouponUnfit):
        take_voucher(voucher=copies[0], store=store, goods=20000, by=bob)
    sound()


def test_below_its_threshold_it_takes_nothing_off(store, voucher, bob):
    with pytest.raises(SavesNothing):
        take_voucher(voucher=voucher, store=store, goods=voucher.coupon.threshold - 1, by=bob)
    voucher.refresh_from_db()
    assert voucher.state == "claimed"


def test_over_it_is_taken_no_more(store, voucher, bob):
    now = timezone.now()
    Coupon.objects.update(starts_at=now - timedelta(days=9), ends_at=now)
    with pytest.raises(CouponUnfit):
        take_voucher(voucher=voucher, store=store, goods=20000, by=bob)


def test_a_store_of_another_shop_takes_none(other_shop, voucher, mallory):
    with pytest.raises(CouponUnfit):
        take_voucher(voucher=voucher, store=other_shop.stores.get(), goods=20000, by=mallory)


def test_a_second_use_does_not_fit_into_the_table(store, voucher, bob):
    use = take_voucher(voucher=voucher, store=store, goods=20000, by=bob)
    use.pk = None
    with pytest.raises(IntegrityError):
        use.save(force_insert=True)


@pytest.mark.parametrize(
    "typed",
    [
        "{code}",
        "{low}",
        "{code:.4} {code}",
        "https://shop.example/dashboard/tea/vouchers/{code}/",
    ],
)
def test_the_scan_finds_it_however_it_is_typed(as_bob, shop, voucher, typed):
    spaced = " ".join(voucher.code[place : place + 4] for place in (0, 4, 8))
    text = typed.replace("{code:.4} {code}", spaced)
    text = text.format(code=voucher.code, low=voucher.code.lower())
    answer = as_bob.get(at(shop, "voucher_scan"), {"q": text})
    assert answer["Location"] == at(shop, "voucher_take", voucher.code)


@pytest.mark.parametrize("typed", ["nothing", "\0", "0" * 300, "/vouchers/short/"])
def test_what_is_no_code_gets_a_sentence(as_bob, shop, voucher, typed):
    answer = as_bob.get(at(shop, "voucher_scan"), {"q": typed})
    assert answer.status_code == 422
    assert "No coupon of this shop has that code." in answer.text


def test_another_shops_coupon_is_not_found(client, other_shop, mallory, voucher):
    client.force_login(mallory)
    assert client.get(at(other_shop, "voucher_scan"), {"q": voucher.code}).status_code == 422
    assert client.get(at(other_shop, "voucher_take", voucher.code)).status_code == 404


def test_the_clerk_takes_it_and_undoes_it(as_bob, shop, store, voucher):
    page = at(shop, "voucher_take", voucher.code)
    assert "Good until" in as_bob.get(page).text
    taken = as_bob.post(page, {"goods": "200", "store": store.pk}, follow=True).text
    assert "Take ¥20.00 off." in taken
    assert "Used at the counter" in taken
    use = CounterUse.objects.get()
    undone = as_bob.post(at(shop, "voucher_undo", voucher.code), {"use": use.pk}, follow=True).text
    assert "Undone. The coupon is good again." in undone


@pytest.mark.parametrize("goods", ["", "-1", "0", "1.005", "lots", "9" * 30])
def test_a_sum_that_is_none_takes_nothing(as_bob, shop, store, voucher, goods):
    answer = as_bob.post(
        at(shop, "voucher_take", voucher.code), {"goods": goods, "store": store.pk}
    )
    assert answer.status_code == 422
    assert answer.context["form"].errors["goods"]
    assert not CounterUse.objects.exists()


def test_a_store_that_she_does_not_serve_is_not_offered(as_bob, shop, voucher):
    away = shop.stores.create(name="西湖店", city="杭州")
    shop.staff.get(user__email="bob@example.com").stores.set([shop.stores.first()])
    page = at(shop, "voucher_take", voucher.code)
    assert as_bob.post(page, {"goods": "200", "store": away.pk}).status_code == 422
    assert not CounterUse.objects.exists()
    use = take_voucher(voucher=voucher, store=away, goods=20000, by=shop.staff.first().user)
    as_bob.post(at(shop, "voucher_undo", voucher.code), {"use": use.pk})
    use.refresh_from_db()
    assert use.undone_at is None, "nor does she undo what was taken there"


def test_the_shopper_shows_a_square_and_a_code(client, voucher):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    page = client.get(reverse("track:voucher", args=[voucher.code])).text
    assert voucher.code[:4] in page
    assert "<path d=" in page
    Voucher.objects.update(state="redeemed")
    assert "no longer good" in client.get(reverse("track:voucher", args=[voucher.code])).text


def test_codes_are_unlike_each_other(coupon, shop):
    Coupon.objects.update(issued=50)
    codes = {
        claim_coupon(coupon=coupon, customer=Customer.objects.create(merchant=shop)).code
        for _copy in range(20)
    }
    assert len(codes) == 20
    assert all(len(code) == 12 for code in codes)
