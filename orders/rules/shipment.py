"""Carriers by the names that people give them, and what a tracking number looks like. Pure."""

from __future__ import annotations

import re
import unicodedata

# The first name is the one by which it is known in China; see CARRIER_LABELS for the reader's.
CARRIERS: dict[str, tuple[str, ...]] = {
    "sf": ("顺丰速运", "顺丰快递", "顺丰", "sf express", "sf", "shunfeng"),
    "yto": ("圆通速递", "圆通快递", "圆通", "yto express", "yto", "yuantong"),
    "zto": ("中通快递", "中通速递", "中通", "zto express", "zto", "zhongtong"),
    "sto": ("申通快递", "申通速递", "申通", "sto express", "sto", "shentong"),
    "yunda": ("韵达快递", "韵达速递", "韵达", "yunda express", "yunda"),
    "jt": ("极兔速递", "极兔快递", "极兔", "j&t express", "j&t", "jt", "jitu"),
    "jd": ("京东物流", "京东快递", "京东", "jd logistics", "jd", "jingdong"),
    "ems": ("EMS", "邮政EMS", "中国邮政EMS", "邮政特快专递", "特快专递"),
    "post": ("中国邮政", "邮政快递包裹", "邮政包裹", "邮政", "china post"),
    "deppon": ("德邦快递", "德邦物流", "德邦", "deppon express", "deppon", "debang"),
}
TRACKING = re.compile(r"[A-Za-z0-9-]{6,32}")


def is_tracking_number(text: str) -> bool:
    """6–32 letters, digits, hyphens."""
    return TRACKING.fullmatch(text) is not None


def carrier_of(name: str) -> str:
    """The key of the carrier with this name, Chinese or English; empty if we know none."""
    return _BY_NAME.get(_plain(name), "")


def _plain(name: str) -> str:
    """As people write it: full-width or not, with or without spaces, `公司` at its end or not."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = "".join(letter for letter in text if letter.isalnum())
    for end in ("有限公司", "公司"):
        text = text.removesuffix(end)
    return text


_BY_NAME = {_plain(name): key for key, names in CARRIERS.items() for name in (key, *names)}
