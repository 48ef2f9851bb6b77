"""The run sheet and the prompter: what is explained, since when, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from livestream.models import Room
from livestream.rules.runsheet import Plan, Step, parts, plan
from livestream.selectors.room import Card
from merchants.models import Merchant
from merchants.selectors.product import shop_shelf

MOST_FOUND = 12


@dataclass(frozen=True)
class Spot:
    """A time in which an item was explained, or still is."""

    item: int
    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Prompt:
    """What the host reads: the item that is on, since when, its objection, and what follows."""

    current: Card | None
    since: datetime | None
    following: Card | None
    objection: str = ""
    answer: str = ""


def spots_of(room: Room) -> list[Spot]:
    """Every spotlight of the show, the first one first."""
    rows = room.spotlights.order_by("pk").values_list("item", "opened_at", "closed_at")
    return [Spot(*row) for row in rows]


def open_spot(spots: Sequence[Spot]) -> Spot | None:
    """The one that is on."""
    return next((spot for spot in reversed(spots) if spot.closed_at is None), None)


def prompt(cards: Sequence[Card], spots: Sequence[Spot]) -> Prompt:
    """The prompter as it stands. Before the first item it shows what comes first."""
    spot = open_spot(spots)
    place = next((n for n, card in enumerate(cards) if spot and card.item.pk == spot.item), None)
    if spot is None or place is None:
        return Prompt(None, None, cards[0] if cards else None)
    following = cards[place + 1] if place + 1 < len(cards) else None
    objection, answer = parts(cards[place].item.objection)
    return Prompt(cards[place], spot.opened_at, following, objection, answer)


def plan_of(room: Room, cards: Sequence[Card], spots: Sequence[Spot], now: datetime) -> Plan:
    """How the show stands against its run sheet."""
    spent: dict[int, int] = {}
    for spot in spots:
        seconds = int(((spot.closed_at or now) - spot.opened_at).total_seconds())
        spent[spot.item] = spent.get(spot.item, 0) + max(0, seconds)
    steps = [Step(card.item.pk, card.item.minutes, spent.get(card.item.pk, 0)) for card in cards]
    on_now = open_spot(spots)
    ahead = not spots and not room.is_on_air and room.starts_at > now
    return plan(
        steps,
        shown=spent.keys(),
        on_now=on_now.item if on_now else None,
        begins=room.starts_at if ahead else now,
    )


def findable(merchant: Merchant, words: str, on_it: Sequence[int]) -> list[Any]:
    """Goods on sale that match the words, each with whether it stands `on_shelf` already.

    By name, pinyin, SKU or barcode, as in the inventory.
    """
    if not words.strip():
        return []
    found: list[Any] = list(shop_shelf(merchant, words)[:MOST_FOUND])
    for product in found:
        product.on_shelf = product.pk in on_it
    return found
