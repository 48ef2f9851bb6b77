"""One row of a goods sheet: what it says, and what is wrong with it. Pure.

A row is never refused as a whole for one bad cell without saying which cell and why.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from merchants.rules.cell import Cells, Problem, clean
from merchants.rules.choice import NO_CHOICE, Choices, Pairs, Slot, slots_of
from merchants.rules.column import OPTIONS, VALUES, Column
from merchants.rules.option import LONGEST_NAME, name_of
from merchants.rules.product import ProductState

NAME_LENGTH = 60
CODE_LENGTH = 40
SHELF_LENGTH = 20
CATEGORY_LENGTH = 30
DESCRIPTION_LENGTH = 4000
FAR = 5  # times cheaper or dearer than now is worth a look

_TAG = re.compile(r"<[^>]{0,2000}>")
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/h\d)\b[^>]*>", re.IGNORECASE)
_STATES = {
    **dict.fromkeys(
        ("在售", "上架", "已上架", "出售中", "销售中", "是", "active", "on sale", "published"),
        ProductState.ON_SALE,
    ),
    **dict.fromkeys(("1", "true", "yes", "y"), ProductState.ON_SALE),
    **dict.fromkeys(
        (
            "下架",
            "已下架",
            "仓库中",
            "否",
            "草稿",
            "draft",
            "0",
            "-1",
            "false",
            "no",
            "n",
            "unlisted",
        ),
        ProductState.DRAFT,
    ),
    **dict.fromkeys(("停售", "归档", "archived"), ProductState.ARCHIVED),
}
_PARENTS = frozenset({"variable", "grouped", "external"})


@dataclass(frozen=True)
class Goods:
    """What a row says. Prices in minor units; None where the sheet says nothing."""

    name: str = ""
    spec: str = ""
    sku: str = ""
    barcode: str = ""
    price: int | None = None
    compare_at: int | None = None
    stock: int | None = None
    low_stock: int | None = None
    shelf_place: str = ""
    weight: int | None = None  # grams
    options: Pairs = ()
    category: str | None = None
    description: str | None = None
    state: ProductState | None = None
    group: str = ""

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if value not in (None, "", ())}


@dataclass(frozen=True)
class Family:
    """What the rows of one product share and only its first one says."""

    name: str = ""
    category: str | None = None
    description: str | None = None
    state: ProductState | None = None
    group: str = ""
    weight: int | None = None


@dataclass(frozen=True)
class Reading:
    """A row as read. `silent` rows only describe a family: nothing is made of them."""

    goods: Goods
    problems: tuple[Problem, ...] = ()
    silent: bool = False
    slots: tuple[Slot, ...] = ()

    @property
    def bad(self) -> bool:
        return any(problem.grave for problem in self.problems)

    def chosen(self, number: int, group: str, choices: Choices) -> Reading:
        """With its options, compared with the earlier rows of its product."""
        options, problems = choices.judge(number, group, self.slots)
        spec = name_of([value for _name, value in options]) or self.goods.spec
        goods = replace(self.goods, options=options, spec=spec)
        return replace(self, goods=goods, problems=(*self.problems, *problems))


class Families:
    """What earlier rows said of a product, by what its later rows call it."""

    def __init__(self) -> None:
        self._known: dict[str, Family] = {}

    def learn(self, names: Sequence[str], goods: Goods) -> None:
        family = Family(
            **{part.name: getattr(goods, part.name) for part in fields(Family)},
        )
        for name in names:
            if name:
                self._known.setdefault(name, family)

    def complete(self, name: str, goods: Goods) -> Goods:
        family = self._known.get(name)
        if family is None:
            return goods
        return replace(
            goods,
            name=goods.name if not family.name else family.name,
            category=family.category if goods.category is None else goods.category,
            description=family.description if goods.description is None else goods.description,
            state=family.state if goods.state is None else goods.state,
            group=family.group or goods.group,
            weight=family.weight if goods.weight is None else goods.weight,
        )


def read(
    cells: Sequence[str],
    columns: Mapping[int, Column],
    families: Families | None = None,
    currency: str = "CNY",
    hints: Mapping[Column, str] | None = None,
) -> Reading:
    """What the row says, with everything that is wrong with it. `hints`: rules.heading."""
    hints, families = hints or {}, families or Families()
    texts = _texts(cells, columns)
    kind = texts.get(Column.KIND, "").casefold()
    slots = _slots(texts, hints, kind)
    read = Cells(texts, currency, hints.get(Column.WEIGHT, ""))
    goods = _goods(read, slots)
    if kind in _PARENTS:
        return _parent(texts.get(Column.ID, ""), goods, families)
    parent = texts.get(Column.PARENT, "")
    if parent:
        goods = families.complete(parent, replace(goods, group=parent))
    elif goods.group:
        goods = families.complete(goods.group, goods)
        families.learn([goods.group], replace(goods, weight=None))  # each row says its own
        if not any(texts.get(c) for c in (Column.SKU, Column.PRICE, Column.SPEC, *VALUES)):
            return Reading(goods, silent=True)  # a further picture of the same product
    if not any(texts.values()):
        return Reading(goods, silent=True)
    return Reading(goods, (*read.problems, *_needed(goods, texts)), slots=slots)


def _parent(own: str, goods: Goods, families: Families) -> Reading:
    """A row that only describes the product of others, which name it by its number or SKU."""
    named = [f"id:{own}" if own else "", goods.sku]
    families.learn(named, replace(goods, group=own or goods.sku))
    return Reading(goods, silent=True)


def _slots(texts: dict[Column, str], hints: Mapping[Column, str], kind: str) -> tuple[Slot, ...]:
    """The options of a row; leaves a specification of its own in `texts` where there are none.

    Only a variation of WooCommerce has any: what a simple product is made of is no choice. A plain
    sheet that has a specification beside a column such as `颜色` means both: the name alone then
    tells its variants apart.
    """
    if kind and kind != "variation":
        return ()
    slots, spec = slots_of(texts, hints), texts.get(Column.SPEC, "")
    by_heading = not any(option in texts for option in OPTIONS)
    name = name_of([slot.value for slot in slots])
    if by_heading and slots and spec and spec != name:
        texts[Column.SPEC] = name_of([spec, *(slot.value for slot in slots)])
        return ()
    return slots


def _texts(cells: Sequence[str], columns: Mapping[int, Column]) -> dict[Column, str]:
    texts: dict[Column, str] = {}
    for index, column in columns.items():
        text = clean(cells[index]) if index < len(cells) else ""
        if column is Column.SPEC:
            if text and text.casefold() not in NO_CHOICE:
                texts[column] = f"{texts[column]} / {text}" if texts.get(column) else text
        elif text or column not in texts:
            texts[column] = text
    return texts


def _goods(cells: Cells, slots: Sequence[Slot]) -> Goods:
    price, compare_at = _prices(cells)
    goods = Goods(
        name=cells.short(Column.NAME, NAME_LENGTH),
        spec=_spec(cells, slots),
        sku=cells.short(Column.SKU, CODE_LENGTH),
        barcode=cells.short(Column.BARCODE, CODE_LENGTH),
        price=price,
        compare_at=compare_at,
        stock=cells.pieces(Column.STOCK, grave=True),
        low_stock=cells.pieces(Column.LOW_STOCK, grave=False),
        shelf_place=cells.code(Column.SHELF_PLACE, SHELF_LENGTH),
        weight=cells.grams(Column.WEIGHT),
        category=_category(cells.text(Column.CATEGORY)),
        description=_description(cells.text(Column.DESCRIPTION)),
        state=_STATES.get(cells.text(Column.STATE).casefold()),
        group=cells.text(Column.GROUP)[:200],
    )
    if cells.text(Column.STATE) and goods.state is None:
        cells.say(Column.STATE, "unknown_state", grave=False)
    if Column.SKU in cells.texts and not goods.sku:
        cells.say(Column.SKU, "no_sku", grave=False)
    if Column.STOCK in cells.texts and not cells.text(Column.STOCK):
        cells.say(Column.STOCK, "no_stock", grave=False)
    return goods


def _prices(cells: Cells) -> tuple[int | None, int | None]:
    """(the price, the one before). What WooCommerce calls its sale price is the price."""
    price, sale = cells.amount(Column.PRICE), cells.amount(Column.SALE_PRICE)
    compare_at = cells.amount(Column.COMPARE_AT)
    if sale is not None and price is not None and 0 < sale < price:
        price, compare_at = sale, price
    if price == 0:
        cells.say(Column.PRICE, "free", grave=False)
    if compare_at is not None and price is not None and compare_at <= price:
        if compare_at and compare_at != price:
            cells.say(Column.COMPARE_AT, "not_above", grave=False)
        compare_at = None
    return price, compare_at


def _spec(cells: Cells, slots: Sequence[Slot]) -> str:
    """What the variant is called: by its options if it has any."""
    if not slots:
        return cells.short(Column.SPEC, LONGEST_NAME)
    name = name_of([slot.value for slot in slots if slot.value])
    spec = cells.text(Column.SPEC)
    if spec and _letters(spec) != _letters(name):
        cells.say(Column.SPEC, "renamed", grave=False, name=name)
    if len(name) > LONGEST_NAME:
        cells.say(slots[0].column, "too_long", most=str(LONGEST_NAME))
    return name[:LONGEST_NAME]


def _letters(text: str) -> str:
    """Without what stands between the values: `Small, Red` is `Small / Red`."""
    return re.sub(r"[\s,，、;；/|+-]+", "", text).casefold()


def _needed(goods: Goods, texts: Mapping[Column, str]) -> list[Problem]:
    found = []
    if not goods.name and not texts.get(Column.NAME):
        found.append(Problem(Column.NAME, "no_name"))
    if goods.price is None and not texts.get(Column.PRICE):
        found.append(Problem(Column.PRICE, "no_price"))
    return found


def _category(text: str) -> str | None:
    """`Tea > Green, Gifts` of a shop system is its first heading's last word."""
    first = text.split(",")[0] if ">" in text else text
    return first.split(">")[-1].strip()[:CATEGORY_LENGTH] or None


def _description(text: str) -> str | None:
    """Plain text: shop systems write HTML."""
    if "<" in text:
        text = html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    lines = [line.strip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:DESCRIPTION_LENGTH] or None


def far(price: int, before: int) -> bool:
    """Whether a new price is so far from the old that a nought may be missing."""
    return bool(before and price) and not before / FAR < price < before * FAR
