"""The pages of a draw: sheet, taking part, prize, proof, console, and what is left of it."""

from __future__ import annotations

import hashlib
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from livestream.models import Draw, Entry, Follow, Message
from livestream.selectors.draw import winners_of
from livestream.services.draw import close_draw, draw_winners, open_draw
from livestream.services.entry import enter
from livestream.services.room import end_room
from merchants.device import device_of
from merchants.models import Customer

PHRASE = "想尝尝"
HTMX = {"HX-Request": "true"}
CONTACT = {"name": "沈梅", "phone": "138 0013 8000", "address": "清河坊 12 号"}
TERMS = {"prize": "手工茶点礼盒", "prize_value": 5800, "winners": 1, "minutes": 5}


@pytest.fixture
def draw(live, host) -> Draw:
    return open_draw(room=live, by=host, entry_by="comment", phrase=PHRASE, **TERMS)


def at(name: str, draw: Draw) -> str:
    return reverse(f"watch:{name}", args=[draw.room.public_id, draw.public_id])


def shopper(draw: Draw) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.get(f"/live/{draw.room.public_id}/")
    return client


def customer_at(client: Client, draw: Draw) -> Customer:
    device = device_of(client.session)
    return Customer.objects.get_or_create(merchant=draw.room.merchant, device=device)[0]


def take_part(client: Client, draw: Draw, **typed: str):
    return client.post(at("draw_enter", draw), typed, headers=HTMX)


def run(draw: Draw) -> None:
    close_draw(draw=draw)
    draw_winners(draw=draw)


def test_the_sheet_says_what_how_and_until_when(draw):
    page = shopper(draw).get(at("draw_sheet", draw), headers=HTMX).content.decode()
    assert "手工茶点礼盒" in page
    assert f"No purchase needed; send “{PHRASE}” and you take part" in page
    assert "worth ¥58 each" in page
    assert "here you take the shop" in page
    assert "you are not in yet" in page


def test_without_scripts_it_is_a_page(draw):
    page = shopper(draw).get(at("draw_sheet", draw)).content.decode()
    assert "<html" in page
    assert at("draw_enter", draw) in page


def test_a_nickname_is_asked_for_once_and_the_words_are_said_in_the_chat(draw):
    mei = shopper(draw)
    refused = take_part(mei, draw)
    assert refused.status_code == 403
    assert "Choose a nickname" in refused.content.decode()
    inside = take_part(mei, draw, nickname="沈梅")
    assert "you are in" in inside.content.decode()
    assert "draw:mine" in inside["HX-Trigger"]
    assert Message.objects.get().text == PHRASE
    assert draw.entries.get().customer == customer_at(mei, draw)
    assert take_part(mei, draw).status_code == 200  # pressed twice
    assert Message.objects.count() == draw.entries.count() == 1


def test_entries_after_closing_get_a_sentence_and_say_nothing(draw):
    mei = shopper(draw)
    Draw.objects.update(closes_at=timezone.now())
    late = take_part(mei, draw, nickname="沈梅")
    assert late.status_code == 409
    assert "its list of entries is frozen" in late.content.decode()
    assert not Message.objects.exists()


def test_what_waits_for_approval_says_so(draw):
    draw.room.holds_chat = True
    draw.room.save(update_fields=["holds_chat"])
    page = take_part(shopper(draw), draw, nickname="沈梅").content.decode()
    assert "wait for approval" in page
    assert not draw.entries.exists()


def test_following_takes_part(live, host):
    draw = open_draw(room=live, by=host, entry_by="follow", **TERMS)
    mei = shopper(draw)
    assert "Follow and take part" in mei.get(at("draw_sheet", draw)).content.decode()
    take_part(mei, draw)
    assert draw.entries.count() == Follow.objects.count() == 1


def test_who_has_not_watched_long_enough_sees_how_long(live, host):
    draw = open_draw(room=live, by=host, entry_by="watch", watch_minutes=3, **TERMS)
    mei = shopper(draw)
    assert "You have watched 00:00 of 3:00" in mei.get(at("draw_sheet", draw)).content.decode()
    assert take_part(mei, draw).status_code == 422


def test_an_order_is_named_as_what_it_is(live, host):
    draw = open_draw(room=live, by=host, entry_by="purchase", **TERMS)
    page = shopper(draw).get(at("draw_sheet", draw)).content.decode()
    assert "For those who order and pay something in this show" in page
    assert "No purchase needed" not in page


