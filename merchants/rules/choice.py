"""What the rows of a sheet say of their product's options: each row takes one value of each. Pure.

The name of an option stands in a column beside the value, in an earlier row of the same product, or
as the heading of the column (`颜色`). Rows that speak of different options contradict each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from merchants.rules.cell import Problem
from merchants.rules.column import OPTIONS, VALUES, Column
from merchants.rules.option import LONGEST_OPTION, MOST_VALUES, MOST_VARIANTS, plain_value

# What shop systems write where a product has no real choice.
NO_CHOICE = frozenset({"default title", "regular", "default", "默认", "无", "均码", "标准"})
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Slot:
    """One option of a row, as written: where, what it is called, and which value."""

    column: Column
    name: str
    value: str


def slots_of(texts: Mapping[Column, str], names: Mapping[Column, str]) -> tuple[Slot, ...]:
    """The options of a row; none if nothing is chosen. `names` are those that the heading gives."""
    found = []
    for option, column in zip(OPTIONS, VALUES, strict=True):
        value = plain_value(texts.get(column, ""))
        name = " ".join(texts.get(option, names.get(column, "")).split())
        if value or texts.get(option):
            found.append(Slot(column, name, value))
    real = [slot for slot in found if slot.value and slot.value.casefold() not in NO_CHOICE]
    return tuple(found) if real else ()


@dataclass
class _Family:
    """What the rows of one product have said so far."""

    names: list[str] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    values: dict[tuple[Column, str], str] = field(default_factory=dict)  # as first written
    kinds: set[tuple[str, str]] = field(default_factory=set)  # each value of each option
    rows: dict[tuple[tuple[str, str], ...], int] = field(default_factory=dict)  # where they stand


class Choices:
    """Compares each row with the earlier ones of its product."""

    def __init__(self) -> None:
        self._families: dict[str, _Family] = {}

    def judge(
        self, number: int, group: str, slots: Sequence[Slot]
    ) -> tuple[Pairs, tuple[Problem, ...]]:
        """(the options of a row, what is wrong with them). Without a name for each value there are
        no options: then the variant is only called by its values."""
        if not slots and group not in self._families:
            return (), ()
        family = self._families.setdefault(group, _Family()) if group else _Family()
        named = [self._named(family, slot) for slot in slots]
        if not family.names and not all(slot.name for slot in named):
            return (), ()
        problems = [*_own(named), *_against(family, named)]
        if not problems:
            family.names = family.names or [slot.name for slot in named]
            family.columns = family.columns or [slot.column for slot in named]
            problems = _again(family, number, named)
        if any(problem.grave for problem in problems):
            return (), tuple(problems)
        by_name = {slot.name.casefold(): slot.value for slot in named}
        return tuple((name, by_name[name.casefold()]) for name in family.names), tuple(problems)

    def _named(self, family: _Family, slot: Slot) -> Slot:
        """With the name that an earlier row gave this column, and the value as it was first
        written (`red` after `Red`)."""
        known = dict(zip(family.columns, family.names, strict=True))
        key = slot.column, slot.value.casefold()
        value = family.values.setdefault(key, slot.value) if slot.value else ""
        return replace(slot, name=slot.name or known.get(slot.column, ""), value=value)


def _own(slots: Sequence[Slot]) -> list[Problem]:
    """What is wrong with a row whatever the others say."""
    found, seen = [], set()
    for slot in slots:
        if not slot.value:
            found.append(Problem(slot.column, "no_value", details={"option": slot.name}))
        elif len(slot.name) > LONGEST_OPTION:
            found.append(Problem(slot.column, "long_option", details={"most": str(LONGEST_OPTION)}))
        elif slot.name.casefold() in seen:
            found.append(Problem(slot.column, "option_twice", details={"option": slot.name}))
        seen.add(slot.name.casefold())
    return found


def _against(family: _Family, slots: Sequence[Slot]) -> list[Problem]:
    """What contradicts the earlier rows of the product."""
    if not family.names:
        return []
    known = {name.casefold() for name in family.names}
    for slot in slots:
        if slot.name.casefold() not in known:
            details = {"options": ", ".join(family.names)}
            return [Problem(slot.column, "other_options", details=details)]
    said = {slot.name.casefold() for slot in slots}
    return [
        Problem(column, "no_value", details={"option": name})
        for name, column in zip(family.names, family.columns, strict=True)
        if name.casefold() not in said
    ]


def _again(family: _Family, number: int, slots: Sequence[Slot]) -> list[Problem]:
    """The same combination in an earlier row; or the first one too many to choose from."""
    before = _fit(family)
    family.kinds |= {(slot.name.casefold(), slot.value.casefold()) for slot in slots}
    key = tuple(sorted((slot.name.casefold(), slot.value.casefold()) for slot in slots))
    first = family.rows.setdefault(key, number)
    if first != number:
        return [Problem(slots[0].column, "twice", details={"row": str(first)})]
    if before and not _fit(family):
        return [Problem(slots[0].column, "many_options", grave=False)]
    return []


def _fit(family: _Family) -> bool:
    """Whether the page of a product can hold that much choice."""
    counts = Counter(name for name, _value in family.kinds).values()
    return max(counts, default=0) <= MOST_VALUES and prod(counts) <= MOST_VARIANTS
