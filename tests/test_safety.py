"""Doors that a hostile visitor tried: each stays shut."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.limit import FORM, within
from merchants.models import Merchant, User
from merchants.services.merchant import make_key
from orders.models import Coupon, Order
from orders.payments import sandbox
from orders.services.coupon import claim_coupon
from orders.services.order import place_order
from orders.services.payment import open_payment
from orders.tasks import expire_orders
from tests.conftest import DAN


def test_a_form_of_another_site_is_refused(bob, live):
    foreign = Client(enforce_csrf_checks=True)
    foreign.force_login(bob)
    for name in ("console_move", "console_spotlight", "console_drop"):
        url = reverse(f"livestream:{name}", args=["tea", live.public_id])
        assert foreign.post(url, {"do": "end"}).status_code == 403
    assert foreign.post("/dashboard/tea/products/new/", {}).status_code == 403
    assert foreign.post(reverse("watch:nickname"), {"nickname": "沈梅"}).status_code == 403
    live.refresh_from_db()
    assert live.state == "live"


def test_a_platform_admin_needs_a_second_factor(client, db, settings):  # P27
    client.force_login(User.objects.create_superuser("root@example.com", "a long password"))
    assert client.get("/admin/").status_code == 200
    settings.ADMIN_REQUIRES_MFA = True
    assert client.get("/admin/").status_code == 302


def test_one_request_key_ships_each_of_two_orders(shop, dan, variant, client):
    Merchant.objects.update(slug="the-finest-tea-house-of-hangzhou")
    shop.refresh_from_db()
    _key, secret = make_key(merchant=shop, name="till")
    for _ in range(2):
        order = place_order(
            merchant=shop, customer=dan, basket={variant.pk: 1}, contact=DAN, language="en"
        )
        sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
        answer = client.post(
            f"/api/v1/merchants/{shop.slug}/orders/{order.number}/ship/",
            {"carrier": "sf", "tracking_number": "SF123456"},
            content_type="application/json",
            headers={"Authorization": f"Api-Key {secret}", "Idempotency-Key": "same"},
        )
        assert answer.json()["number"] == order.number
    assert Order.objects.filter(state="shipped").count() == 2


def test_nothing_is_ordered_where_nothing_can_be_paid(client, shop, variant, settings):
    settings.SANDBOX_PAYMENTS = False
    url = reverse("track:checkout", args=[shop.slug])
    form = {
        "variant": variant.pk,
        "quantity": 1,
        "name": "沈梅",
        "phone": "13800138000",
        "method": "delivery",
        "region": "CN-ZJ",
        "city": "杭州",
        "address": "清河坊 12 号",
        "expected_total": 16800,
        "key": "6f1c2f0e-6c5e-4f0e-9d5c-0d9d2f1f0a11",
    }
    assert client.post(url, form).status_code == 409
    assert not Order.objects.exists()


def test_one_bad_row_does_not_keep_the_goods_of_others(shop, dan, variant, coupon):
    voucher = claim_coupon(coupon=coupon, customer=dan)
    for held in (voucher, None):
        place_order(
            merchant=shop,
            customer=dan,
            basket={variant.pk: 1},
            contact=DAN,
            language="en",
            voucher=held,
        )
    Coupon.objects.update(redeemed=0)  # a row the verbs could not make
    now = timezone.now()
    Order.objects.update(placed_at=now - timedelta(hours=1), pay_by=now - timedelta(minutes=1))
    expire_orders()
    assert Order.objects.filter(state="expired").count() >= 1


@pytest.mark.parametrize("length", [b"99999999999", b"-1", b"x"])
async def test_a_body_that_is_too_large_is_never_read(length):
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        raise AssertionError("it was read")

    async def app(scope, receive, send):
        raise AssertionError("it came through")

    scope = {"path": "/theme/", "headers": [(b"content-length", length)]}
    await within(app, scope, receive, send)
    assert sent[0]["status"] == 413


async def test_a_body_that_says_no_length_is_cut_off():
    got = []

    async def receive():
        return {"type": "http.request", "body": b"x" * FORM, "more_body": True}

    async def app(scope, receive, send):
        while (message := await receive())["type"] == "http.request":
            got.append(len(message["body"]))

    await within(app, {"path": "/theme/", "headers": []}, receive, None)
    assert sum(got) <= FORM


def test_production_refuses_sandbox_money():
    env = {"PATH": os.environ["PATH"], "SECRET_KEY": "x" * 60, "SANDBOX_PAYMENTS": "1"}
    started = subprocess.run(
        [sys.executable, "manage.py", "check"], env=env, capture_output=True, text=True
    )
    assert started.returncode != 0
    assert "SANDBOX_PAYMENTS" in started.stderr


def test_full_width_digits_are_a_pick_up_code_too(shop, dan, variant, store, as_bob):
    from dataclasses import replace

    order = place_order(
        merchant=shop,
        customer=dan,
        basket={variant.pk: 1},
        contact=replace(DAN, store=store),
        language="en",
    )
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    as_bob.post(reverse("orders:order_ready", args=["tea", order.number]))
    order.refresh_from_db()
    wide = order.pickup_code.translate({48 + n: 0xFF10 + n for n in range(10)})
    as_bob.post(reverse("orders:order_collect", args=["tea", order.number]), {"code": wide})
    order.refresh_from_db()
    assert order.state == "collected"
