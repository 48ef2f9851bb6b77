"""The goods of a shop as a table that comes back in unchanged."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from merchants.models import Merchant, Product, Stock, Store, Variant
from merchants.models.importing import COLUMN_LABELS
from merchants.rules import money
from merchants.rules.column import OPTIONS, VALUES, Column
from merchants.rules.line import visible
from merchants.rules.product import ProductState
from merchants.services.sheet import write_csv

COLUMNS = (
    *(Column.NAME, Column.SPEC, Column.SKU, Column.BARCODE, Column.PRICE, Column.COMPARE_AT),
    *(Column.STOCK, Column.LOW_STOCK, Column.SHELF_PLACE, Column.WEIGHT, Column.CATEGORY),
    Column.STATE,
    *(column for pair in zip(OPTIONS, VALUES, strict=True) for column in pair),
    Column.DESCRIPTION,
)
NUMBERS = {Column.PRICE, Column.COMPARE_AT, Column.STOCK, Column.LOW_STOCK, Column.WEIGHT}


def goods_table(merchant: Merchant, store: Store | None) -> Iterator[list[str]]:
    """A heading, then a row for every variant; stock is what lies in `store`."""
    yield [_heading(column) for column in COLUMNS]
    here = Stock.objects.filter(store=store)
    products = merchant.products.exclude(state=ProductState.ARCHIVED).select_related("category")
    products = products.prefetch_related(Prefetch("variants__stock", queryset=here, to_attr="here"))
    for product in products.order_by("pk").iterator(chunk_size=500):
        for variant in product.variants.all():
            yield _row(merchant, product, variant)


def _heading(column: Column) -> str:
    return _("Weight (g)") if column is Column.WEIGHT else str(COLUMN_LABELS[column])


def _row(merchant: Merchant, product: Product, variant: Variant) -> list[str]:
    stock: list[Stock] = getattr(variant, "here", [])
    compare_at = variant.compare_at
    return [
        product.name,
        variant.name,
        variant.sku,
        variant.barcode,
        money.plain(variant.price, merchant.currency),
        money.plain(compare_at, merchant.currency) if compare_at else "",
        str(sum(place.on_hand for place in stock)),
        str(variant.low_stock),
        variant.shelf_place,
        str(variant.weight or ""),
        product.category.name if product.category else "",
        _("on sale") if product.state == ProductState.ON_SALE else _("draft"),
        *_options(product, variant),
        product.description,
    ]


def _options(product: Product, variant: Variant) -> list[str]:
    """Name and value of each option, the rest of their columns empty."""
    found: list[str] = []
    if len(product.options) == len(variant.options):
        for (name, _values), value in zip(product.options, variant.options, strict=True):
            found += [name, value]
    return [*found, *[""] * (2 * len(OPTIONS) - len(found))]


def goods_csv(merchant: Merchant, store: Store | None) -> Iterator[str]:
    return write_csv(goods_table(merchant, store))


def goods_xlsx(merchant: Merchant, store: Store | None) -> bytes:
    """Texts are written as texts, so that nothing in them runs as a formula."""
    from openpyxl import Workbook  # a third of a second that no start should wait for
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    page = book.create_sheet(_("Goods"))
    for number, cells in enumerate(goods_table(merchant, store)):
        written = []
        for column, text in zip(COLUMNS, cells, strict=True):
            cell = WriteOnlyCell(page, value=visible(text))
            if number and column in NUMBERS and text:
                cell.value = Decimal(text)
            else:
                cell.data_type = "s"
            written.append(cell)
        page.append(written)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
