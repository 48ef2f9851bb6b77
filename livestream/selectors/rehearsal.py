"""A rehearsal as the console shows it: goods, chat, inbox and figures with the crowd's doings in.

Everything is computed from the clock, the crowd's script and the one row of the rehearsal; what is
read of the shop is only read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from livestream.models import Rehearsal, Room
from livestream.rules.crowd import CUT_SECONDS, LENGTH, Act, Kind, crowd, watching
from livestream.rules.moderation import blocked
from livestream.rules.readiness import Good
from livestream.rules.rehearsal import (
    Bought,
    Play,
    bought,
    flash_bought,
    left_after,
    put_aside,
    visible,
)
from livestream.rules.room import RoomState
from livestream.selectors.moderation import words_of
from livestream.selectors.room import Card, shelf
from livestream.selectors.runsheet import Spot
from livestream.selectors.trial import stage, stirred

BASE = 4_000_000_000_000_000  # beyond the id of any row: a line of the crowd is nobody's
FRESH = 8.0  # seconds after which nobody is cut off any more for an act that has passed
SENTENCES = {
    "evening": gettext_lazy("Good evening, I am early today"),
    "made": gettext_lazy("When was this made?"),
    "made_again": gettext_lazy("When was this made please?"),
    "nice": gettext_lazy("Looks good"),
    "advert": gettext_lazy("Add me on WeChat, same goods for half the price"),
    "bigger": gettext_lazy("Is there a bigger one?"),
    "ship": gettext_lazy("How long does it take to Harbin?"),
    "gone": gettext_lazy("Oh, it is gone already"),
    "keeps": gettext_lazy("How long does it keep?"),
    "thanks": gettext_lazy("Thank you, see you next time"),
}


def current(room: Room) -> Rehearsal | None:
    """The rehearsal that is on in this room."""
    if room.state != RoomState.REHEARSING:
        return None
    return room.rehearsals.filter(ended_at=None).first()


def latest(room: Room) -> Rehearsal | None:
    """The last rehearsal that was judged."""
    return room.rehearsals.filter(score__isnull=False).first()


@dataclass
class Group:
    """Simulated questions about one item, shaped like those of selectors.question."""

    item: Any
    questions: list[Any] = field(default_factory=list)


class Scene:
    """A rehearsal at one moment."""

    def __init__(self, room: Room, rehearsal: Rehearsal, now: datetime) -> None:
        self.room, self.rehearsal, self.now = room, rehearsal, now
        self.elapsed = max(0.0, (now - rehearsal.started_at).total_seconds())
        self.play = Play.read(rehearsal.findings.get("play", {}))
        self.acts = crowd(rehearsal.pk, self.elapsed)

    @cached_property
    def cards(self) -> list[Card]:
        """The shelf as in the show: live prices, less what the crowd has bought."""
        return [self._staged(card) for card in self._shelf]

    @cached_property
    def _shelf(self) -> list[Card]:
        return shelf(self.room, as_live=True)

    def _staged(self, card: Card) -> Card:
        aside = put_aside(self.play, card.item.pk, self.elapsed)
        left = left_after(card.left, card.item.pk, self.sales, aside)
        on_now = card.item.pk == self.play.on_now()
        return replace(card, left=left, low=left > 0 and card.low, on_now=on_now)

    @cached_property
    def spots(self) -> list[Spot]:
        return [
            Spot(item, self._at(opened), None if closed is None else self._at(closed))
            for item, opened, closed in self.play.spots
        ]

    def _at(self, seconds: float) -> datetime:
        return self.rehearsal.started_at + timedelta(seconds=seconds)

    @cached_property
    def sales(self) -> list[Bought]:
        """What the crowd has bought, in order: what was explained, and of the flash sales."""
        first = self._shelf[0].item.pk if self._shelf else None
        sold = bought(self.play, self.acts, first) + flash_bought(self.play, self.elapsed)
        return sorted(sold, key=lambda sale: sale.act.at)

    def gone(self, item: int) -> int:
        """Pieces of an item that are there in the shop and not in this rehearsal."""
        there = sum(card.left for card in self._shelf if card.item.pk == item)
        return there - sum(card.left for card in self.cards if card.item.pk == item)

    # --- chat -----------------------------------------------------------------------------------

    @cached_property
    def held(self) -> list[int]:
        """The lines that the shop's own list of words or its approval would hold back."""
        words = words_of(self.room.merchant_id)
        return [
            act.key
            for act in self.acts
            if act.words and (self.room.holds_chat or blocked(str(SENTENCES[act.words]), words))
        ]

    @cached_property
    def lines(self) -> list[Act]:
        return visible(self.play, self.acts, self.held)

    def unwanted(self) -> int:
        """Adverts that everybody could still read."""
        return sum(act.kind is Kind.SPAM for act in self.lines)

    def said(self, after: int) -> list[dict[str, Any]]:
        """Lines of crowd and crew later than a key, as chat events; the ids are no rows'."""
        events = [self._line(act) for act in self.lines]
        events += [self._reply(line) for line in self.play.said]
        later = [event for event in events if event["id"] > BASE + after]
        return sorted(later, key=lambda event: event["id"])

    def _line(self, act: Act) -> dict[str, Any]:
        return {
            "type": "chat.said",
            "id": BASE + act.key,
            "kind": "say",
            "name": act.who,
            "badge": "",
            "text": str(SENTENCES[act.words]),
            "reply": None,
            "asks": act.topic or None,
            "at": self._at(act.at),
        }

    def _reply(self, line: dict[str, Any]) -> dict[str, Any]:
        quoted = next((act for act in self.acts if act.key == line["reply"]), None)
        reply = None
        kind = line.get("kind", "say")
        if quoted is not None and quoted.words:
            text = str(SENTENCES[quoted.words])
            reply = {"id": BASE + quoted.key, "name": quoted.who, "text": text}
        key = round(line["at"] * 1000) + 1
        shown = {name: line[name] for name in ("name", "badge", "text")}
        at = self._at(line["at"])
        said = {"type": "chat.said", "id": BASE + key, "kind": kind, **shown}
        return said | {"reply": reply, "asks": None, "at": at}

    def inbox(self) -> dict[str, Any]:
        """What the inbox's template needs."""
        groups: dict[int | None, Group] = {}
        items = {card.item.pk: card.item for card in self._shelf}
        asked = [act for act in self.lines if act.topic and self.play.is_open(act.topic)]
        for topic in dict.fromkeys(act.topic for act in asked):
            mine = [act for act in asked if act.topic == topic]
            item = self.play.item_at(mine[0].at, None)
            group = groups.setdefault(item, Group(items.get(item) if item else None))
            group.questions.append(_question(mine))
        count = sum(len(group.questions) for group in groups.values())
        return {"groups": list(groups.values()), "asked": count, "held_lines": self._waiting()}

    def id_of(self, line: int) -> int:
        """What pages know a line of this key by."""
        return BASE + line

    def _waiting(self) -> list[Any]:
        open_ = set(self.held) - set(self.play.judged)
        return [
            SimpleNamespace(
                pk=BASE + act.key,
                author_name=act.who,
                text=SENTENCES[act.words],
                word="" if self.room.holds_chat else "x",
            )
            for act in self.acts
            if act.key in open_
        ]

    # --- figures --------------------------------------------------------------------------------

    def panels(self) -> dict[str, Any]:
        """Figures of the crowd's purchases: they are nobody's orders."""
        cards = {card.item.pk: card for card in self.cards}
        sold = [
            replace(sale, price=cards[sale.item].price) if sale.price is None else sale
            for sale in self.sales
            if sale.item in cards
        ]
        turnover = sum(sale.price or 0 for sale in sold)
        names = {sale.act.who for sale in sold}
        figures = {"turnover": turnover, "recent": turnover, "paid": len(sold), "unpaid": 0}
        on_now = self.play.on_now()
        pieces = sum(sale.item == on_now for sale in sold)
        return {
            "figures": figures | {"buyers": len(names), "fresh": len(names)},
            "latest": [],
            "bought": [
                (self._at(sale.act.at), sale.act.who, cards[sale.item].product, sale.price)
                for sale in sold
            ],
            "pieces": {"sold": pieces, "unpaid": 0},
            **stage(self.play, self.elapsed, self.rehearsal.started_at),
        }

    def events(self, after: int) -> list[dict[str, Any]]:
        """What happened after a key, in the words of the room's socket (docs/events.md)."""
        told: list[dict[str, Any]] = [*self.said(max(0, after - 3000))]
        told += [{"type": "chat.hidden", "id": BASE + key} for key in self.play.hidden]
        fresh = [act for act in self.acts if act.key > after]
        names = {card.item.pk: card.product.name for card in self._shelf}
        sold = [sale for sale in self.sales if sale.act.key > after]
        for sale in sold:
            product = names.get(sale.item, "")
            made = {"type": "sale.made", "name": sale.act.who, "product": product}
            told.append({**made, "buyers": 1, "products": 1})
        if any(act.topic or act.kind is Kind.SPAM for act in fresh):
            told.append({"type": "question.changed"})
        if sold:
            told.append({"type": "order.paid"})
        if stirred(self.play, after / 1000, self.elapsed):
            told.append({"type": "rehearsal.changed"})
        told.append({"type": "note.pinned", "text": self.play.pinned})
        count = watching(self.rehearsal.pk, self.elapsed)
        told.append({"type": "viewers.counted", "count": count})
        for act in fresh:
            if act.kind is Kind.CUT and self.elapsed - act.at < FRESH:
                told.append({"type": "rehearsal.cut", "seconds": CUT_SECONDS})
            if act.kind is Kind.OVER:
                told.append({"type": "rehearsal.over", "text": _("The crowd has gone home.")})
        return told

    @property
    def left(self) -> int:
        """Seconds until the crowd has gone home."""
        return max(0, round(LENGTH - self.elapsed))


def _question(mine: Sequence[Act]) -> Any:
    first = mine[0]
    return SimpleNamespace(
        pk=first.topic,
        text=SENTENCES[first.words],
        asked=len(mine),
        taken_until=None,
        taken_by_id=None,
        line=BASE + first.key,
        name=first.who,
    )


def scene_of(room: Room, now: datetime) -> Scene | None:
    """The rehearsal that is on, as it stands now."""
    rehearsal = current(room)
    return Scene(room, rehearsal, now) if rehearsal else None


def goods_of(room: Room) -> list[Good]:
    """What each item of the shelf lacks for a show."""
    found = []
    for card in shelf(room, whole=True):
        there = {
            "photo": card.photo is not None,
            "price": card.on_sale and card.price > 0,
            "stock": card.left > 0,
            "notes": bool(card.item.notes.strip()),
        }
        lacks = tuple(name for name, fine in there.items() if not fine)
        found.append(Good(card.item.pk, card.product.public_id, card.product.name, lacks))
    return found
