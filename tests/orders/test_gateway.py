"""Connecting a provider: who may, what each field says of bad input, and that keys stay hidden."""

from __future__ import annotations

import logging

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from merchants.models import AuditEntry, User
from orders.models import GatewayAccount, Payment
from orders.payments import connected
from orders.payments.vault import unseal
from orders.services.payment import open_payment
from tests.orders import providers as there

FORMS = {"wechatpay": there.WECHAT_FORM, "alipay": there.ALIPAY_FORM}
SECRETS = [there.V3_KEY, there.pem(there.SHOP).splitlines()[3]]


@pytest.fixture
def owner(as_alice) -> Client:
    as_alice.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return as_alice


@pytest.fixture(params=["wechatpay", "alipay"])
def name(request) -> str:
    return request.param


@pytest.fixture
def url(name, shop) -> str:
    return reverse(f"orders:payments_{name}", args=[shop.slug])


def test_the_owner_connects_and_the_shop_takes_money_there(owner, url, name, shop, alice):
    assert owner.get(url).status_code == 200
    assert owner.post(url, FORMS[name]).status_code == 302
    assert name in connected(shop)
    entry = AuditEntry.objects.get(action="gateway.connected")
    assert (entry.by, entry.about) == (alice, name)
    assert "connected" in owner.get(reverse("orders:payments", args=[shop.slug])).text


def test_sent_twice_it_is_one_account_and_the_last_keys_count(owner, url, name, shop):
    for _press in range(2):
        owner.post(url, FORMS[name])
    owner.post(url, FORMS[name] | {"private_key": there.pem(there.STRANGER)})
    told = unseal(GatewayAccount.objects.get().sealed)
    assert told["private_key"].split() == there.pem(there.STRANGER).split()


def test_keys_are_shown_to_nobody_and_written_nowhere(owner, url, name, shop, caplog, client):
    caplog.set_level(logging.DEBUG)
    owner.post(url, FORMS[name])
    account = GatewayAccount.objects.get()
    boss = User.objects.create_superuser("root@example.com", "a long password")
    client.force_login(boss)
    pages = [
        owner.get(url),
        owner.get(reverse("orders:payments", args=[shop.slug])),
        client.get("/admin/orders/gatewayaccount/"),
        client.get(f"/admin/orders/gatewayaccount/{account.pk}/change/"),
    ]
    assert [page.status_code for page in pages] == [200] * 4
    written = [account.sealed, caplog.text, str(list(AuditEntry.objects.values()))]
    for text in [page.text for page in pages] + written:
        assert not [secret for secret in SECRETS if secret in text]
    for page in pages[2:]:
        assert account.sealed not in page.text
    assert "no-store" in pages[0]["Cache-Control"]


BAD = [
    ("wechatpay", "mchid", "12", "A merchant number has 8 to 12 digits."),
    ("wechatpay", "mchid", "１９００００１０９", "A merchant number has 8 to 12 digits."),
    ("wechatpay", "appid", "wx1", "An app id is wx and 16 letters or digits."),
    ("wechatpay", "serial", "xyz", "A serial number has 32 to 40 digits"),
    ("wechatpay", "v3_key", "x" * 31, "The APIv3 key has exactly 32 letters and digits."),
    ("wechatpay", "v3_key", "钥" * 32, "The APIv3 key has exactly 32 letters and digits."),
    ("wechatpay", "wechat_serial", "5157F09EFDC0", "It begins with PUB_KEY_ID_."),
    ("wechatpay", "private_key", "hello", "This key cannot be read."),
    ("wechatpay", "private_key", there.public_pem(there.SHOP), "This is no private key."),
    ("wechatpay", "wechat_key", there.pem(there.PROVIDER), "This is no public key."),
    ("wechatpay", "wechat_key", there.public_pem(there.SHOP), "This is your own public key."),
    ("wechatpay", "wechat_key", "", "Fill this in."),
    ("alipay", "appid", "1", "An app id has 16 digits."),
    ("alipay", "seller", "1234", "It has 16 digits and begins with 2088."),
    ("alipay", "alipay_key", there.public_pem(there.SHOP), "This is your own public key."),
    ("alipay", "alipay_key", there.public_pem(there.PROVIDER)[:99], "This key cannot be read."),
]


