"""One row of a goods sheet: what it says, and what is wrong with it. Pure.

A row is never refused as a whole for one bad cell without saying which cell and why.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from merchants.rules import money
from merchants.rules.column import Column
from merchants.rules.line import visible
from merchants.rules.product import ProductState

NAME_LENGTH = 60
SPEC_LENGTH = 40
CODE_LENGTH = 40
CATEGORY_LENGTH = 30
DESCRIPTION_LENGTH = 4000
MOST_PIECES = 1_000_000
FAR = 5  # times cheaper or dearer than now is worth a look

_TAG = re.compile(r"<[^>]{0,2000}>")
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/h\d)\b[^>]*>", re.IGNORECASE)
_PIECES = re.compile(r"(-?\d{1,12})(?:\.0+)?")
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
# What shop systems write where a product has no real choice.
_NO_CHOICE = frozenset({"default title", "regular", "default", "默认", "无", "均码", "标准"})
_PARENTS = frozenset({"variable", "grouped", "external"})


@dataclass(frozen=True)
class Problem:
    """What is wrong with a cell. `code` is one of the sentences in merchants.models.imports."""

    column: Column
    code: str
    grave: bool = True  # the row cannot be taken; otherwise it is only worth a look
    details: Mapping[str, str] = field(default_factory=dict)


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
    category: str | None = None
    description: str | None = None
    state: ProductState | None = None
    group: str = ""

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if value not in (None, "")}


@dataclass(frozen=True)
class Family:
    """What the rows of one product share and only its first one says."""

    name: str = ""
    category: str | None = None
    description: str | None = None
    state: ProductState | None = None
    group: str = ""


@dataclass(frozen=True)
class Reading:
    """A row as read. `silent` rows only describe a family: nothing is made of them."""

    goods: Goods
    problems: tuple[Problem, ...] = ()
    silent: bool = False

    @property
    def bad(self) -> bool:
        return any(problem.grave for problem in self.problems)


class Families:
    """What earlier rows said of a product, by what its later rows call it."""

    def __init__(self) -> None:
        self._known: dict[str, Family] = {}

    def learn(self, names: Sequence[str], goods: Goods) -> None:
        family = Family(goods.name, goods.category, goods.description, goods.state, goods.group)
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
        )


def read(
    cells: Sequence[str],
    columns: Mapping[int, Column],
    families: Families | None = None,
    currency: str = "CNY",
) -> Reading:
    """What the row says, with everything that is wrong with it."""
    texts = _texts(cells, columns)
    families = families or Families()
    goods, problems = _goods(texts, columns.values(), currency)
    kind = texts.get(Column.KIND, "").casefold()
    own, parent = texts.get(Column.ID, ""), texts.get(Column.PARENT, "")
    if kind in _PARENTS:
        group = own or goods.sku
        families.learn([f"id:{own}" if own else "", goods.sku], replace(goods, group=group))
        return Reading(goods, silent=True)
    if parent:
        goods = families.complete(parent, replace(goods, group=parent))
    elif goods.group:
        goods = families.complete(goods.group, goods)
        families.learn([goods.group], goods)
        if not any(texts.get(c) for c in (Column.SKU, Column.PRICE, Column.SPEC)):
            return Reading(goods, silent=True)  # a further picture of the same product
    if not any(texts.values()):
        return Reading(goods, silent=True)
    return Reading(goods, (*problems, *_needed(goods, texts)))


def _texts(cells: Sequence[str], columns: Mapping[int, Column]) -> dict[Column, str]:
    texts: dict[Column, str] = {}
    for index, column in columns.items():
        text = clean(cells[index]) if index < len(cells) else ""
        if column is Column.SPEC:
            if text and text.casefold() not in _NO_CHOICE:
                texts[column] = f"{texts[column]} / {text}" if texts.get(column) else text
        elif text or column not in texts:
            texts[column] = text
    return texts


def clean(text: str) -> str:
    """Without what cannot be seen, and without the apostrophe that disarms a formula."""
    text = visible(unicodedata.normalize("NFC", text)).strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@" else text


def _goods(texts: Mapping[Column, str], there: Any, currency: str) -> tuple[Goods, list[Problem]]:
    problems: list[Problem] = []

    def say(column: Column, code: str, grave: bool = True, **details: str) -> None:
        problems.append(Problem(column, code, grave, details))

    def amount(column: Column) -> int | None:
        text = texts.get(column, "")
        if not text:
            return None
        found = money.parse(re.sub(r"(元|RMB|CNY)$", "", text).strip(), currency)
        if found is None:
            say(column, "not_an_amount", grave=column is not Column.COMPARE_AT)
        return found

    def pieces(column: Column, grave: bool) -> int | None:
        text = texts.get(column, "")
        if not text:
            return None
        match = _PIECES.fullmatch(unicodedata.normalize("NFKC", text).replace(",", "").strip())
        if match is None:
            digits = re.match(r"\d+", unicodedata.normalize("NFKC", text))
            say(column, "not_a_count", grave, **({"like": digits[0]} if digits else {}))
            return None
        number = int(match[1])
        if number < 0:
            say(column, "below_zero", grave)
        elif number > MOST_PIECES:
            say(column, "too_many", grave)
        return number if 0 <= number <= MOST_PIECES else None

    def short(column: Column, most: int) -> str:
        text = texts.get(column, "")
        if len(text) > most:
            say(column, "too_long", most=str(most))
        return text[:most]

    price, sale = amount(Column.PRICE), amount(Column.SALE_PRICE)
    compare_at = amount(Column.COMPARE_AT)
    if sale is not None and price is not None and 0 < sale < price:
        price, compare_at = sale, price
    if price == 0:
        say(Column.PRICE, "free", grave=False)
    if compare_at is not None and price is not None and compare_at <= price:
        if compare_at and compare_at != price:
            say(Column.COMPARE_AT, "not_above", grave=False)
        compare_at = None
    goods = Goods(
        name=short(Column.NAME, NAME_LENGTH),
        spec=short(Column.SPEC, SPEC_LENGTH),
        sku=short(Column.SKU, CODE_LENGTH),
        barcode=short(Column.BARCODE, CODE_LENGTH),
        price=price,
        compare_at=compare_at,
        stock=pieces(Column.STOCK, grave=True),
        low_stock=pieces(Column.LOW_STOCK, grave=False),
        category=_category(texts.get(Column.CATEGORY, "")),
        description=_description(texts.get(Column.DESCRIPTION, "")),
        state=_STATES.get(texts.get(Column.STATE, "").casefold()),
        group=texts.get(Column.GROUP, "")[:200],
    )
    if texts.get(Column.STATE) and goods.state is None:
        say(Column.STATE, "unknown_state", grave=False)
    if Column.SKU in there and not goods.sku:
        say(Column.SKU, "no_sku", grave=False)
    if Column.STOCK in there and not texts.get(Column.STOCK):
        say(Column.STOCK, "no_stock", grave=False)
    return goods, problems


def _needed(goods: Goods, texts: Mapping[Column, str]) -> list[Problem]:
    found = []
    if not goods.name:
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
