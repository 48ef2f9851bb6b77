"""WeChat Pay, API v3, with the provider's public key.

Each request is signed with the merchant's key; each answer and each callback is verified with
WeChat's, by its serial, its time and its signature, before a word of it is read.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from merchants.models import Merchant
from orders.errors import BadCallback
from orders.models import Payment, Refund
from orders.payments.gateway import LARGEST, GatewayTrouble, Heard, Refused, Reply, Step, Visit
from orders.payments.wechatpay import person
from orders.payments.wechatpay.line import Account, account_of, opened, trusted
from orders.rules.payment import Charge, Standing
from orders.rules.refund import Leg
from orders.services.payback import Outcome

NAME = "wechatpay"
WAYS = ("jsapi", "h5", "native")
# What WeChat calls the standing of a payment. What went back was paid before; a payment of which we
# hear nothing else was given back by hand, and nothing is to be sent for it.
STANDINGS = {
    "SUCCESS": Standing.PAID,
    "REFUND": Standing.CLOSED,
    "NOTPAY": Standing.OPEN,
    "USERPAYING": Standing.OPEN,
    "ACCEPT": Standing.OPEN,
    "CLOSED": Standing.CLOSED,
    "REVOKED": Standing.CLOSED,
    "PAYERROR": Standing.OPEN,  # she may try the same code again
}
LEGS = {"SUCCESS": Leg.DONE, "PROCESSING": Leg.PROCESSING}
GONE = ("ORDER_NOT_EXIST", "ORDERNOTEXIST", "NOT_FOUND", "RESOURCE_NOT_EXISTS")
WORDS = 120  # letters that WeChat takes as a description


def start(payment: Payment, visit: Visit) -> Step:
    account, order = account_of(payment.order.merchant), payment.order
    asked: dict[str, Any] = {
        "appid": account.appid,
        "mchid": account.mchid,
        "description": f"{order.merchant.name} {order.number[:8].upper()}"[:WORDS],
        "out_trade_no": payment.public_id,
        "time_expire": timezone.localtime(order.pay_by).isoformat("T", "seconds"),
        "notify_url": visit.notify,
        "amount": {"total": payment.amount, "currency": payment.currency},
    }
    if payment.way == "h5":
        asked["scene_info"] = {"payer_client_ip": visit.address, "h5_info": {"type": "Wap"}}
    if payment.way == "jsapi":
        asked["payer"] = {"openid": visit.openid}
    said = account.call("POST", f"/v3/pay/transactions/{payment.way}", asked)
    if payment.way == "native":
        return Step("code", _text(said, "code_url"))
    if payment.way == "h5":
        return Step("page", f"{_text(said, 'h5_url')}&{urlencode({'redirect_url': visit.back})}")
    return Step("bridge", account.bridge(_text(said, "prepay_id")))


def hear(merchant: Merchant, heard: Heard) -> Charge:
    """The facts of a callback. Raises BadCallback unless WeChat sent it just now, to this shop."""
    if not heard.headers.get("content-type", "").startswith("application/json"):
        raise BadCallback
    if len(heard.body) > LARGEST:
        raise BadCallback
    try:
        account = account_of(merchant)
        trusted(account, heard.headers, heard.body)
        said = opened(account, json.loads(heard.body))
        return _charge(account, said)
    except (GatewayTrouble, ValueError, RecursionError) as trouble:
        raise BadCallback from trouble


def reply(trouble: str = "") -> Reply:
    if not trouble:
        return Reply(204)
    body = json.dumps({"code": "FAIL", "message": trouble})
    return Reply(401, body, "application/json")


def ask(payment: Payment) -> Charge:
    account = account_of(payment.order.merchant)
    return _asked(account, payment)


def close(payment: Payment) -> Charge:
    """Closed first and asked afterwards: what was paid before stays paid."""
    account = account_of(payment.order.merchant)
    path = f"/v3/pay/transactions/out-trade-no/{payment.public_id}/close"
    try:
        account.call("POST", path, {"mchid": account.mchid})
    except Refused:  # paid, closed before, or never heard of: asking tells which
        return _asked(account, payment)
    return Charge(payment.public_id, Standing.CLOSED)


def refund(wanted: Refund) -> Outcome:
    account, paid = account_of(wanted.merchant), wanted.payment
    asked = {
        "out_trade_no": paid.public_id,
        "out_refund_no": wanted.public_id,
        "amount": {
            "refund": wanted.amount,
            "total": paid.amount,
            "currency": wanted.currency,
        },
    }
    if paid.transaction:  # of two transactions under one number, the one that came too much
        asked = {"transaction_id": paid.transaction} | asked
        del asked["out_trade_no"]
    try:
        return _outcome(wanted, account.call("POST", "/v3/refund/domestic/refunds", asked))
    except Refused as refusal:
        return Outcome(Leg.FAILED, trouble=str(refusal))


def ask_refund(wanted: Refund) -> Outcome:
    account = account_of(wanted.merchant)
    path = f"/v3/refund/domestic/refunds/{wanted.public_id}"
    try:
        return _outcome(wanted, account.call("GET", path))
    except Refused as refusal:
        return Outcome(Leg.FAILED, trouble=str(refusal))


def check(merchant: Merchant) -> None:
    """A payment that never was: who signs wrong is told so, and not that there is none. So with
    the app secret, if it was told."""
    account = account_of(merchant)
    path = f"/v3/pay/transactions/out-trade-no/check-{merchant.pk}?mchid={account.mchid}"
    try:
        account.call("GET", path)
    except Refused as refusal:
        if not str(refusal).startswith(GONE):
            raise
    if account.app_secret:
        person.check(account)


def _asked(account: Account, payment: Payment) -> Charge:
    path = f"/v3/pay/transactions/out-trade-no/{payment.public_id}?mchid={account.mchid}"
    try:
        said = account.call("GET", path)
    except Refused as refusal:
        if str(refusal).startswith(GONE):
            return Charge(payment.public_id, Standing.UNKNOWN)
        raise
    return _charge(account, said)


def _charge(account: Account, said: dict[str, Any]) -> Charge:
    """A transaction as WeChat describes it. It must be of this merchant and of his app."""
    if (_text(said, "mchid"), _text(said, "appid")) != (account.mchid, account.appid):
        raise GatewayTrouble("it is about another merchant")
    standing = STANDINGS.get(_text(said, "trade_state"))
    if standing is None:
        raise GatewayTrouble("it stands as we do not know")
    number = _text(said, "out_trade_no")
    if standing != Standing.PAID:
        return Charge(number, standing, trouble=str(said.get("trade_state_desc", "")))
    amount = said.get("amount")
    if not isinstance(amount, dict) or type(amount.get("total")) is not int:
        raise GatewayTrouble("it says no amount")
    money = (amount["total"], _text(amount, "currency"))
    return Charge(number, standing, _text(said, "transaction_id"), *money)


def _outcome(wanted: Refund, said: dict[str, Any]) -> Outcome:
    amount = said.get("amount")
    if _text(said, "out_refund_no") != wanted.public_id or not isinstance(amount, dict):
        raise GatewayTrouble("it is about another refund")
    if amount.get("refund") != wanted.amount:
        return Outcome(Leg.FAILED, trouble="this number was used for another amount")
    status = _text(said, "status")
    leg = LEGS.get(status, Leg.FAILED)
    return Outcome(leg, _text(said, "refund_id"), "" if leg != Leg.FAILED else status)


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise GatewayTrouble(f"it says no {name}")
    return value
