"""The admin: every model is there, and what it does goes through the verbs."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin import site
from django.db.models.signals import pre_save
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from merchants.models import AuditEntry, Category, Merchant, Staff, User
from merchants.rules.product import ProductState
from merchants.rules.role import Role
from merchants.services.invitation import invite
from merchants.services.staff import add_staff

pytestmark = pytest.mark.django_db
PARTS = {"VerificationPaper"}  # read below the row that they belong to


@pytest.fixture
def admin(settings) -> Client:
    settings.ADMIN_REQUIRES_MFA = False
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    return client


def do(admin: Client, model: str, action: str, *rows) -> str:
    form = {"action": action, "_selected_action": [row.pk for row in rows]}
    return admin.post(reverse(f"admin:merchants_{model}_changelist"), form, follow=True).text


@pytest.mark.parametrize("app", ["merchants", "orders", "livestream"])
def test_every_model_can_be_searched_and_read(app):
    models = [one for one in apps.get_app_config(app).get_models() if one.__name__ not in PARTS]
    registered = {model for model in site._registry if model._meta.app_label == app}
    below = {inline.model for page in site._registry.values() for inline in page.inlines}
    assert set(models) <= registered | below
    assert all(site._registry[model].search_fields for model in registered)


def test_keys_that_open_nothing_cannot_be_made(admin):
    assert "rest_framework_api_key" not in admin.get("/admin/").text


def test_a_member_of_staff_is_removed_by_the_verb(admin, shop, alice, bob):
    page = do(admin, "staff", "remove", *shop.staff.all())
    assert "A shop needs an owner" in page
    assert list(shop.staff.values_list("user", flat=True)) == [alice.pk]
    entry = AuditEntry.objects.get(action="staff.removed")
    assert entry.by.email == "root@example.com"


def test_an_invitation_is_taken_back(admin, shop, alice):
    offer = invite(by=shop.staff.get(user=alice), role=Role.CLERK)
    do(admin, "invitation", "revoke", offer)
    offer.refresh_from_db()
    assert offer.revoked_at is not None
    assert "no longer open" in do(admin, "invitation", "revoke", offer)


def test_goods_are_taken_off_sale(admin, longjing):
    do(admin, "product", "take_off_sale", longjing)
    longjing.refresh_from_db()
    assert longjing.state == ProductState.DRAFT


def test_who_is_no_superuser_looks_and_does_nothing(settings, shop, bob, longjing):
    settings.ADMIN_REQUIRES_MFA = False
    from django.contrib.auth.models import Permission

    looker = User.objects.create_user("look@example.com", "x", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(looker)
    assert "Only platform admins" in do(client, "staff", "remove", *shop.staff.all())
    assert "Only platform admins" in do(client, "product", "take_off_sale", longjing)
    assert Staff.objects.filter(merchant=shop, user=bob).exists()


def test_a_ledger_cannot_be_written_by_hand(admin, longjing, shop, bob):
    add_staff(merchant=shop, user=bob, role=Role.CLERK, host_name="Bob")
    for model in ("stockmovement", "stock", "level", "auditentry", "stocktake", "import"):
        assert admin.get(reverse(f"admin:merchants_{model}_add")).status_code == 403


def test_stores_and_categories_are_left_to_their_verbs(admin, shop, store):
    category = Category.objects.create(merchant=shop, name="Tea")
    for row in (store, category):
        name = row._meta.model_name
        for page in ("change", "delete"):
            address = reverse(f"admin:merchants_{name}_{page}", args=[row.pk])
            assert admin.post(address, {"post": "yes", "name": "x"}).status_code == 403
        row.refresh_from_db()
        assert row.name != "x"


def test_a_shop_is_renamed_and_keeps_the_badge_that_it_gets_meanwhile(admin, shop):
    def approve(**_):
        Merchant.objects.update(verified_at=timezone.now())

    address = reverse("admin:merchants_merchant_change", args=[shop.pk])
    words = {"name": "New", "slug": "tea", "country": "CN"}
    words |= {"shipping_fee": "8", "free_shipping_from": "0"}
    pre_save.connect(approve, sender=Merchant)
    try:
        assert admin.post(address, words).status_code == 302
    finally:
        pre_save.disconnect(approve, sender=Merchant)
    shop.refresh_from_db()
    assert (shop.name, shop.shipping_fee) == ("New", 8)
    assert shop.verified_at is not None


def test_what_has_no_name_of_ours_is_called_in_chinese_too():
    """A package's models and their fields, and what leads from ours to another of ours."""
    theirs = [UserSession, Authenticator]
    fields = [field for model in theirs for field in model._meta.fields if field.name != "id"]
    fields += [model._meta.get_field("merchant") for model in (Staff, Category)]
    with override("zh-hans"):
        said = [str(field.verbose_name) for field in fields]
        said += [str(model._meta.verbose_name_plural) for model in theirs]
    assert [word for word in said if word.isascii()] == []
