"""What the columns of a goods sheet mean: guessed from their headers. Pure.

The headers come from the public documentation of the products named in `SHEETS`: Shopify ("Using
CSV files to import and export products"), WooCommerce ("Product CSV Import Schema"), Square
("Import and export an item library"), and from what Chinese tills and shop systems write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from merchants.rules.search import fold


class Column(StrEnum):
    """What a column of a sheet may hold."""

    NAME = "name"
    SPEC = "spec"
    SKU = "sku"
    BARCODE = "barcode"
    PRICE = "price"
    SALE_PRICE = "sale_price"
    COMPARE_AT = "compare_at"
    STOCK = "stock"
    LOW_STOCK = "low_stock"
    CATEGORY = "category"
    DESCRIPTION = "description"
    STATE = "state"
    GROUP = "group"  # what the rows of one product share
    KIND = "kind"  # WooCommerce: simple, variable, variation
    PARENT = "parent"
    ID = "id"


# One product may have several of these; the values are joined.
SEVERAL = frozenset({Column.SPEC})
# What a merchant may choose; the rest only carries the structure of a known sheet.
CHOOSABLE = (
    Column.NAME,
    Column.SPEC,
    Column.SKU,
    Column.BARCODE,
    Column.PRICE,
    Column.COMPARE_AT,
    Column.STOCK,
    Column.LOW_STOCK,
    Column.CATEGORY,
    Column.DESCRIPTION,
    Column.STATE,
)
NEEDED = (Column.NAME, Column.PRICE)

C = Column
SHEETS: dict[str, tuple[frozenset[str], dict[str, Column]]] = {
    # name -> the headers by which it is known, and what its headers mean
    "shopify": (
        frozenset({"handle", "option1 value", "variant price"}),
        {
            "handle": C.GROUP,
            "title": C.NAME,
            "body (html)": C.DESCRIPTION,
            "type": C.CATEGORY,
            "option1 value": C.SPEC,
            "option2 value": C.SPEC,
            "option3 value": C.SPEC,
            "variant sku": C.SKU,
            "variant barcode": C.BARCODE,
            "variant price": C.PRICE,
            "variant compare at price": C.COMPARE_AT,
            "variant inventory qty": C.STOCK,
            "status": C.STATE,
        },
    ),
    "shopify 2025": (
        frozenset({"url handle", "option1 value", "price"}),
        {
            "url handle": C.GROUP,
            "title": C.NAME,
            "description": C.DESCRIPTION,
            "type": C.CATEGORY,
            "option1 value": C.SPEC,
            "option2 value": C.SPEC,
            "option3 value": C.SPEC,
            "sku": C.SKU,
            "barcode": C.BARCODE,
            "price": C.PRICE,
            "compare-at price": C.COMPARE_AT,
            "inventory quantity": C.STOCK,
            "status": C.STATE,
        },
    ),
    "woocommerce": (
        frozenset({"type", "regular price", "sku"}),
        {
            "id": C.ID,
            "type": C.KIND,
            "sku": C.SKU,
            "gtin, upc, ean, or isbn": C.BARCODE,
            "name": C.NAME,
            "published": C.STATE,
            "description": C.DESCRIPTION,
            "stock": C.STOCK,
            "low stock amount": C.LOW_STOCK,
            "regular price": C.PRICE,
            "sale price": C.SALE_PRICE,
            "categories": C.CATEGORY,
            "parent": C.PARENT,
            "attribute 1 value(s)": C.SPEC,
            "attribute 2 value(s)": C.SPEC,
            "attribute 3 value(s)": C.SPEC,
        },
    ),
    "square": (
        frozenset({"token", "item name", "variation name"}),
        {
            "item name": C.NAME,
            "variation name": C.SPEC,
            "sku": C.SKU,
            "gtin": C.BARCODE,
            "description": C.DESCRIPTION,
            "category": C.CATEGORY,
            "categories": C.CATEGORY,
            "reporting category": C.CATEGORY,
            "price": C.PRICE,
        },
    ),
}
_SQUARE_PLACES = ((re.compile(r"^current quantity\b"), C.STOCK),)

# A plain sheet, in Chinese or English, by the words that people put at the head of a column.
WORDS: dict[Column, tuple[str, ...]] = {
    C.NAME: (
        *(
            "商品名称",
            "商品名",
            "品名",
            "名称",
            "商品标题",
            "宝贝标题",
            "宝贝名称",
            "货品名称",
            "产品名称",
        ),
        *(
            "产品名",
            "商品",
            "标题",
            "菜品名称",
            "name",
            "product",
            "product name",
            "item",
            "item name",
            "title",
        ),
    ),
    C.SPEC: (
        *(
            "规格",
            "规格型号",
            "规格名称",
            "销售属性",
            "颜色",
            "颜色分类",
            "尺码",
            "尺寸",
            "型号",
            "款式",
            "口味",
        ),
        *("specification", "spec", "variant", "variation", "option", "size", "color", "colour"),
        *("颜色名称", "尺码名称", "商品规格", "sku规格", "sku名称"),
    ),
    C.SKU: (
        *(
            "货号",
            "编码",
            "商品编码",
            "商品编号",
            "商家编码",
            "商家编号",
            "规格编码",
            "sku编码",
            "sku",
            "款号",
        ),
        *(
            "编号",
            "产品编码",
            "货品编码",
            "商品货号",
            "item number",
            "item code",
            "code",
            "stock code",
        ),
    ),
    C.BARCODE: (
        *(
            "条码",
            "条形码",
            "商品条码",
            "商品条形码",
            "国际条码",
            "69码",
            "barcode",
            "ean",
            "upc",
            "gtin",
        ),
        *("sku条码", "规格条码"),
    ),
    C.PRICE: (
        *(
            "售价",
            "零售价",
            "价格",
            "销售价",
            "单价",
            "标准售价",
            "一口价",
            "现价",
            "商品价格",
            "统一零售价",
        ),
        *(
            "售价(元)",
            "价格(元)",
            "零售价(元)",
            "price",
            "retail price",
            "unit price",
            "selling price",
        ),
        *("销售价格", "sku价格", "规格价格", "门店价"),
    ),
    C.COMPARE_AT: (
        *(
            "原价",
            "划线价",
            "市场价",
            "吊牌价",
            "建议零售价",
            "原价(元)",
            "划线价(元)",
            "市场价(元)",
        ),
        *(
            "compare at price",
            "compare-at price",
            "list price",
            "msrp",
            "rrp",
            "was",
            "price before",
        ),
    ),
    C.STOCK: (
        *(
            "库存",
            "现存",
            "现库存",
            "库存数量",
            "库存量",
            "数量",
            "可用库存",
            "当前库存",
            "总库存",
            "结存数量",
        ),
        *(
            "sku库存",
            "规格库存",
            "门店库存",
            "结存",
            "stock",
            "quantity",
            "qty",
            "on hand",
            "in stock",
            "inventory",
        ),
        *("in stock now", "stock quantity", "现存量"),
    ),
    C.LOW_STOCK: (
        *(
            "库存预警",
            "预警库存",
            "库存下限",
            "最低库存",
            "安全库存",
            "low stock",
            "low stock from",
        ),
        *("low stock amount", "reorder point", "reorder level"),
    ),
    C.CATEGORY: (
        *(
            "分类",
            "商品分类",
            "类别",
            "品类",
            "类目",
            "商品类目",
            "分组",
            "商品分组",
            "店铺分类",
            "category",
        ),
        *("type", "group", "department", "categories"),
    ),
    C.DESCRIPTION: (
        "描述",
        "商品描述",
        "详情",
        "商品详情",
        "简介",
        "说明",
        "卖点",
        "description",
        "details",
    ),
    C.STATE: ("状态", "商品状态", "上下架", "上架状态", "是否上架", "销售状态", "state", "status"),
}
_BY_WORD = {fold(word): column for column, words in WORDS.items() for word in words}


def signature(headers: Iterable[str]) -> str:
    """The same for two sheets that have the same headers, however they are spaced or cased."""
    return "\x1f".join(fold(header) for header in headers)


def kind_of(headers: Sequence[str]) -> str:
    """A key of SHEETS, or "" for a plain sheet."""
    folded = {fold(header) for header in headers}
    return next((name for name, (known_by, _) in SHEETS.items() if known_by <= folded), "")


def guess(headers: Sequence[str]) -> dict[int, Column]:
    """{index of the column: what it holds}. A column that nobody can name is left out."""
    kind = kind_of(headers)
    found: dict[int, Column] = {}
    taken: set[Column] = set()
    for index, header in enumerate(headers):
        column = _meaning(fold(header), kind)
        if column and (column in SEVERAL or column not in taken):
            found[index] = column
            taken.add(column)
    return found


def _meaning(header: str, kind: str) -> Column | None:
    if kind:
        named = SHEETS[kind][1].get(header)
        if named is None and kind == "square":
            return next((column for like, column in _SQUARE_PLACES if like.match(header)), None)
        return named
    plain = header.strip("*＊ :：")  # templates mark what must be filled
    return _BY_WORD.get(plain) or _BY_WORD.get(re.sub(r"\s*[(（\[【].*", "", plain))


def lacking(columns: Iterable[Column]) -> list[Column]:
    """What no sheet can do without and this one has not."""
    there = set(columns)
    return [column for column in NEEDED if column not in there]


def is_heading(cells: Sequence[str]) -> bool:
    """Whether a row is the heading: at least two of its cells mean something."""
    return len(guess(cells)) >= 2
