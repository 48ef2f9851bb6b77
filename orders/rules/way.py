"""Which ways to pay are offered in which browser. Pure.

WeChat refuses H5 payment inside its own browser and Alipay altogether. JSAPI needs her openid,
which WeChat tells a shop whose official account's secret we know; for others a code is shown there
to be scanned.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Browser(StrEnum):
    DESK = "desk"
    PHONE = "phone"
    WECHAT = "wechat"


@dataclass(frozen=True)
class Way:
    """One way to pay through one gateway."""

    gateway: str
    name: str
    browsers: frozenset[Browser]

    @property
    def key(self) -> str:
        return f"{self.gateway}:{self.name}"


_DESK, _PHONE, _WECHAT = (frozenset({one}) for one in Browser)
WAYS = (  # the first one that fits is chosen beforehand
    Way("wechatpay", "jsapi", _WECHAT),
    Way("wechatpay", "h5", _PHONE),
    Way("wechatpay", "native", _DESK | _WECHAT),
    Way("alipay", "wap", _PHONE),
    Way("alipay", "page", _DESK),
    Way("alipay", "precreate", _DESK | _WECHAT),
    Way("sandbox", "", _DESK | _PHONE | _WECHAT),
)


def browser_of(user_agent: str) -> Browser:
    if "MicroMessenger" in user_agent:
        return Browser.WECHAT
    return Browser.PHONE if "Mobile" in user_agent or "Android" in user_agent else Browser.DESK


def offered(gateways: Collection[str], browser: Browser, told: bool = False) -> list[Way]:
    """The ways of these gateways that work in this browser, the best first. `told`: WeChat tells
    the shop who she is."""
    return [
        way
        for way in WAYS
        if way.gateway in gateways and browser in way.browsers and (way.name != "jsapi" or told)
    ]


def way_named(key: str) -> Way | None:
    return next((way for way in WAYS if way.key == key), None)