@pytest.mark.parametrize(
    ("name", "field", "value", "sentence"),
    BAD,
    ids=[f"{one[1]}-{at}" for at, one in enumerate(BAD)],
)
def test_each_field_says_what_is_wrong_and_nothing_typed_is_lost(
    owner, url, name, field, value, sentence
):
    answer = owner.post(url, FORMS[name] | {field: value})
    assert answer.status_code == 422
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert sentence in str(form.errors[field])
    assert form["appid"].value() == (value if field == "appid" else FORMS[name]["appid"])
    assert not GatewayAccount.objects.exists()


def test_a_short_key_is_refused(owner, url, name):
    from cryptography.hazmat.primitives.asymmetric import rsa

    weak = there.pem(rsa.generate_private_key(65537, 1024))
    answer = owner.post(url, FORMS[name] | {"private_key": weak})
    assert "2048 bits at least" in str(answer.context["form"].errors)


def test_a_manager_looks_and_changes_nothing(shop, carol, client, name, url):
    client.force_login(carol)
    page = client.get(reverse("orders:payments", args=[shop.slug]))
    assert page.status_code == 200
    assert url not in page.text
    assert client.post(url, FORMS[name]).status_code == 403


OTHERS = [
    ("wechatpay", "mchid", "1900009999"),
    ("wechatpay", "appid", "wx0000000000000000"),
    ("alipay", "appid", "2021009999999999"),
    ("alipay", "seller", "2088999999999999"),
]


@pytest.mark.parametrize(("name", "field", "number"), OTHERS)
def test_another_account_waits_until_no_money_is_under_way(
    owner, url, name, field, number, shop, order
):
    """Of each of these the provider's answers speak: with another one none would be believed."""
    owner.post(url, FORMS[name])
    payment = open_payment(order=order, gateway=name)
    before = GatewayAccount.objects.values().get()
    refused = owner.post(url, FORMS[name] | {field: number})
    assert refused.status_code == 422
    assert "Money is still on its way there" in refused.text
    assert GatewayAccount.objects.values().get() == before
    other_key = FORMS[name] | {"private_key": there.pem(there.STRANGER)}
    assert owner.post(url, other_key).status_code == 302, "new keys of the same account may come"
    Payment.objects.filter(pk=payment.pk).update(next_ask_at=None)
    assert owner.post(url, FORMS[name] | {field: number}).status_code == 302


def test_keys_that_nothing_opens_are_replaced_while_money_is_under_way(
    owner, url, name, order, settings
):
    """Its secret is lost: new keys alone find out what became of the money."""
    owner.post(url, FORMS[name])
    open_payment(order=order, gateway=name)
    settings.PAYMENT_SECRETS = ["another one"]
    assert owner.post(url, FORMS[name]).status_code == 302
    assert unseal(GatewayAccount.objects.get().sealed)["appid"] == FORMS[name]["appid"]


def test_it_is_removed_but_not_while_money_is_under_way(owner, url, name, shop, order):
    owner.post(url, FORMS[name])
    payment = open_payment(order=order, gateway=name, way="native")
    remove = reverse("orders:payments_remove", args=[shop.slug])
    page = owner.post(remove, {"gateway": name}, follow=True).text
    assert "Money is still on its way there." in page
    assert name in connected(shop)
    Payment.objects.filter(pk=payment.pk).update(state="failed", next_ask_at=None)
    owner.post(remove, {"gateway": name})
    assert name not in connected(shop)
    assert not GatewayAccount.objects.exists()
    assert AuditEntry.objects.filter(action="gateway.removed").count() == 1
    assert owner.post(remove, {"gateway": name}).status_code == 302  # pressed twice


def test_keys_that_no_secret_opens_are_trouble_and_no_error_page(owner, url, name, shop, settings):
    owner.post(url, FORMS[name])
    settings.PAYMENT_SECRETS = ["another one"]
    check = reverse("orders:payments_check", args=[shop.slug])
    page = owner.post(check, {"gateway": name}, follow=True)
    assert page.status_code == 200
    assert "No answer that can be believed." in page.text


def test_the_date_of_connecting_is_kept(owner, url, name):
    owner.post(url, FORMS[name])
    account = GatewayAccount.objects.get()
    assert abs((account.connected_at - timezone.now()).total_seconds()) < 60
