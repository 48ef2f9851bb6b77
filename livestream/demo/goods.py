"""What Guifang sells. Prices in yuan."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Good:
    """`specs` are (specification, price, price before or 0); stock is (first store, second store)."""

    picture: str
    name: str
    category: str
    specs: tuple[tuple[str, int, int], ...]
    stock: tuple[int, int]
    text: str


TEA, WARE, GIFT = "茶叶", "茶具", "茶点礼盒"
GOODS = (
    Good(
        "longjing",
        "明前龙井 一级",
        TEA,
        (("100g 罐装", 168, 0), ("250g 罐装", 388, 0)),
        (14, 10),
        "杭州龙坞，三月下旬采。豆香清，第三泡还有甜。",
    ),
    Good(
        "keemun",
        "祁门红茶 特级",
        TEA,
        (("100g 罐装", 98, 0), ("200g 罐装", 178, 0)),
        (40, 22),
        "安徽祁门，蜜糖香。早上加奶也好喝。",
    ),
    Good(
        "maofeng",
        "黄山毛峰 雨前",
        TEA,
        (("100g 袋装", 76, 0),),
        (3, 2),
        "雨前采的，嫩，用八十五度的水。",
    ),
    Good("gaiwan", "青花盖碗 150ml", WARE, (("", 69, 0),), (20, 13), "手绘青花，口沿薄，不烫手。"),
    Good("jasmine", "茉莉龙珠 120g", TEA, (("", 88, 0),), (25, 16), "七窨的茉莉，一颗一颗手搓。"),
    Good(
        "cookies",
        "手工茶点礼盒",
        GIFT,
        (("6 枚", 58, 0), ("12 枚", 108, 0)),
        (5, 4),
        "绿豆、桂花、抹茶三样，当天做当天发。",
    ),
    Good(
        "dancong",
        "凤凰单丛 蜜兰香",
        TEA,
        (("50g", 128, 0), ("100g", 238, 0)),
        (10, 8),
        "潮州乌岽山，蜜香里带兰花香。",
    ),
    Good(
        "teapot", "紫砂壶 西施", WARE, (("", 368, 0),), (4, 2), "原矿紫泥，容量 180 毫升，出水顺。"
    ),
    Good(
        "mandarin", "小青柑 普洱", TEA, (("10 颗", 49, 0),), (2, 1), "新会青柑，熟普。一颗泡一天。"
    ),
    Good(
        "tray", "竹茶盘 中号", WARE, (("", 158, 0),), (8, 4), "老竹，38 × 26 厘米，排水管一起送。"
    ),
    Good("cup", "耐热玻璃杯", WARE, (("300ml", 29, 0),), (60, 28), "高硼硅，看得见叶子慢慢张开。"),
    Good("osmanthus", "桂花乌龙", TEA, (("100g", 59, 0),), (0, 0), "秋天的桂花，卖完等明年。"),
    Good(
        "travel",
        "旅行茶具 一壶二杯",
        WARE,
        (("", 129, 159),),
        (11, 6),
        "硬壳包，出差、爬山都带得走。",
    ),
    Good(
        "chrysanthemum",
        "杭白菊 胎菊",
        TEA,
        (("80g", 46, 0),),
        (30, 20),
        "没开的花苞，泡开一杯都是香的。",
    ),
    Good("giftbox", "二十四节气 礼盒", GIFT, (("", 298, 0),), (12, 6), "四样茶，送长辈最稳妥。"),
    Good("ginger", "红糖姜茶", GIFT, (("10 块", 39, 0),), (26, 18), "小火熬的，淋了雨喝一块。"),
    Good("kettle", "提梁煮水壶 1L", WARE, (("", 218, 0),), (7, 5), "底厚，水开得稳。"),
    Good("puer", "熟普 老茶砖", TEA, (("250g", 138, 0),), (15, 9), "2016 年的料，汤红，不伤胃。"),
    Good("rose", "平阴玫瑰", TEA, (("50g", 42, 0),), (22, 14), "山东平阴，重瓣，泡出来是粉的。"),
    Good("scoop", "竹茶则", WARE, (("", 18, 0),), (45, 30), "一则正好三克。"),
    Good("strainer", "银网茶漏", WARE, (("", 26, 0),), (33, 21), "网眼细，碎叶不进杯。"),
    Good(
        "thermos", "闷泡保温壶", WARE, (("450ml", 119, 0),), (16, 10), "闷老白茶最好，六小时还烫。"
    ),
    Good("towel", "茶巾 两条", WARE, (("", 15, 0),), (50, 40), "棉麻的，吸水。"),
    Good(
        "whitetea", "福鼎白茶饼", TEA, (("300g", 188, 0),), (9, 7), "寿眉，放了四年，枣香出来了。"
    ),
)
ON_THE_SHELF = (
    "longjing",
    "keemun",
    "maofeng",
    "gaiwan",
    "jasmine",
    "cookies",
    "dancong",
    "teapot",
    "mandarin",
    "tray",
    "cup",
    "osmanthus",
)
LIVE_PRICES = {"longjing": 138, "keemun": 88, "jasmine": 79}
NOTES = {
    "longjing": "三月二十二号上午采\n豆香；八十度的水\n有人问农残，把检测单举起来",
    "keemun": "先闻干茶再冲；加奶也行。",
    "gaiwan": "口沿薄，演示一次怎么拿不烫手。",
}
OBJECTIONS = {
    "longjing": "比超市贵\n一罐泡四十杯，一杯三块多；超市的多是去年的。",
    "keemun": "喝了睡不着\n上午喝；晚上推荐茉莉。",
}
MINUTES = {"longjing": 5, "keemun": 4, "maofeng": 4, "gaiwan": 6, "jasmine": 4}
