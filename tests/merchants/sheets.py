"""Small sheets as other shop systems export them, after their public documentation."""

# ruff: noqa: E501
SHOPIFY = """Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Status
longjing,West Lake Longjing,<p>First <b>picking</b>&amp; more</p>,G,,Green tea,,TRUE,Size,50 g,LJ-50,12,68.00,88.00,6900001,https://x/1.jpg,active
longjing,,,,,,,,,250 g,LJ-250,3,299.00,,6900002,,
longjing,,,,,,,,,,,,,,,https://x/2.jpg,
cup,Glass cup,,G,,Ware,,TRUE,Title,Default Title,CUP,5,35.00,,,,draft
"""
WOO = """ID,Type,SKU,Name,Published,Stock,Regular price,Sale price,Categories,Parent,Attribute 1 name,Attribute 1 value(s)
11,variable,HOODIE,Hoodie,1,,,,"Clothing > Hoodies, New",,Colour,"Blue, Red"
12,variation,HOODIE-B,Hoodie - Blue,1,4,200,159,,id:11,Colour,Blue
13,variation,HOODIE-R,Hoodie - Red,1,2,200,,,HOODIE,Colour,Red
14,simple,CAP,Cap,0,9,50,,Clothing,,,
"""
SQUARE = """Token,Item Name,Variation Name,SKU,Description,Category,Price,Current Quantity Main Street,GTIN
AB1,Latte,Small,LAT-S,,Coffee,4.50,20,
AB1,Latte,Large,LAT-L,,Coffee,5.50,20,
AB2,Muffin,Regular,MUF,Baked here,Cakes,3.00,6,0123456789012
"""
