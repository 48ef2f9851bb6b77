"""Kuaidi100 (快递100): asked by its query, told by its subscription.

Written from its public documentation: a question is signed with MD5 over the parameters, the key
and the customer number; a callback with MD5 over its parameters and the salt of the subscription.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from django.conf import settings

from merchants.models import Merchant
from merchants.rules.line import visible
from orders.errors import BadCallback
from orders.models import Shipment
from orders.payments.gateway import LARGEST, GatewayTrouble, Heard, Refused, Reply
from orders.payments.vault import secrets_of
from orders.payments.wire import call
from orders.rules.shipment import is_tracking_number
from orders.rules.tracking import ParcelState, Seen
from orders.tracking.tracker import News

NAME = "kuaidi100"
THERE = ZoneInfo("Asia/Shanghai")  # the clock by which it writes times
FORM = "application/x-www-form-urlencoded"
CODES = {
    "sf": "shunfeng",
    "yto": "yuantong",
    "zto": "zhongtong",
    "sto": "shentong",
    "yunda": "yunda",
    "jt": "jtexpress",
    "jd": "jd",
    "ems": "ems",
    "post": "youzhengguonei",
    "deppon": "debangkuaidi",
}
CARRIERS = {code: carrier for carrier, code in CODES.items()}
STATES = {
    "0": ParcelState.MOVING,
    "1": ParcelState.COLLECTED,
    "3": ParcelState.DELIVERED,
    "5": ParcelState.DELIVERING,
    "7": ParcelState.MOVING,
    "8": ParcelState.MOVING,
}  # 2, 4, 6, 14: in doubt, sent back, refused: somebody has to look
NOT_YET = {"500"}  # nothing is known of it so far
LAST_DIGITS = 4
MOST_LINES = 200
YEARS = range(2000, 2100)


def ask(shipment: Shipment) -> Sequence[Seen]:
    told = secrets_of(shipment.order.merchant, NAME)
    asked = {
        "com": CODES[shipment.carrier],
        "num": shipment.tracking_number,
        "phone": _phone(shipment),
        "resultv2": "1",
    }
    param = _written(asked)
    fields = {
        "customer": told["customer"],
        "sign": signed(param, told["key"], told["customer"]),
        "param": param,
    }
    said = _call("/poll/query.do", fields)
    if said.get("returnCode") in NOT_YET:
        return []
    if said.get("status") != "200" or not _same(said.get("nu"), shipment):
        raise Refused(f"{said.get('returnCode', '')} {said.get('message', '')}"[:200])
    return _seen(said)


def subscribe(shipment: Shipment, notify: str) -> bool:
    told = secrets_of(shipment.order.merchant, NAME)
    more = {
        "callbackurl": notify,
        "salt": told["salt"],
        "resultv2": "1",
        "phone": _phone(shipment),
    }
    asked = {
        "company": CODES[shipment.carrier],
        "number": shipment.tracking_number,
        "key": told["key"],
        "parameters": more,
    }
    said = _call("/poll", {"schema": "json", "param": _written(asked)})
    return said.get("result") is True  # "subscribed before" may be under another salt


def hear(merchant: Merchant, heard: Heard) -> News:
    """The news of a callback. Raises BadCallback unless Kuaidi100 sent it, to this shop."""
    kind = heard.headers.get("content-type", "")
    if not kind.startswith(FORM) or len(heard.body) > LARGEST:
        raise BadCallback
    try:
        salt = secrets_of(merchant, NAME)["salt"]
        pairs = parse_qsl(heard.body.decode(), keep_blank_values=True, max_num_fields=20)
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise BadCallback
        param = fields.get("param", "")
        if not hmac.compare_digest(fields.get("sign", "").encode(), signed(param, salt).encode()):
            raise BadCallback
        said = json.loads(param)["lastResult"]
        if not is_tracking_number(str(said["nu"])):
            raise BadCallback
        return News(CARRIERS.get(said["com"], ""), str(said["nu"]), _seen(said))
    except (GatewayTrouble, ValueError, KeyError, TypeError, RecursionError) as trouble:
        raise BadCallback from trouble


def reply(trouble: str = "") -> Reply:
    said = {"result": not trouble, "returnCode": "500" if trouble else "200", "message": trouble}
    return Reply(400 if trouble else 200, json.dumps(said), "application/json")


def signed(*parts: str) -> str:
    """MD5 in capitals, as Kuaidi100 asks for it; what it guards is only news."""
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest().upper()


def _call(path: str, fields: dict[str, str]) -> dict[str, Any]:
    body = urlencode(fields).encode()
    headers = {"Content-Type": FORM, "User-Agent": "guitai"}
    answer = call("POST", settings.KUAIDI100_URL + path, body, headers)
    if answer.status != 200:
        raise GatewayTrouble(f"Kuaidi100 answered {answer.status}")
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError) as trouble:
        raise GatewayTrouble("it cannot be read") from trouble
    if not isinstance(said, dict):
        raise GatewayTrouble("it cannot be read")
    return said


def _seen(said: dict[str, Any]) -> list[Seen]:
    """Its lines, the latest first. The state is of the latest line; those before were on the way.

    Raises GatewayTrouble.
    """
    now = STATES.get(str(said.get("state")), ParcelState.TROUBLE)
    found = []
    try:
        for place, line in enumerate(said["data"][:MOST_LINES]):
            at = datetime.strptime(line.get("ftime") or line["time"], "%Y-%m-%d %H:%M:%S")
            state = now if place == 0 else ParcelState.MOVING
            if at.year not in YEARS:
                raise ValueError("no time of ours")
            text = visible(" ".join(str(line["context"]).split()))[:200]
            found.append(Seen(at.replace(tzinfo=THERE), text, state))
    except (KeyError, TypeError, ValueError, AttributeError) as trouble:
        raise GatewayTrouble("its lines cannot be read") from trouble
    return found


def _same(number: object, shipment: Shipment) -> bool:
    """Carriers write their numbers in capitals, whatever was typed."""
    return str(number).upper() == shipment.tracking_number.upper()


def _phone(shipment: Shipment) -> str:
    """Some carriers tell only who knows the last digits of the buyer's number."""
    return shipment.order.phone[-LAST_DIGITS:]


def _written(asked: dict[str, Any]) -> str:
    return json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
