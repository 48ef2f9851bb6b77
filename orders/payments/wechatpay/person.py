"""Who pays within WeChat: her openid at the shop's official account.

By the page authorisation of official accounts with the scope `snsapi_base`, which asks her nothing:
WeChat's page leads straight back with a code, and the code is turned in for the openid, once.
https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from orders.payments.gateway import GatewayTrouble, Refused
from orders.payments.wechatpay.line import Account
from orders.payments.wire import call

OPENID = re.compile(r"[0-9A-Za-z_-]{6,128}", re.ASCII)
CODE = re.compile(r"[0-9A-Za-z_-]{1,128}", re.ASCII)
NO_CODE, INVALID_CODE = "check", "40029 "


def asking(account: Account, *, back: str, state: str) -> str:
    """The address at WeChat that leads to `back` with a code and this state."""
    query = {
        "appid": account.appid,
        "redirect_uri": back,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
    }  # in this order: WeChat compares it as a text
    return f"{settings.WECHAT_OPEN_URL}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"


def openid_by(account: Account, code: str) -> str:
    """Her openid for a code. Raises Refused if WeChat knows no such code, or GatewayTrouble."""
    if not CODE.fullmatch(code):
        raise Refused("this is no code")
    query = {
        "appid": account.appid,
        "secret": account.app_secret,
        "code": code,
        "grant_type": "authorization_code",
    }
    url = f"{settings.WECHAT_API_URL}/sns/oauth2/access_token?{urlencode(query)}"
    answer = call("GET", url, None, {"Accept": "application/json", "User-Agent": "guitai"})
    said = _read(answer.status, answer.body)
    if said.get("errcode"):  # its refusals are 200 as well
        raise Refused(f"{said['errcode']} {said.get('errmsg', '')}"[:200])
    openid = said.get("openid")
    if not isinstance(openid, str) or not OPENID.fullmatch(openid):
        raise GatewayTrouble("it says no openid")
    return openid


def check(account: Account) -> None:
    """Turn in a code that never was: who knows the secret is told so. Raises Refused if WeChat
    does not take the app id or the secret, or GatewayTrouble.

    That WeChat looks at the secret before the code is not documented.
    """
    try:
        openid_by(account, NO_CODE)
    except Refused as refusal:
        if not str(refusal).startswith(INVALID_CODE):
            raise


def _read(status: int, body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as trouble:
        raise GatewayTrouble(f"WeChat answered {status}") from trouble
    if status != 200 or not isinstance(said, dict):
        raise GatewayTrouble(f"WeChat answered {status}")
    return said
