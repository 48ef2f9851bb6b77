"""Devices are told by names that people use."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from merchants.rules.browser import names_of
from merchants.templatetags.device import device_name

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
ANDROID = "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) "


@pytest.mark.parametrize(
    ("user_agent", "names"),
    [
        (IPHONE + "Gecko) Version/17.4 Mobile/15E148 Safari/604.1", ("Safari", "iPhone")),
        (IPHONE + "Gecko) Mobile/15E148 MicroMessenger/8.0.49", ("WeChat", "iPhone")),
        (IPHONE + "Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1", ("Chrome", "iPhone")),
        (ANDROID + "Chrome/126.0 Mobile Safari/537.36", ("Chrome", "Android")),
        (ANDROID + "Chrome/116.0 MicroMessenger/8.0.49", ("WeChat", "Android")),
        (MAC + "Chrome/126.0 Safari/537.36 Edg/126.0", ("Edge", "Mac")),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko Firefox/127.0", ("Firefox", "Linux")),
        ("curl/8.5", ("", "")),
        ("", ("", "")),
    ],
)
def test_it_knows_what_people_use(user_agent, names):
    assert names_of(user_agent) == names


def test_it_is_said_as_people_say_it():
    with override("en"):
        assert device_name(ANDROID + "MicroMessenger/8.0.49") == "WeChat · Android"
        assert device_name("curl/8.5 of somebody") == "Another program"


@pytest.mark.parametrize(
    ("sign", "said"),
    [
        ("MicroMessenger/8.0.49", "微信 · Android"),
        ("DingTalk/7.0", "钉钉 · Android"),
        ("HuaweiBrowser/14.0", "华为浏览器 · Android"),
        ("MiuiBrowser/18.0", "小米浏览器 · Android"),
        ("SamsungBrowser/25.0", "三星浏览器 · Android"),
        ("MQQBrowser/14.0", "QQ 浏览器 · Android"),
        ("UCBrowser/15.0", "UC 浏览器 · Android"),
        ("Firefox/127.0", "Firefox · Android"),
    ],
)
def test_every_name_that_is_another_in_chinese_is_said_in_it(sign, said):
    with override("zh-hans"):
        assert device_name(ANDROID + sign) == said


def test_a_system_has_its_chinese_name_too():
    with override("zh-hans"):
        assert device_name("Mozilla/5.0 (Phone; OpenHarmony 5.0) Chrome/126.0") == "Chrome · 鸿蒙"
