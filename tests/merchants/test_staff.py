"""Nobody works in a shop without saying yes, and a shop is never without an owner."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from merchants.errors import (
    AlreadyStaff,
    InvitationClosed,
    LastOwner,
    NoLongerThere,
    NoStore,
    RoleTooHigh,
    TooManyInvitations,
    WrongAddress,
)
from merchants.models import AuditEntry, Invitation, Notification, Staff, Store
from merchants.rules.qr import square
from merchants.rules.role import Role
from merchants.selectors.invariant import INVARIANTS, offenders
from merchants.services import invitation as invitations
from merchants.services.invitation import accept_invitation, invite, revoke_invitation
from merchants.services.staff import add_staff, change_staff, remove_staff
from merchants.services.store import save_store
from tests.conftest import person


@pytest.fixture
def owner(shop, alice) -> Staff:
    return shop.staff.get(user=alice)


@pytest.fixture
def manager(shop, carol) -> Staff:
    return shop.staff.get(user=carol)


@pytest.fixture
def erin(db):
    return person("erin@example.com", "Erin")


@pytest.fixture
def as_erin(client, erin):
    client.force_login(erin)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def staff_page(shop):
    return reverse("merchants:staff_list", args=[shop.slug])


def change_role(*, staff: Staff, role: Role) -> Staff:
    """By an owner."""
    owner = Staff.objects.filter(merchant=staff.merchant, role=Role.OWNER).last()
    return change_staff(staff=staff, by=owner, role=role)


@pytest.fixture
def lake(shop) -> Store:
    return save_store(store=Store(merchant=shop, name="Lake store", city="Hangzhou"))


def accept(invitation, user):
    return accept_invitation(invitation=invitation, user=user, host_name="Erin")


# --- the verbs ----------------------------------------------------------------------------------


def test_a_place_is_given_to_who_accepts(shop, owner, erin, store):
    offer = invite(by=owner, role=Role.MANAGER, email="Erin@Example.com")
    assert not shop.staff.filter(user=erin).exists()
    place = accept(offer, erin)
    assert (place.role, list(place.stores.all())) == (Role.MANAGER, [store])


def test_who_was_invited_to_a_store_that_is_gone_serves_no_other(owner, erin, lake):
    offer = invite(by=owner, role=Role.CLERK, stores=[lake])
    lake.delete()
    assert list(accept(offer, erin).stores.all()) == []


def test_who_is_invited_to_no_store_by_name_serves_those_there_are(owner, erin, shop, lake):
    offer = invite(by=owner, role=Role.CLERK)
    save_store(store=Store(merchant=shop, name="Later", city="Hangzhou"))
    assert set(accept(offer, erin).stores.all()) == set(shop.stores.exclude(name="Later"))


def test_an_invitation_is_accepted_once(owner, erin, mallory):
    offer = invite(by=owner, role=Role.CLERK)
    accept(offer, erin)
    with pytest.raises(InvitationClosed):
        accept(offer, mallory)
    assert not mallory.places.exists()


def test_what_was_revoked_or_is_old_opens_nothing(owner, erin):
    taken_back, old = (invite(by=owner, role=Role.CLERK) for _ in range(2))
    revoke_invitation(invitation=taken_back)
    Invitation.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    for offer in (taken_back, old):
        with pytest.raises(InvitationClosed):
            accept(offer, erin)
    assert not erin.places.exists()


def test_it_cannot_be_revoked_after_it_was_accepted(owner, erin):
    offer = invite(by=owner, role=Role.CLERK)
    accept(offer, erin)
    with pytest.raises(InvitationClosed):
        revoke_invitation(invitation=offer)


def test_only_the_verified_address_may_accept(owner, mallory, erin):
    offer = invite(by=owner, role=Role.CLERK, email=erin.email)
    with pytest.raises(WrongAddress):
        accept(offer, mallory)
    erin.emailaddress_set.update(verified=False)
    with pytest.raises(WrongAddress):
        accept(offer, erin)
    erin.emailaddress_set.update(verified=True)
    assert accept(offer, erin)


def test_who_works_here_keeps_her_role_and_the_invitation_stays_open(owner, bob, erin):
    offer = invite(by=owner, role=Role.OWNER)
    with pytest.raises(AlreadyStaff):
        accept(offer, bob)
    assert bob.places.get().role == Role.CLERK
    assert accept(offer, erin)


@pytest.mark.parametrize("role", Role)
def test_nobody_invites_above_herself(owner, manager, host, role):
    for by in (owner, manager, host):
        if by.role >= Role.MANAGER and role <= by.role:
            assert invite(by=by, role=role).role == role
        else:
            with pytest.raises(RoleTooHigh):
                invite(by=by, role=role)


def test_the_mail_brings_the_link_and_the_row_no_secret(owner, erin, settings):
    offer = invite(by=owner, role=Role.CLERK, email=erin.email)
    news = Notification.objects.get(kind="invitation")
    assert (news.to, news.path) == (erin.email, offer.path)
    assert Invitation.objects.behind(offer.path.split("/")[2]) == offer
    assert Invitation.objects.behind(offer.public_id) is None


def test_a_second_invitation_to_an_address_ends_the_first(owner, erin):
    first = invite(by=owner, role=Role.MANAGER, email=erin.email)
    second = invite(by=owner, role=Role.CLERK, email=erin.email)
    with pytest.raises(InvitationClosed):
        accept(first, erin)
    assert accept(second, erin).role == Role.CLERK


def test_a_shop_does_not_mail_the_whole_town(owner, monkeypatch):
    monkeypatch.setattr(invitations, "MOST_A_DAY", 2)
    for number in range(2):
        revoke_invitation(
            invitation=invite(by=owner, role=Role.CLERK, email=f"{number}@example.com")
        )
    with pytest.raises(TooManyInvitations):
        invite(by=owner, role=Role.CLERK)


def test_what_a_colleague_offered_goes_with_her(manager, owner, erin):
    offer = invite(by=manager, role=Role.CLERK)
    remove_staff(staff=manager)
    with pytest.raises(InvitationClosed):
        accept(offer, erin)


def test_who_is_less_now_has_offered_less(shop, owner, erin, mallory, carol):
    second = add_staff(merchant=shop, user=carol, role=Role.OWNER, host_name="C")
    high, low = (invite(by=second, role=role) for role in (Role.OWNER, Role.CLERK))
    change_role(staff=second, role=Role.MANAGER)
    with pytest.raises(InvitationClosed):
        accept(high, erin)
    assert accept(low, mallory)


def test_the_last_owner_stays(shop, owner, manager):
    with pytest.raises(LastOwner):
        remove_staff(staff=owner)
    with pytest.raises(LastOwner):
        change_role(staff=owner, role=Role.CLERK)
    change_role(staff=manager, role=Role.OWNER)
    change_role(staff=owner, role=Role.CLERK)
    with pytest.raises(LastOwner):  # and what this object remembers does not count
        remove_staff(staff=manager)


def test_an_owner_changes_role_name_and_stores(owner, host, lake):
    changed = change_staff(staff=host, by=owner, role=Role.CLERK, host_name="Bobby", stores=[lake])
    assert (changed.host_name, list(changed.stores.all())) == ("Bobby", [lake])


def test_a_manager_changes_where_clerks_work_and_nothing_else(owner, manager, host, lake):
    assert list(change_staff(staff=host, by=manager, stores=[lake]).stores.all()) == [lake]
    with pytest.raises(RoleTooHigh):
        change_staff(staff=host, by=manager, role=Role.MANAGER)
    with pytest.raises(RoleTooHigh):
        change_staff(staff=host, by=manager, host_name="Bobby")
    with pytest.raises(RoleTooHigh):
        change_staff(staff=manager, by=manager, role=Role.OWNER)
    with pytest.raises(RoleTooHigh):
        change_staff(staff=owner, by=manager, stores=[lake])


def test_a_clerk_names_herself_and_no_more(host, lake):
    assert change_staff(staff=host, by=host, host_name="Bobby").host_name == "Bobby"
    with pytest.raises(RoleTooHigh):
        change_staff(staff=host, by=host, stores=[lake])


def test_a_clerk_serves_at_least_one_store_of_this_shop(owner, host, store, lake, other_shop):
    for stores in ([], [other_shop.stores.get()]):
        with pytest.raises(NoStore):
            change_staff(staff=host, by=owner, stores=stores)
    assert store in host.stores.all()


def test_who_was_demoted_meanwhile_changes_nobody(owner, manager, host, lake):
    change_role(staff=manager, role=Role.CLERK)
    with pytest.raises(RoleTooHigh):  # what her object remembers does not count
        change_staff(staff=host, by=manager, stores=[lake])
    remove_staff(staff=host)
    with pytest.raises(NoLongerThere):
        change_staff(staff=host, by=owner, stores=[lake])


def test_the_audit_log_tells_who_came_changed_and_went(owner, erin, store, lake, alice):
    place = accept(invite(by=owner, role=Role.CLERK, stores=[store]), erin)
    change_staff(staff=place, by=owner, stores=[lake])
    change_staff(staff=place, by=owner, stores=[lake])  # nothing changed: nothing to tell
    remove_staff(staff=place, by=alice)
    said = list(AuditEntry.objects.order_by("pk").values_list("action", "by", "details"))
    assert said == [
        ("staff.joined", erin.pk, {"role": "clerk", "host_name": "Erin", "stores": [store.name]}),
        ("staff.changed", alice.pk, {"stores": [[store.name], [lake.name]]}),
        ("staff.removed", alice.pk, {"role": "clerk", "host_name": "Erin", "stores": [lake.name]}),
    ]


def test_the_invariant_sees_an_invitation_from_nobody(owner, manager):
    invite(by=manager, role=Role.CLERK)
    name = "an open invitation comes from somebody who may give it"
    found = {name: INVARIANTS[name]}
    assert not list(offenders(found, timezone.now()))
    Staff.objects.filter(pk=manager.pk).delete()
    assert len(list(offenders(found, timezone.now()))) == 1


# --- the pages ----------------------------------------------------------------------------------


def test_an_invitation_is_answered_alike_whether_the_address_has_an_account(
    as_alice, staff_page, erin
):
    answers = []
    for address in (erin.email, "nobody@example.com"):
        page = as_alice.post(staff_page, {"email": address, "role": 1}, follow=True)
        answers.append(re.sub(r"https?://\S+|value=\"\S+\"", "", page.text).count("nvit"))
        assert page.redirect_chain[0][1] == 302
    assert Invitation.objects.count() == 2
    assert not erin.places.exists()


def test_the_page_sends_one_invitation_for_one_form(as_alice, staff_page):
    form = {"email": "", "role": 1, "form_key": "k"}
    for _ in range(2):
        assert as_alice.post(staff_page, form).status_code == 302
    assert Invitation.objects.count() == 1
    as_alice.post(staff_page, form | {"role": 2})
    assert Invitation.objects.count() == 2


def test_a_manager_sees_no_link_to_more_than_she_is(client, carol, owner, staff_page, shop):
    high = invite(by=owner, role=Role.OWNER)
    low = invite(by=owner, role=Role.CLERK)
    client.force_login(carol)
    page = client.get(staff_page).text
    assert high.path not in page
    assert low.path in page
    revoke = reverse("merchants:invitation_revoke", args=[shop.slug, high.public_id])
    assert client.post(revoke).status_code == 404
    assert client.post(staff_page, {"email": "", "role": 3}).status_code == 422


def test_the_link_tells_who_invites_to_what(as_erin, owner, shop):
    page = as_erin.get(invite(by=owner, role=Role.CLERK).path)
    assert page.status_code == 200
    for word in (shop.name, owner.host_name, "Clerk", "Erin"):
        assert word in page.text


def test_accepting_leads_into_the_shop(as_erin, owner, erin, shop):
    offer = invite(by=owner, role=Role.CLERK)
    answer = as_erin.post(offer.path, {"host_name": "Erin"})
    assert answer["Location"] == reverse("livestream:home", args=[shop.slug])
    assert as_erin.get(answer["Location"]).status_code == 200
    assert "You work at" in as_erin.get(offer.path).text


def test_the_wrong_account_reads_why(as_erin, owner, erin):
    offer = invite(by=owner, role=Role.CLERK, email="somebody@example.com")
    assert "was sent to another address" in as_erin.get(offer.path).text
    answer = as_erin.post(offer.path, {"host_name": "Erin"})
    assert answer.status_code == 403
    assert "somebody@example.com" not in answer.text
    assert not erin.places.exists()


def test_a_closed_invitation_says_so(as_erin, owner):
    offer = invite(by=owner, role=Role.CLERK)
    revoke_invitation(invitation=offer)
    page = as_erin.get(offer.path)
    assert page.status_code == 410
    assert "no longer open" in page.text
    assert as_erin.post(offer.path, {"host_name": "Erin"}).status_code == 410


def test_a_forged_link_is_not_there(client, owner):
    offer = invite(by=owner, role=Role.CLERK)
    assert client.get(reverse("join", args=[offer.public_id + ".forged"])).status_code == 404


def test_who_has_no_account_signs_up_and_comes_back(client, owner, shop):
    offer = invite(by=owner, role=Role.CLERK, email="new@example.com")
    page = client.get(offer.path).text
    assert f"/accounts/signup/?next={offer.path}" in page
    words = {"contact": "new@example.com", "name": "New", "agree": "on", "next": offer.path}
    answer = client.post(reverse("account_signup"), words)
    code = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", mail.outbox[-1].body, re.MULTILINE)
    answer = client.post(answer["Location"], {"code": code[0]})
    assert answer["Location"] == offer.path
    client.post(offer.path, {"host_name": "New"})
    assert shop.staff.filter(user__email="new@example.com", role=Role.CLERK).exists()


def test_who_has_an_account_signs_in_and_comes_back(client, owner, erin):
    offer = invite(by=owner, role=Role.CLERK)
    words = {"login": erin.email, "password": "a long password", "next": offer.path}
    assert client.post(reverse("account_login"), words)["Location"] == offer.path


def test_a_role_changes_and_a_colleague_goes(as_alice, shop, bob, staff_page):
    place = shop.staff.get(user=bob)
    edit = reverse("merchants:staff_edit", args=[shop.slug, place.pk])
    assert edit in as_alice.get(staff_page).text
    assert as_alice.post(edit, {"role": 2, "host_name": "Bobby"}).status_code == 302
    place.refresh_from_db()
    assert (place.role, place.host_name) == (Role.MANAGER, "Bobby")
    as_alice.post(reverse("merchants:staff_remove", args=[shop.slug, place.pk]))
    assert not shop.staff.filter(user=bob).exists()


def test_the_last_owner_reads_why_she_stays(as_alice, shop, owner):
    as_alice.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    edit = reverse("merchants:staff_edit", args=[shop.slug, owner.pk])
    for url in (edit, reverse("merchants:me", args=[shop.slug])):
        answer = as_alice.post(url, {"role": 1, "host_name": "Alice"})
        assert answer.status_code == 409
        assert "A shop needs an owner" in answer.text
    for name, args in (("staff_remove", [owner.pk]), ("leave", [])):
        url = reverse(f"merchants:{name}", args=[shop.slug, *args])
        assert "A shop needs an owner" in as_alice.post(url, follow=True).text
    owner.refresh_from_db()
    assert owner.role == Role.OWNER


def test_a_clerk_without_a_ticked_store_is_refused_at_the_field(as_alice, shop, host, lake):
    as_alice.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    edit = reverse("merchants:staff_edit", args=[shop.slug, host.pk])
    answer = as_alice.post(edit, {"role": 1, "host_name": "Bobby"})
    assert answer.status_code == 422
    assert "A clerk serves at least one store." in answer.text
    assert 'value="Bobby"' in answer.text


def test_a_manager_is_offered_the_stores_of_a_clerk_only(client, carol, shop, host, lake, owner):
    client.force_login(carol)
    page = client.get(reverse("merchants:staff_edit", args=[shop.slug, host.pk]))
    assert set(page.context["form"].fields) == {"stores"}
    page = client.get(reverse("merchants:staff_edit", args=[shop.slug, owner.pk]))
    assert not page.context["form"].fields
    assert "<form" not in page.text.split("<main")[1].split("</main>")[0]


def test_a_clerk_leaves_by_herself(as_bob, bob, shop):
    page = as_bob.get(reverse("merchants:me", args=[shop.slug]))
    assert reverse("merchants:leave", args=[shop.slug]) in page.text
    answer = as_bob.post(reverse("merchants:leave", args=[shop.slug]))
    assert answer["Location"] == "/dashboard/"
    assert not bob.places.exists()
    assert as_bob.get(reverse("livestream:home", args=[shop.slug])).status_code == 404


def test_an_invitation_can_be_looked_at_by_a_phone(as_alice, staff_page, owner):
    offer = invite(by=owner, role=Role.CLERK)
    link = f"http://testserver{offer.path}"
    assert square(link).path in as_alice.get(staff_page).text
