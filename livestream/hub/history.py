"""The last lines of a room's chat, as event texts, for who joins or comes back."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass

from livestream.broadcast import unquoted

KEEP = 300  # lines
OVERLAP = 5  # lines that who comes back gets although he has seen them


@dataclass(frozen=True, order=True)
class Said:
    id: int
    text: str


class History:
    """Complete above `floor`: every visible line with a higher id that was heard of is here."""

    def __init__(self) -> None:
        self.floor = 0
        self._said: list[Said] = []

    def fill(self, floor: int, lines: Iterable[tuple[int, str]]) -> None:
        """Start from rows. What was heard while they were read stays."""
        heard = [(said.id, said.text) for said in self._said]
        self.floor, self._said = floor, []
        for id_, text in [*lines, *heard]:
            self.add(id_, text)

    def add(self, id_: int, text: str) -> bool:
        """Keep a line in its place; False if it was known already."""
        said = self._said
        if id_ <= self.floor:
            return False
        if not said or id_ > said[-1].id:
            said.append(Said(id_, text))
        elif any(line.id == id_ for line in reversed(said)):
            return False
        else:
            insort(said, Said(id_, text))
        if len(said) > KEEP:
            self.floor = said[-KEEP - 1].id
            del said[:-KEEP]
        return True

    def take_back(self, id_: int) -> None:
        """Forget a line, and what other lines quote of it."""
        self._said = [
            Said(said.id, unquoted(said.text, id_)) for said in self._said if said.id != id_
        ]

    def after(self, last_id: int) -> list[str] | None:
        """The lines since `last_id`, or None if that is further back than we remember.

        A few lines before it come along: two processes may push in another order than they
        committed, and duplicates are harmless.
        """
        if last_id < self.floor:
            return None
        later = [said.text for said in self._said if said.id > last_id]
        earlier = self._said[: len(self._said) - len(later)]
        return [said.text for said in earlier[-OVERLAP:]] + later

    def latest(self, count: int) -> list[str]:
        return [said.text for said in self._said[-count:]]

    def count_after(self, id_: int) -> int:
        return sum(said.id > id_ for said in self._said)

    @property
    def last_id(self) -> int:
        return self._said[-1].id if self._said else self.floor
