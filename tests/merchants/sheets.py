"""Small sheets as other shop systems export them, after their public documentation.

Headers are written out in full and in their order, rows as their pages describe them:
Shopify, "Using CSV files to import and export products" (the columns until 2024, and those since);
WooCommerce, "Product CSV Import Schema" (the unit of weight is the shop's own);
Square, "Import items online", the template of the item library with item options;
a Chinese till, as they export goods: 规格1名/规格1值, or a column each for 颜色 and 尺码.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from merchants.models import Import


def sheet(header: str, rows: Iterable[dict[str, str]]) -> str:
    """A CSV with these headers (cut by `|`), each row as {header: cell}."""
    names = header.split("|")
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


_SHOPIFY = (
    "Handle|Title|Body (HTML)|Vendor|Product Category|Type|Tags|Published"
    "|Option1 Name|Option1 Value|Option1 Linked To|Option2 Name|Option2 Value|Option2 Linked To"
    "|Option3 Name|Option3 Value|Option3 Linked To|Variant SKU|Variant Grams"
    "|Variant Inventory Tracker|Variant Inventory Qty|Variant Inventory Policy"
    "|Variant Fulfillment Service|Variant Price|Variant Compare At Price"
    "|Variant Requires Shipping|Variant Taxable|Variant Barcode|Image Src|Image Position"
    "|Image Alt Text|Gift Card|SEO Title|SEO Description|Variant Image|Variant Weight Unit"
    "|Variant Tax Code|Cost per item|Status"
)


def _tea(size: str, sku: str, grams: str, price: str, more: dict[str, str]) -> dict[str, str]:
    return {
        "Handle": "longjing",
        "Option1 Value": size,
        "Variant SKU": sku,
        "Variant Grams": grams,
        "Variant Weight Unit": "kg",  # how Shopify shows it; the grams are grams
        "Variant Price": price,
        **more,
    }


SHOPIFY = sheet(
    _SHOPIFY,
    [
        _tea(
            "50 g", "LJ-50", "60.0", "68.00",
            {
                "Title": "West Lake Longjing",
                "Body (HTML)": "<p>First <b>picking</b>&amp; more</p>",
                "Vendor": "G",
                "Type": "Green tea",
                "Published": "true",
                "Option1 Name": "Size",
                "Variant Inventory Qty": "12",
                "Variant Compare At Price": "88.00",
                "Variant Barcode": "'6900001",
                "Image Src": "https://x/1.jpg",
                "Status": "active",
            },
        ),
        _tea(
            "250 g", "LJ-250", "285.5", "299.00",
            {"Variant Inventory Qty": "3", "Variant Barcode": "6900002"},
        ),
        {"Handle": "longjing", "Image Src": "https://x/2.jpg", "Image Position": "2"},
        {
            "Handle": "cup",
            "Title": "Glass cup",
            "Type": "Ware",
            "Published": "true",
            "Option1 Name": "Title",
            "Option1 Value": "Default Title",
            "Variant SKU": "CUP",
            "Variant Grams": "0.0",
            "Variant Inventory Qty": "5",
            "Variant Price": "35.00",
            "Variant Weight Unit": "kg",
            "Status": "draft",
        },
    ],
)  # fmt: skip

_SHOPIFY_2025 = (
    "Title|URL handle|Description|Vendor|Product category|Type|Tags|Published on online store"
    "|Status|SKU|Barcode|Option1 name|Option1 value|Option1 Linked To|Option2 name|Option2 value"
    "|Option2 Linked To|Option3 name|Option3 value|Option3 Linked To|Price|Compare-at price"
    "|Cost per item|Charge tax|Tax code|Inventory tracker|Inventory quantity"
    "|Continue selling when out of stock|Weight value (grams)|Weight unit for display"
    "|Requires shipping|Fulfillment service|Product image URL|Image position|Image alt text"
    "|Variant image URL|Gift card|SEO title|SEO description"
)


def _tee(colour: str, size: str, first: dict[str, str]) -> dict[str, str]:
    return {
        "URL handle": "tee",
        "SKU": f"TEE-{colour[0]}{size}",
        "Option1 value": colour,
        "Option2 value": size,
        "Price": "99.00",
        "Inventory quantity": "4",
        "Weight value (grams)": "180",
        "Weight unit for display": "lb",
        **first,
    }


SHOPIFY_2025 = sheet(
    _SHOPIFY_2025,
    [
        _tee(
            "Red", "M",
            {
                "Title": "Cotton tee",
                "Status": "Active",
                "Option1 name": "Colour",
                "Option2 name": "Size",
            },
        ),
        _tee("Red", "L", {}),
        _tee("Blue", "M", {"Weight value (grams)": "190"}),
    ],
)  # fmt: skip

_WOO = (
    "ID|Type|SKU|GTIN, UPC, EAN, or ISBN|Name|Published|Is featured?|Visibility in catalog"
    "|Short description|Description|Date sale price starts|Date sale price ends|Tax status"
    "|Tax class|In stock?|Stock|Low stock amount|Backorders allowed?|Sold individually?"
    "|Weight ({unit})|Length (cm)|Width (cm)|Height (cm)|Allow customer reviews?|Purchase note"
    "|Sale price|Regular price|Categories|Tags|Shipping class|Images|Download limit"
    "|Download expiry days|Parent|Grouped products|Upsells|Cross-sells|External URL|Button text"
    "|Position|Attribute 1 name|Attribute 1 value(s)|Attribute 1 visible|Attribute 1 global"
    "|Attribute 2 name|Attribute 2 value(s)|Attribute 2 visible|Attribute 2 global"
)


def woo(unit: str = "kg") -> str:
    weight = f"Weight ({unit})"
    blue = {"Attribute 1 name": "Colour", "Attribute 1 value(s)": "Blue", "Regular price": "200"}
    return sheet(
        _WOO.format(unit=unit),
        [
            {
                "ID": "11",
                "Type": "variable",
                "SKU": "HOODIE",
                "Name": "Hoodie",
                "Published": "1",
                weight: "0.6",
                "Categories": "Clothing > Hoodies, New",
                "Attribute 1 name": "Colour",
                "Attribute 1 value(s)": "Blue, Red",
                "Attribute 2 name": "Fabric",
                "Attribute 2 value(s)": "Cotton",
            },
            {
                "ID": "12",
                "Type": "variation",
                "SKU": "HOODIE-B",
                "Name": "Hoodie - Blue",
                "Published": "1",
                "Stock": "4",
                "Sale price": "159",
                "Parent": "id:11",
                **blue,
            },
            {
                "ID": "13",
                "Type": "variation",
                "SKU": "HOODIE-R",
                "Name": "Hoodie - Red",
                "Published": "1",
                "Stock": "2",
                weight: "0.65",
                "Parent": "HOODIE",
                **(blue | {"Attribute 1 value(s)": "Red"}),
            },
            {
                "ID": "14",
                "Type": "simple",
                "SKU": "CAP",
                "Name": "Cap",
                "Published": "0",
                "Stock": "9",
                "Regular price": "50",
                "Categories": "Clothing",
                "Attribute 1 name": "Fabric",
                "Attribute 1 value(s)": "Wool, Cotton",
            },
        ],
    )


WOO = woo()

_SQUARE = (
    "Token|Item Name|Customer-facing Name|Variation Name|SKU|Description|Categories"
    "|Reporting Category|SEO Title|SEO Description|Permalink|GTIN|Square Online Item Visibility"
    "|Item Type|Weight (lb)|Social Media Link Title|Social Media Link Description"
    "|Shipping Enabled|Self-serve Ordering Enabled|Delivery Enabled|Pickup Enabled|Price"
    "|Online Sale Price|Archived|Sellable|Contains Alcohol|Stockable"
    "|Skip Detail Screen in POS|Option Name 1|Option Value 1|Option Name 2|Option Value 2"
    "|Current Quantity Main Street|New Quantity Main Street|Stock Alert Enabled Main Street"
    "|Stock Alert Count Main Street|Tax - Sales tax (7%)"
)


def _latte(size: str, milk: str, sku: str, price: str) -> dict[str, str]:
    return {
        "Token": "AB1",
        "Item Name": "Latte",
        "Variation Name": f"{size}, {milk}",
        "SKU": sku,
        "Categories": "Coffee",
        "Price": price,
        "Option Name 1": "Size",
        "Option Value 1": size,
        "Option Name 2": "Milk",
        "Option Value 2": milk,
        "Current Quantity Main Street": "20",
    }


SQUARE = sheet(
    _SQUARE,
    [
        _latte("Small", "Whole", "LAT-S", "4.50"),
        _latte("Large", "Oat", "LAT-L", "5.50"),
        {
            "Token": "AB2",
            "Item Name": "Muffin",
            "Variation Name": "Regular",
            "SKU": "MUF",
            "Description": "Baked here",
            "Categories": "Cakes",
            "GTIN": "0123456789012",
            "Weight (lb)": "0.25",
            "Price": "3.00",
            "Current Quantity Main Street": "6",
        },
    ],
)

# A till of clothes: a column for each choice.
TILL = """商品名称,货号,条码,颜色,尺码,零售价,库存,净重(g)
棉麻衬衫,CS-RM,6950001,红,M,129,3,220
棉麻衬衫,CS-RL,6950002,红,L,129,2,240
棉麻衬衫,CS-BM,6950003,蓝,M,129,5,220
丝巾,SJ-1,6950004,,,59,8,45.6
"""
# A shop system: the name of each specification stands beside its value.
SHOP = """商品名称*,商品分类,规格1名,规格1值,规格2名,规格2值,规格编码,价格(元),库存,重量(kg)
明前龙井,茶叶,包装,罐装,净含量,50克,LJ-G50,68.00,10,0.12
明前龙井,茶叶,,罐装,,100克,LJ-G100,128.00,6,0.2
明前龙井,茶叶,,袋装,,100克,LJ-D100,118.00,9,0.11
玻璃杯,茶具,,,,,BLB,35.00,4,
"""
# As plain as they come.
PLAIN = """品名,编码,分类,零售价,现存
白毫银针,BH-50,茶叶,180,12
正山小种,ZS-125,茶叶,92.00,7
玻璃公道杯,,茶具,35,26
"""


def codes(batch: Import, number: int) -> set[str]:
    """`column.code` of everything that is wrong with a row."""
    return {f"{p[0]}.{p[1]}" for p in batch.rows.get(number=number).problems}
