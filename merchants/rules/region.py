"""Where in the world something is sent. Pure.

A region is a province of China (ISO 3166-2, as revised on 23 November 2017) or another country
(ISO 3166-1 alpha-2).
"""

from __future__ import annotations

from collections.abc import Mapping

from babel import Locale
from pypinyin import lazy_pinyin

PROVINCES: Mapping[str, tuple[str, str]] = {
    "CN-BJ": ("北京", "Beijing"),
    "CN-TJ": ("天津", "Tianjin"),
    "CN-HE": ("河北", "Hebei"),
    "CN-SX": ("山西", "Shanxi"),
    "CN-NM": ("内蒙古", "Inner Mongolia"),
    "CN-LN": ("辽宁", "Liaoning"),
    "CN-JL": ("吉林", "Jilin"),
    "CN-HL": ("黑龙江", "Heilongjiang"),
    "CN-SH": ("上海", "Shanghai"),
    "CN-JS": ("江苏", "Jiangsu"),
    "CN-ZJ": ("浙江", "Zhejiang"),
    "CN-AH": ("安徽", "Anhui"),
    "CN-FJ": ("福建", "Fujian"),
    "CN-JX": ("江西", "Jiangxi"),
    "CN-SD": ("山东", "Shandong"),
    "CN-HA": ("河南", "Henan"),
    "CN-HB": ("湖北", "Hubei"),
    "CN-HN": ("湖南", "Hunan"),
    "CN-GD": ("广东", "Guangdong"),
    "CN-GX": ("广西", "Guangxi"),
    "CN-HI": ("海南", "Hainan"),
    "CN-CQ": ("重庆", "Chongqing"),
    "CN-SC": ("四川", "Sichuan"),
    "CN-GZ": ("贵州", "Guizhou"),
    "CN-YN": ("云南", "Yunnan"),
    "CN-XZ": ("西藏", "Tibet"),
    "CN-SN": ("陕西", "Shaanxi"),
    "CN-GS": ("甘肃", "Gansu"),
    "CN-QH": ("青海", "Qinghai"),
    "CN-NX": ("宁夏", "Ningxia"),
    "CN-XJ": ("新疆", "Xinjiang"),
    "CN-HK": ("香港", "Hong Kong"),
    "CN-MO": ("澳门", "Macao"),
    "CN-TW": ("台湾", "Taiwan"),
}
# Cities of their own: what stands as city there is the province again.
CITY_PROVINCES = {"CN-BJ", "CN-TJ", "CN-SH", "CN-CQ", "CN-HK", "CN-MO"}
HOME = "CN"
_NOT_COUNTRIES = {"CN", "HK", "MO", "TW", "EU", "EZ", "UN", "XA", "XB", "QO", "ZZ"}


def is_chinese(region: str) -> bool:
    return region in PROVINCES


def countries(language: str) -> dict[str, str]:
    """{ISO code: name in this language} of every other country, sorted by name."""
    names = Locale.parse(language.replace("-", "_")).territories
    found = {
        code: str(name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    }
    return dict(sorted(found.items(), key=lambda pair: _spelt(pair[1])))


def _spelt(name: str) -> str:
    """How it is sorted: Chinese names by their sound."""
    return "".join(lazy_pinyin(name)).casefold()


def region_name(region: str, language: str) -> str:
    """What a region is called in this language; a code that nobody knows is shown as it is."""
    if region in PROVINCES:
        return PROVINCES[region][0 if language.startswith("zh") else 1]
    names = Locale.parse(language.replace("-", "_")).territories
    return str(names.get(region, region))


def regions_of(country: str) -> list[str]:
    """The regions of a shop's own country."""
    return list(PROVINCES) if country == HOME else [country]


def written_address(
    *, region: str, city: str, district: str, street: str, postcode: str = ""
) -> str:
    """An address in the order of its country: large to small in China, small to large elsewhere.

    Without a region (an address of one line) it is the street as it was typed.
    """
    if not region:
        return street
    if is_chinese(region):
        own = "" if region in CITY_PROVINCES and city in {"", PROVINCES[region][0]} else city
        parts = [PROVINCES[region][0], own, district, street, postcode]
        return " ".join(part for part in parts if part)
    town = " ".join(part for part in (city, district, postcode) if part)
    country = region_name(region, "en")
    return ", ".join(part for part in (street, town, country) if part)
