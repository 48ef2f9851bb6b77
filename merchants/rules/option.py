"""Options make variants: size and colour, each with its values. Pure.

An option is a name and its values in order; a variant takes one value of each option and is called
by them: `红 / L`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from itertools import product

MOST_OPTIONS, MOST_VALUES, MOST_VARIANTS = 3, 20, 100
LONGEST_NAME = 40  # of a variant
LONGEST_OPTION = 24  # of what is chosen
JOINT = " / "

Option = tuple[str, list[str]]
Values = tuple[str, ...]


class OptionTrouble(StrEnum):
    """What is wrong with options as typed."""

    NO_NAME = "no_name"
    NO_VALUES = "no_values"
    TWICE = "twice"
    MANY_VALUES = "many_values"
    MANY_VARIANTS = "many_variants"
    LONG = "long"
    JOINT = "joint"


def split_values(text: str) -> list[str]:
    """`red, blue` or `红、蓝`: the values in their order, each once."""
    found: dict[str, str] = {}
    for value in re.split(r"[,，、;；\n]+", text):
        value = " ".join(value.split())
        if value:
            found.setdefault(value.casefold(), value)
    return list(found.values())


def plain_value(text: str) -> str:
    """A value as it can also be typed: without what would part it or join it to another."""
    text = re.sub(r"(?<=\d)[,，](?=\d)", ".", text).replace(JOINT, "/")
    return " ".join(re.sub(r"[,，、;；\n]+", " ", text).split())


def trouble_of(options: Sequence[Option]) -> OptionTrouble | None:
    """What keeps these options from making variants, or None."""
    names = [name.casefold() for name, _values in options]
    if not all(names):
        return OptionTrouble.NO_NAME
    if not all(values for _name, values in options):
        return OptionTrouble.NO_VALUES
    if len(set(names)) < len(names):
        return OptionTrouble.TWICE
    if any(len(values) > MOST_VALUES for _name, values in options):
        return OptionTrouble.MANY_VALUES
    if any(JOINT in value for _name, values in options for value in values):
        return OptionTrouble.JOINT
    count, longest = 1, -len(JOINT)
    for _name, values in options:
        count *= len(values)
        longest += len(JOINT) + max(len(value) for value in values)
    if count > MOST_VARIANTS:
        return OptionTrouble.MANY_VARIANTS
    return OptionTrouble.LONG if longest > LONGEST_NAME else None


def combinations(options: Sequence[Option]) -> list[Values]:
    """Every variant that these options make, in order; none without options."""
    return list(product(*(values for _name, values in options))) if options else []


def name_of(values: Sequence[str]) -> str:
    """What a variant is called."""
    return JOINT.join(values)


def places(
    old: Sequence[Option], new: Sequence[Option], rows: Sequence[tuple[str, Sequence[str]]]
) -> list[Values | None]:
    """Which of the new variants each row (its name, its values) becomes; None: it goes.

    A row that already bears the name of a combination is that one. Otherwise it keeps the values
    that are still there and takes the first value of an option that is new. Two rows never become
    the same.
    """
    wanted = {name_of(values).casefold(): values for values in combinations(new)}
    found: list[Values | None] = [wanted.pop(name.casefold(), None) for name, _values in rows]
    left = set(wanted.values())
    for at, (_name, values) in enumerate(rows):
        if found[at] is None:
            carried = _carried(old, new, values)
            if carried in left:
                found[at] = carried
                left.discard(carried)
    return found


def _carried(old: Sequence[Option], new: Sequence[Option], values: Sequence[str]) -> Values | None:
    """The values of a variant after its product's options have changed from `old` to `new`."""
    known = {}
    if len(values) == len(old):
        known = {name.casefold(): value for (name, _all), value in zip(old, values, strict=True)}
    carried = []
    for at, (name, choices) in enumerate(new):
        value = known.get(name.casefold())
        if value is None and len(old) == len(new) and len(values) > at:
            value = values[at]  # the option has a new name
        value = choices[0] if value is None else value
        if value not in choices:
            return None
        carried.append(value)
    return tuple(carried)