# --- the prize ------------------------------------------------------------------------------------


@pytest.fixture
def winner(draw) -> Client:
    mei = shopper(draw)
    take_part(mei, draw, nickname="沈梅")
    run(draw)
    return mei


def claim(client: Client, draw: Draw, **changes: str):
    return client.post(at("draw_claim", draw), {**CONTACT, **changes}, headers=HTMX)


def test_the_winner_sees_a_form_and_others_a_masked_name(draw, winner):
    assert "data-prize" in winner.get(at("draw_sheet", draw), headers=HTMX).content.decode()
    other = shopper(draw).get(at("draw_sheet", draw), headers=HTMX).content.decode()
    assert "data-prize" not in other
    assert "沈**" in other
    assert "沈梅" not in other


def test_she_leaves_her_address_once(draw, winner):
    missing = claim(winner, draw, address="")
    assert missing.status_code == 422
    assert "138 0013 8000" in missing.content.decode()  # nothing typed is lost
    assert "the shop has your address" in claim(winner, draw).content.decode()
    assert claim(winner, draw, name="Eve").status_code == 409
    assert Entry.objects.get().contact_name == "沈梅"


def test_another_device_cannot_claim(draw, winner):
    refused = claim(shopper(draw), draw)
    assert refused.status_code == 403
    assert "This device has not won" in refused.content.decode()
    assert Entry.objects.get().claimed_at is None


def test_after_48_hours_there_is_no_form(draw, winner):
    Entry.objects.update(claim_by=timezone.now())
    assert claim(winner, draw).status_code == 410
    page = winner.get(at("draw_sheet", draw), headers=HTMX).content.decode()
    assert "the 48 hours to claim are over" in page


# --- the proof ------------------------------------------------------------------------------------


def test_the_seed_is_secret_until_the_drawing(draw):
    mei = shopper(draw)
    take_part(mei, draw, nickname="沈梅")
    assert draw.seed not in mei.get(at("draw", draw)).content.decode()
    close_draw(draw=draw)
    assert draw.seed not in mei.get(at("draw", draw)).content.decode()
    draw_winners(draw=draw)
    page = mei.get(at("draw", draw)).content.decode()
    assert draw.seed in page
    assert hashlib.sha256(draw.seed.encode()).hexdigest() in page


def test_the_list_is_public_from_the_closing_on_and_names_nobody(draw):
    mei = shopper(draw)
    take_part(mei, draw, nickname="沈梅")
    assert mei.get(at("draw_entries", draw)).status_code == 404
    close_draw(draw=draw)
    answer = mei.get(at("draw_entries", draw))
    assert hashlib.sha256(answer.content).hexdigest() == draw.entries_hash
    assert re.fullmatch(rb"[0-9a-f]{16}\n", answer.content)


def test_it_says_plainly_whom_one_has_to_trust(draw, winner):
    page = winner.get(at("draw", draw)).content.decode()
    assert "Here you take the shop" in page
    assert "Nobody could know the outcome" not in page


def test_a_draw_of_another_room_is_not_there(draw, other_shop):
    path = reverse("watch:draw", args=["nosuchroom", draw.public_id])
    assert Client().get(path).status_code == 404


# --- the room -------------------------------------------------------------------------------------


def test_the_room_has_the_chip_in_its_html(draw):
    mei = shopper(draw)
    page = mei.get(f"/live/{draw.room.public_id}/").content.decode()
    assert f'data-draw="{draw.public_id}"' in page
    assert 'data-handle=""' in page
    take_part(mei, draw, nickname="沈梅")
    page = mei.get(f"/live/{draw.room.public_id}/").content.decode()
    assert f'data-handle="{draw.entries.get().handle}"' in page


def test_after_the_show_the_results_are_listed_and_the_winner_may_claim(draw, winner, live):
    end_room(room=live)
    theirs = shopper(draw).get(f"/live/{live.public_id}/").content.decode()
    assert "Draws of this show" in theirs
    assert "沈**" in theirs
    assert "Claim your prize" not in theirs
    assert "Claim your prize" in winner.get(f"/live/{live.public_id}/").content.decode()
    assert claim(winner, draw).status_code == 200


