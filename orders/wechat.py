"""Who she is within WeChat, kept in the session of her device: her openid at each official account,
and what WeChat was asked for and has not answered yet.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction

from merchants.models import Merchant
from orders.models import Order
from orders.payments.gateway import GatewayTrouble
from orders.payments.vault import secrets_of

OPENIDS = "openids"  # in the session: {app id: her openid there}
ASKED = "wechat_asked"  # in the session: {state: [shop, order's number, when; 0: answered]}
WITHIN = 600  # seconds that WeChat's answer may take
MOST = 3  # questions at once, and accounts that are remembered


def tells(merchant: Merchant) -> bool:
    """Whether WeChat tells this shop who she is: its official account's secret is known."""
    return bool(_told(merchant).get("app_secret"))


def openid_of(session: Any, merchant: Merchant) -> str:
    """Her openid at the shop's official account; empty while nobody knows it."""
    return str(session.get(OPENIDS, {}).get(_told(merchant).get("appid", ""), ""))


def keep_openid(session: Any, appid: str, openid: str) -> None:
    known = {**session.get(OPENIDS, {}), appid: openid}
    session[OPENIDS] = dict(list(known.items())[-MOST:])


def begin(session: Any, order: Order) -> str:
    """A word that WeChat brings back: it tells this question of hers from everybody's."""
    state = secrets.token_hex(16)
    asked = {**session.get(ASKED, {}), state: [order.merchant.slug, order.number, int(time.time())]}
    session[ASKED] = dict(list(asked.items())[-MOST:])
    return state


def end(session: Any, merchant: Merchant, state: str) -> tuple[str, bool]:
    """The number of the order for which this was asked, and whether this is the first answer.

    WeChat's browser may come twice, even at the same moment: looked up and written under a lock of
    her session's row. The number is empty if nobody asked, or too long ago.
    """
    with transaction.atomic():
        Session.objects.select_for_update().filter(pk=session.session_key).first()
        asked = dict(session.load().get(ASKED, {}))
        match asked.get(state):
            case [merchant.slug, str(number), 0]:
                return number, False
            case [merchant.slug, str(number), int(at)] if time.time() - at < WITHIN:
                session[ASKED] = {**asked, state: [merchant.slug, number, 0]}
                session.save()
                return number, True
    return "", False


def _told(merchant: Merchant) -> dict[str, str]:
    try:
        return secrets_of(merchant, "wechatpay")
    except GatewayTrouble:  # no account, or one that nothing opens
        return {}
