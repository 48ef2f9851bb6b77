"""What the columns of a goods sheet mean: guessed from their headers. Pure.

The headers come from the public documentation of the products named in `SHEETS`: Shopify ("Using
CSV files to import and export products"), WooCommerce ("Product CSV Import Schema"), Square
("Import and export an item library"), and from what Chinese tills and shop systems write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from merchants.rules.column import SEVERAL, VALUES, Column
from merchants.rules.search import fold

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
            "variant sku": C.SKU,
            "variant barcode": C.BARCODE,
            "variant price": C.PRICE,
            "variant compare at price": C.COMPARE_AT,
            "variant inventory qty": C.STOCK,
            "variant grams": C.WEIGHT,  # always grams: "Variant Weight Unit" is how it is shown
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
            "sku": C.SKU,
            "barcode": C.BARCODE,
            "price": C.PRICE,
            "compare-at price": C.COMPARE_AT,
            "inventory quantity": C.STOCK,
            "weight value (grams)": C.WEIGHT,
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
# Headers with something of the shop's own in them: its unit of weight, the name of a place.
_LIKE: dict[str, tuple[tuple[re.Pattern[str], Column], ...]] = {
    "woocommerce": ((re.compile(r"^weight \(\w+\)$"), C.WEIGHT),),
    "square": (
        (re.compile(r"^current quantity\b"), C.STOCK),
        (re.compile(r"^weight \(\w+\)$"), C.WEIGHT),
    ),
}

# `Option1 Name`, `Option Value 2`, `Attribute 3 value(s)`, `规格1名`, `规格值2`, `选项 3 名称`
_NUMBERED = re.compile(
    r"(?:option|attribute|规格|选项)\s*(?P<before>name|value|名称|名|项|值)?\s*(?P<number>[1-3])"
    r"\s*(?P<after>name|value(?:\(s\))?|名称|名|项|值)?"
)
_NAMES = ("name", "名称", "名", "项")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


# A plain sheet, in Chinese or English, by the words that people put at the head of a column.
WORDS: dict[Column, tuple[str, ...]] = {
    C.NAME: (
        *_words("商品名称|商品名|品名|名称|商品标题|宝贝标题|宝贝名称|货品名称|产品名称|产品名"),
        *_words("商品|标题|货名|货品|品种|菜品名称|name|product|product name|item|item name|title"),
    ),
    C.SPEC: (
        *_words("规格|规格型号|规格名称|销售属性|型号|商品规格|sku规格|sku名称"),
        *_words("specification|spec|variant|variation|option"),
    ),
    C.VALUE_1: (  # or 2 or 3: an option that is called what stands above it
        *_words("颜色|颜色分类|颜色名称|花色|色号|尺码|尺码名称|尺寸|款式|口味"),
        *_words("size|color|colour|flavor|flavour"),
    ),
    C.SKU: (
        *_words("货号|编码|商品编码|商品编号|商家编码|商家编号|规格编码|sku编码|sku|款号|编号"),
        *_words("产品编码|货品编码|商品货号|item number|item code|code|stock code"),
    ),
    C.BARCODE: (
        *_words("条码|条形码|商品条码|商品条形码|国际条码|69码|sku条码|规格条码"),
        *_words("barcode|ean|upc|gtin"),
    ),
    C.PRICE: (
        *_words("售价|零售价|价格|销售价|单价|标准售价|一口价|现价|商品价格|统一零售价"),
        *_words("售价(元)|价格(元)|零售价(元)|销售价格|sku价格|规格价格|门店价"),
        *_words("price|retail price|unit price|selling price"),
    ),
    C.COMPARE_AT: (
        *_words("原价|划线价|市场价|吊牌价|建议零售价|原价(元)|划线价(元)|市场价(元)"),
        *_words("compare at price|compare-at price|list price|msrp|rrp|was|price before"),
    ),
    C.STOCK: (
        *_words("库存|现存|现库存|库存数量|库存量|数量|可用库存|当前库存|总库存|结存数量"),
        *_words("sku库存|规格库存|门店库存|结存|现存量|存货|剩余|剩余数量|余量"),
        *_words("stock|quantity|qty|on hand|in stock|inventory|in stock now|stock quantity"),
    ),
    C.LOW_STOCK: (
        *_words("库存预警|预警库存|预警|预警值|预警数量|库存下限|最低库存|最低库存量|安全库存"),
        *_words("low stock|low stock from|low stock amount|reorder point|reorder level"),
    ),
    C.SHELF_PLACE: (
        *_words(
            "架位|货位|货架|库位|仓位|储位|货架号|货位号|库位号|架位号|货架位置|货位编码|库位编码"
        ),
        *_words("shelf place|shelf|shelf location|bin|bin location|bin number"),
    ),
    C.WEIGHT: (
        *_words("重量|净重|毛重|商品重量|单件重量|物流重量|规格重量|sku重量|包装重量"),
        *_words("weight|net weight|gross weight|item weight|shipping weight|grams"),
    ),
    C.WEIGHT_UNIT: _words("重量单位|weight unit|unit of weight"),
    C.CATEGORY: (
        *_words("分类|商品分类|类别|品类|类目|商品类目|分组|商品分组|店铺分类"),
        *_words("category|type|group|department|categories"),
    ),
    C.DESCRIPTION: (*_words("描述|商品描述|详情|商品详情|简介|说明|卖点|description|details"),),
    C.STATE: _words("状态|商品状态|上下架|上架状态|是否上架|销售状态|state|status"),
}
_BY_WORD = {fold(word): column for column, words in WORDS.items() for word in words}
_UNIT = re.compile(
    r"(?<![a-z])(kilograms?|kgs?|grams?|g|pounds?|lbs?|ounces?|oz)(?![a-z])|千克|公斤|克|斤|两"
)


def kind_of(headers: Sequence[str]) -> str:
    """A key of SHEETS, or "" for a plain sheet."""
    folded = {fold(header) for header in headers}
    return next((name for name, (known_by, _) in SHEETS.items() if known_by <= folded), "")


def guess(headers: Sequence[str]) -> dict[int, Column]:
    """{index of the column: what it holds}. A column that nobody can name is left out."""
    kind = kind_of(headers)
    meanings = [_meaning(fold(header), kind) for header in headers]
    found: dict[int, Column] = {}
    taken = {one for one, header in zip(meanings, headers, strict=True) if _numbered(fold(header))}
    for index, (column, header) in enumerate(zip(meanings, headers, strict=True)):
        if column is C.VALUE_1 and not _numbered(fold(header)):
            column = next((value for value in VALUES if value not in taken), C.SPEC)
        elif column in found.values() and column not in SEVERAL:
            continue
        if column:
            found[index] = column
            taken.add(column)
    return found


def _meaning(header: str, kind: str) -> Column | None:
    if numbered := _numbered(header):
        return numbered
    if kind:
        like = _LIKE.get(kind, ())
        named = SHEETS[kind][1].get(header)
        return named or next((column for way, column in like if way.match(header)), None)
    plain = _plain(header)
    return _BY_WORD.get(plain) or _BY_WORD.get(_bare(plain))


def _numbered(header: str) -> Column | None:
    """`Option1 Name` and the like; a number alone is a value."""
    found = _NUMBERED.fullmatch(_plain(header))
    if found is None:
        return None
    named = (found["before"] or found["after"] or "") in _NAMES
    return Column(f"{'option' if named else 'value'}_{found['number']}")


def _plain(header: str) -> str:
    return header.strip("*＊ :：")  # templates mark what must be filled


def _bare(header: str) -> str:
    """Without what is said in brackets."""
    return re.sub(r"\s*[(（\[【].*", "", header)


def hints_of(headers: Sequence[str], columns: Mapping[int, Column]) -> dict[Column, str]:
    """What the headers say beyond what their columns hold: the unit of a weight, and what an
    option is called that has no column for its name."""
    hints: dict[Column, str] = {}
    for at, column in columns.items():
        header = headers[at] if at < len(headers) else ""
        if column is C.WEIGHT and (unit := _UNIT.search(fold(header))):
            hints[column] = unit[0]
        elif column in VALUES and not _numbered(fold(header)):
            hints[column] = re.sub("名称$", "", _bare(_plain(" ".join(header.split()))))
    return hints


def is_heading(cells: Sequence[str]) -> bool:
    """Whether a row is the heading: at least two of its cells mean something."""
    return len(guess(cells)) >= 2