def test_a_shop_is_followed_and_left(shop):
    mei = Client(headers={"Accept-Language": "en"})
    path = reverse("watch:follow", args=[shop.slug])
    assert 'value="follow"' in mei.get(path).content.decode()
    assert 'value="unfollow"' in mei.post(path, {"do": "follow"}, headers=HTMX).content.decode()
    assert Follow.objects.count() == 1
    assert 'value="follow"' in mei.post(path, {"do": "unfollow"}, headers=HTMX).content.decode()
    assert not Follow.objects.exists()
    assert mei.post(path, {"do": "follow"})["Location"] == f"/s/{shop.slug}/"


# --- behind the counter ---------------------------------------------------------------------------

WANTED = {
    "prize": "茶点",
    "winners": "2",
    "minutes": "3",
    "entry_by": "comment",
    "phrase": PHRASE,
    "watch_minutes": "",
    "prize_value": "58",
}


def at_console(live, client: Client, **typed: str):
    path = reverse("livestream:console_draw", args=[live.merchant.slug, live.public_id])
    return client.post(path, typed, headers={**HTMX, "Accept-Language": "en"})


def test_a_clerk_opens_a_draw_and_draws_it_early(live, as_bob):
    answer = at_console(live, as_bob, **WANTED).content.decode()
    draw = Draw.objects.get()
    assert (draw.prize_value, draw.winners, draw.phrase) == (5800, 2, PHRASE)
    assert "Draw now" in answer
    enter_all = [shopper(draw) for _ in range(3)]
    for number, one in enumerate(enter_all):
        take_part(one, draw, nickname=f"客人{number}")
    drawn = at_console(live, as_bob, draw=draw.public_id).content.decode()
    draw.refresh_from_db()
    assert draw.state == "drawn"
    assert len(winners_of(draw)) == 2
    assert "may claim until" in drawn


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"winners": "101"}, "100"),
        ({"minutes": "61"}, "60"),
        ({"phrase": "!!!"}, "with letters in them"),
        ({"entry_by": "watch"}, "how many minutes have to be watched"),
        ({"prize_value": "5001"}, "A prize is worth at most 5000"),
        ({"prize": ""}, "id_prize_error"),
    ],
)
def test_a_mistake_is_named_and_nothing_typed_is_lost(live, as_bob, wrong, sentence):
    answer = at_console(live, as_bob, **{**WANTED, "prize": "特别的茶点", **wrong})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert wrong.get("prize", "特别的茶点") in page
    assert not Draw.objects.exists()


def test_the_next_draw_begins_with_the_last_values(live, as_bob):
    at_console(live, as_bob, **WANTED)
    path = reverse("livestream:console", args=[live.merchant.slug, live.public_id])
    page = as_bob.get(path).content.decode()
    assert re.search(r'name="prize" value="茶点"', page)
    assert re.search(r'name="winners" value="2"', page)
    assert re.search(r'name="prize_value" value="58"', page)


def test_a_second_open_draw_is_refused_with_a_sentence(live, as_bob):
    at_console(live, as_bob, **WANTED)
    answer = at_console(live, as_bob, **WANTED)
    assert answer.status_code == 409
    assert "A draw is open in this room" in answer.content.decode()


def test_staff_read_the_address_only_of_who_has_claimed(draw, winner, live, as_bob):
    end_room(room=live)
    path = reverse("livestream:console", args=[live.merchant.slug, live.public_id])
    before = as_bob.get(path).content.decode().split('id="tools"')[1]
    assert "沈**" in before.split('id="chat"')[0]
    claim(winner, draw)
    after = as_bob.get(path).content.decode()
    assert "清河坊 12 号" in after
    assert "+8613800138000" in after


def test_a_draw_of_another_room_is_not_drawn_from_this_console(draw, other_shop, as_alice):
    path = reverse("livestream:console_draw", args=[other_shop.slug, draw.room.public_id])
    assert as_alice.post(path, {"draw": draw.public_id}).status_code == 404


def test_somebody_who_took_part_by_an_old_page_is_told(live, host):
    draw = open_draw(room=live, by=host, entry_by="follow", **TERMS)
    enter(draw=draw, customer=Customer.objects.create(merchant=live.merchant, device=uuid.uuid4()))
    end_room(room=live)
    assert take_part(shopper(draw), draw).status_code == 409
