"""A store that closes for good: what has to be done before, who finds it after, the way back."""

from __future__ import annotations

from itertools import count

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from merchants.admin.people import StoreAdmin
from merchants.errors import OutOfStock, StoreClosed, StoreInUse, Taken
from merchants.forms.staff import InvitationForm
from merchants.models import AuditEntry, Product, Stock, Store, User
from merchants.rules.importing import ImportState
from merchants.rules.role import Role
from merchants.rules.stock import Reason
from merchants.selectors.invariant import INVARIANTS, offenders
from merchants.selectors.stock import pickup_places
from merchants.services.counter import sell_at_counter, take_back
from merchants.services.importing import apply_import, undo_import
from merchants.services.invitation import accept_invitation, invite
from merchants.services.stock import change_stock, receive_new, release, reserve
from merchants.services.stocktake import begin_stocktake, discard_stocktake
from merchants.services.store import close_store, open_store, save_store
from merchants.services.transfer import transfer_stock
from orders.services.order import Contact, place_order

_keys = count(1)


@pytest.fixture(autouse=True)
def _in_english(as_alice):
    as_alice.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def lake(shop, store) -> Store:
    return save_store(store=Store(merchant=shop, name="Lake store", city="Hangzhou"))


@pytest.fixture
def closed(lake, alice) -> Store:
    close_store(store=lake, by=alice)
    lake.refresh_from_db()
    return lake


def at(name: str, *args: object) -> str:
    return reverse(f"merchants:{name}", args=["tea", *args])


def receive(product: Product, store: Store, pieces: int = 1) -> None:
    change_stock(
        variant=product.variants.get(),
        store=store,
        delta=pieces,
        reason=Reason.RECEIVED,
        by=None,
    )


def why(store: Store, by: User) -> list[str]:
    with pytest.raises(StoreInUse) as refusal:
        close_store(store=store, by=by)
    assert Store.objects.filter(pk=store.pk).exists()
    return refusal.value.why


def test_an_empty_store_is_closed_and_the_log_says_who_did_it(as_alice, shop, lake, alice):
    answer = as_alice.post(at("store_close", lake.pk), follow=True)
    assert "Lake store is closed" in answer.text
    assert "Closed for good" in answer.text
    assert lake not in shop.stores.all()
    entry = AuditEntry.objects.get(merchant=shop, action="store.closed")
    assert (entry.by, entry.about) == (alice, "Lake store")


def test_what_lies_there_has_to_go_first(alice, lake, longjing):
    receive(longjing, lake, 3)
    assert why(lake, alice) == ["3 pieces lie there. Move them to another store or write them off."]


def test_what_is_promised_to_somebody_has_to_be_handed_over_first(
    shop, alice, lake, longjing, variant
):
    receive(longjing, lake, 2)
    reserve(merchant=shop, basket={variant.pk: 2}, reference="order 1", store=lake)
    assert [said.split(".")[0] for said in why(lake, alice)] == [
        "2 pieces lie there",
        "2 of them are held for orders or flash sales",
    ]
    release(merchant=shop, reference="order 1")
    assert len(why(lake, alice)) == 1


def test_an_order_to_be_collected_there_keeps_it_open(shop, alice, dan, lake, longjing, variant):
    receive(longjing, lake)
    contact = Contact(name="Dan", phone="13800138000", store=lake)
    place_order(merchant=shop, customer=dan, basket={variant.pk: 1}, contact=contact, language="en")
    assert len(why(lake, alice)) == 2


def test_a_count_that_is_open_keeps_it_open(alice, lake):
    stocktake = begin_stocktake(store=lake, by=alice)
    assert why(lake, alice) == ["It is being counted. Book the stocktake or throw it away."]
    discard_stocktake(stocktake=stocktake, by=alice)
    close_store(store=lake, by=alice)


def test_a_sheet_on_its_way_in_keeps_it_open(alice, lake, shop, checked):
    batch = checked("品名,价格,库存\n白茶,10,2\n")
    shop.imports.filter(pk=batch.pk).update(store=lake, state=ImportState.APPLYING)
    assert why(lake, alice) == ["A sheet is being brought in for it. Wait until that is done."]


def test_the_last_open_store_stays_open(alice, store, lake, closed):
    assert why(store, alice) == [
        "It is the only open store, and a shop has at least one.",
        *why(store, alice)[1:],
    ]


def test_a_clerk_who_would_serve_none_is_named(alice, shop, bob, lake, store):
    place = shop.staff.get(user=bob)
    place.stores.set([lake])
    (said,) = why(lake, alice)
    assert said.startswith(f"{place.host_name} would serve no store any more.")
    place.stores.add(store)
    close_store(store=lake, by=alice)
    assert list(place.stores.all()) == [store]


def test_the_page_says_all_that_stands_in_the_way_and_offers_no_button(
    as_alice, alice, lake, longjing
):
    receive(longjing, lake, 3)
    begin_stocktake(store=lake, by=alice)
    for page in (
        as_alice.get(at("store_edit", lake.pk)),
        as_alice.get(at("store_close", lake.pk)),
        as_alice.post(at("store_close", lake.pk)),
    ):
        assert "3 pieces lie there" in page.text
        assert "It is being counted" in page.text
        assert "btn--danger" not in page.text
    assert page.status_code == 409


def test_it_asks_before_it_closes_with_a_script_and_without(as_alice, lake):
    page = as_alice.get(at("store_edit", lake.pk)).text
    assert 'data-dialog-open="close"' in page
    dialog = page.split('<dialog class="dialog" id="close"')[1].split("</dialog>")[0]
    assert "autofocus" in dialog.split("Keep it open")[0]  # the safe side
    asked = as_alice.get(at("store_close", lake.pk))
    assert "You can open it again" in asked.text
    assert Store.objects.filter(pk=lake.pk).exists()


def test_nothing_comes_into_a_closed_store(shop, alice, store, closed, longjing, variant):
    for act in (
        lambda: receive(longjing, closed),
        lambda: receive_new(pieces={variant: 1}, store=closed, by=None, reference="x"),
        lambda: transfer_stock(pieces={variant: 1}, source=store, target=closed, by=alice),
        lambda: begin_stocktake(store=closed, by=alice),
        lambda: sell_at_counter(variant=variant, store=closed, by=alice),
    ):
        with pytest.raises(StoreClosed, match="Lake store"):
            act()
    with pytest.raises(OutOfStock):
        reserve(merchant=shop, basket={variant.pk: 1}, reference="r", store=closed)
    assert not Stock.objects.filter(store=closed, on_hand__gt=0).exists()


def test_what_its_till_sold_is_not_taken_back_into_it(alice, lake, longjing, variant):
    receive(longjing, lake)
    line = sell_at_counter(variant=variant, store=lake, by=alice)
    close_store(store=lake, by=alice)
    with pytest.raises(StoreClosed):
        take_back(store=lake, reference=line, by=alice)


def test_a_sheet_that_was_looked_at_for_it_is_refused_with_a_sentence(
    as_alice, shop, alice, lake, checked
):
    batch = checked("品名,价格,库存\n白茶,10,2\n")
    shop.imports.filter(pk=batch.pk).update(store=lake)
    close_store(store=lake, by=alice)
    batch.refresh_from_db()
    with pytest.raises(StoreClosed):
        apply_import(batch=batch)
    answer = as_alice.post(at("import_apply", batch.public_id))
    assert answer.status_code == 409
    assert "Lake store is closed. Choose another store" in answer.text
    batch.refresh_from_db()
    assert batch.state == ImportState.CHECKED


def test_what_a_sheet_took_from_a_closed_store_does_not_get_lost_by_an_undo(
    shop, alice, closed, checked
):
    batch = checked("品名,编码,价格,库存\n新茶,XC-1,20,0\n")
    shop.imports.filter(pk=batch.pk).update(store=closed, state=ImportState.DONE)
    batch.refresh_from_db()
    with pytest.raises(StoreClosed):
        undo_import(batch=batch)
    batch.refresh_from_db()
    assert batch.state == ImportState.DONE


def test_no_page_offers_a_closed_store(as_alice, shop, bob, store, closed, longjing, variant):
    assert [place.store for place in pickup_places(shop, {variant.pk: 1})] == [store]
    for page in (
        at("counter"),
        at("transfer"),
        at("stocktake_list"),
        at("product_list"),
        at("staff_edit", shop.staff.get(user=bob).pk),
        reverse("shop:front", args=["tea"]),
    ):
        assert "Lake store" not in as_alice.get(page).text, page
    assert as_alice.get(at("store_edit", closed.pk)).status_code == 404
    assert as_alice.post(at("counter_store"), {"store": closed.pk}).status_code == 404
    assert as_alice.post(at("stocktake_list"), {"store": closed.pk}).status_code == 404
    form = InvitationForm(by=shop.staff.get(user__email="alice@example.com"))
    assert "stores" not in form.fields


def test_its_ledger_and_its_stocktakes_are_still_read(as_alice, alice, lake, longjing, store):
    receive(longjing, lake, 7)
    transfer_stock(pieces={longjing.variants.get(): 7}, source=lake, target=store, by=alice)
    stocktake = begin_stocktake(store=lake, by=alice)
    discard_stocktake(stocktake=stocktake, by=alice)
    close_store(store=lake, by=alice)
    page = as_alice.get(at("product_stock", longjing.public_id), {"store": lake.pk}).text
    assert "+7" in page
    assert "−7" in page or "-7" in page
    assert as_alice.get(at("stocktake", stocktake.public_id)).status_code == 200
    assert f"/stocktakes/{stocktake.public_id}/" in as_alice.get(at("stocktake_list")).text


def test_a_clerk_still_finds_what_was_collected_there(shop, bob, alice, lake, store, longjing):
    place = shop.staff.get(user=bob)
    place.stores.set([lake, store])
    close_store(store=lake, by=alice)
    client = Client()
    client.force_login(bob)
    receive(longjing, store)
    answer = client.get(at("product_stock", longjing.public_id), {"store": lake.pk})
    assert answer.status_code == 200


def test_it_opens_again_at_the_end_of_the_list_with_its_clerks(as_alice, shop, bob, store, lake):
    place = shop.staff.get(user=bob)
    place.stores.set([store, lake])
    third = save_store(store=Store(merchant=shop, name="Third", city="Hangzhou"))
    as_alice.post(at("store_close", lake.pk))
    answer = as_alice.post(at("store_open", lake.pk), follow=True)
    assert "Lake store is open again" in answer.text
    assert list(shop.stores.all()) == [store, third, lake]
    assert set(place.stores.all()) == {store, lake}
    assert AuditEntry.objects.filter(merchant=shop, action="store.opened").count() == 1
    as_alice.post(at("store_open", lake.pk))  # pressed twice
    assert AuditEntry.objects.filter(merchant=shop, action="store.opened").count() == 1


def test_closing_what_is_closed_changes_nothing(shop, alice, closed):
    close_store(store=closed, by=alice)
    assert AuditEntry.objects.filter(merchant=shop, action="store.closed").count() == 1


def test_the_name_of_a_closed_store_is_still_taken(as_alice, shop, closed):
    form = {"name": "Lake store", "city": "Hangzhou", "form_key": str(next(_keys))}
    answer = as_alice.post(at("store_new"), form)
    assert answer.status_code == 422
    assert "A closed store of yours has this name." in answer.text
    with pytest.raises(Taken):
        save_store(store=Store(merchant=shop, name="Lake store", city="Hangzhou"))


def test_a_closed_store_is_none_of_those_that_a_clerk_serves(
    as_alice, shop, bob, alice, store, lake
):
    """Of what she serves, a closed one does not count: the last open one stays hers."""
    place = shop.staff.get(user=bob)
    place.stores.set([store, lake])
    close_store(store=lake, by=alice)
    form = {"name": store.name, "city": store.city, "clerks": []}
    answer = as_alice.post(at("store_edit", store.pk), form)
    assert answer.status_code == 422
    assert "would serve no store any more" in answer.text
    assert list(place.stores.all()) == [store]


def test_who_accepts_an_invitation_to_it_has_no_store_and_is_told(shop, alice, mallory, lake):
    offered = invite(by=shop.staff.get(user=alice), role=Role.CLERK, stores=[lake])
    close_store(store=lake, by=alice)
    place = accept_invitation(invitation=offered, user=mallory, host_name="Eve")
    assert not place.stores.exists()
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(mallory)
    assert "You see no stock and no pick-up orders" in client.get(at("me")).text


def test_a_manager_of_another_shop_closes_nothing(client, mallory, other_shop, lake):
    client.force_login(mallory)
    for name in ("store_close", "store_open"):
        path = reverse(f"merchants:{name}", args=[other_shop.slug, lake.pk])
        assert client.post(path).status_code == 404
    assert Store.objects.filter(pk=lake.pk).exists()


def test_the_admin_closes_and_opens_by_the_same_verbs(admin_client, shop, store, lake, longjing):
    page = reverse("admin:merchants_store_changelist")
    choose = {"_selected_action": [store.pk, lake.pk]}
    answer = admin_client.post(page, choose | {"action": "close"}, follow=True)
    assert not Store.objects.filter(pk=lake.pk).exists()
    assert Store.objects.filter(pk=store.pk).exists()  # 10 pieces lie there
    assert "pieces lie there" in answer.text or "还有" in answer.text or "件" in answer.text
    assert "Lake store" in admin_client.get(page).text
    admin_client.post(page, choose | {"action": "open"})
    assert Store.objects.filter(pk=lake.pk).exists()
    assert "closed_at" in StoreAdmin.list_display


def test_what_must_be_true_of_closed_stores_is_asked_for(shop, closed, store, alice, longjing):
    def broken() -> set[str]:
        return {one.invariant for one in offenders(INVARIANTS, timezone.now())}

    rule = "a closed store has no pieces, is not counted and gets no sheet"
    assert not broken() & {rule, "a shop has an open store"}
    Store.whole.filter(pk=store.pk).update(closed_at=timezone.now())
    assert broken() >= {rule, "a shop has an open store"}
    open_store(store=store, by=alice)
    assert not broken() & {rule, "a shop has an open store"}
    Store.whole.filter(pk=closed.pk).update(closed_at=None)
    begin_stocktake(store=closed, by=alice)
    Store.whole.filter(pk=closed.pk).update(closed_at=timezone.now())
    assert rule in broken()
