"""Alipay: its page on a desk, its page on a phone, a code to scan.

Amounts go as yuan in text; a trade that nobody has opened yet is unknown there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from django.utils import timezone

from merchants.models import Merchant
from orders.errors import BadCallback
from orders.models import Payment, Refund
from orders.payments.alipay.line import Account, account_of, as_signed, moment_of, written
from orders.payments.gateway import LARGEST, GatewayTrouble, Heard, Refused, Reply, Step, Visit
from orders.payments.keys import is_signed
from orders.rules.payment import Charge, Standing
from orders.rules.refund import Leg
from orders.rules.yuan import to_fen, to_yuan
from orders.services.payback import Outcome

NAME = "alipay"
WAYS = ("wap", "page", "precreate")
CURRENCY = "CNY"
PRODUCTS = {"wap": "QUICK_WAP_WAY", "page": "FAST_INSTANT_TRADE_PAY"}
STANDINGS = {
    "WAIT_BUYER_PAY": Standing.OPEN,
    "TRADE_SUCCESS": Standing.PAID,
    "TRADE_FINISHED": Standing.PAID,
    "TRADE_CLOSED": Standing.CLOSED,
}
# It says everything again for a day, under the time of the first try.
FRESH = timedelta(hours=26)
GONE = ("ACQ.TRADE_NOT_EXIST",)


def start(payment: Payment, visit: Visit) -> Step:
    account, order = account_of(payment.order.merchant), payment.order
    asked = {
        "out_trade_no": payment.public_id,
        "total_amount": to_yuan(payment.amount),
        "subject": subject_of(order.merchant.name, order.number),
        "time_expire": written(order.pay_by),
    }
    if payment.way == "precreate":
        said = account.call("alipay.trade.precreate", asked, notify_url=visit.notify)
        return Step("code", _text(said, "qr_code"))
    page = account.page(
        f"alipay.trade.{payment.way}.pay",
        asked | {"product_code": PRODUCTS[payment.way]},
        notify_url=visit.notify,
        return_url=visit.back,
    )
    return Step("page", page)


def subject_of(shop: str, number: str) -> str:
    """What the buyer reads there: without / = & and other signs that Alipay refuses in it.

    Source: Alipay's documentation of `alipay.trade.page.pay`, field `subject`, at most 256 letters.
    """
    kept = "".join(sign if sign.isalnum() or sign in " -·" else " " for sign in shop)
    return f"{' '.join(kept.split())[:200]} {number[:8].upper()}".strip()


def hear(merchant: Merchant, heard: Heard) -> Charge:
    """The facts of a callback. Raises BadCallback unless Alipay sent it, to this shop."""
    kind = heard.headers.get("content-type", "")
    if not kind.startswith("application/x-www-form-urlencoded") or len(heard.body) > LARGEST:
        raise BadCallback
    try:
        account = account_of(merchant)
        pairs = parse_qsl(heard.body.decode(), keep_blank_values=True, max_num_fields=100)
        said = dict(pairs)
        if len(said) != len(pairs):  # of two fields of one name only one was signed
            raise BadCallback
        text = as_signed({name: value for name, value in said.items() if name != "sign_type"})
        if said.get("sign_type") != "RSA2" or not is_signed(
            account.alipay_key, text.encode(), said.get("sign", "")
        ):
            raise BadCallback
        if abs(timezone.now() - moment_of(_text(said, "notify_time"))) > FRESH:
            raise BadCallback
        if (_text(said, "app_id"), _text(said, "seller_id")) != (account.appid, account.seller):
            raise BadCallback
        return _charge(said)
    except (GatewayTrouble, ValueError) as trouble:
        raise BadCallback from trouble


def reply(trouble: str = "") -> Reply:
    return Reply(400, "fail") if trouble else Reply(200, "success")


def ask(payment: Payment) -> Charge:
    return _asked(account_of(payment.order.merchant), payment)


def close(payment: Payment) -> Charge:
    account = account_of(payment.order.merchant)
    try:
        account.call("alipay.trade.close", {"out_trade_no": payment.public_id})
    except Refused:  # paid, closed before, or never opened: asking tells which
        return _asked(account, payment)
    return Charge(payment.public_id, Standing.CLOSED)


def refund(wanted: Refund) -> Outcome:
    account = account_of(wanted.merchant)
    asked = {
        "trade_no": wanted.payment.transaction,
        "refund_amount": to_yuan(wanted.amount),
        "out_request_no": wanted.public_id,
    }
    try:
        said = account.call("alipay.trade.refund", asked)
    except Refused as refusal:
        return Outcome(Leg.FAILED, trouble=str(refusal))
    if said.get("fund_change") == "Y":
        return _paid_back(wanted)
    return ask_refund(wanted)  # asked before: the money moved then, or has not yet


def ask_refund(wanted: Refund) -> Outcome:
    account = account_of(wanted.merchant)
    asked = {"trade_no": wanted.payment.transaction, "out_request_no": wanted.public_id}
    try:
        said = account.call("alipay.trade.fastpay.refund.query", asked)
    except Refused as refusal:
        return Outcome(Leg.FAILED, trouble=str(refusal))
    if said.get("refund_status") != "REFUND_SUCCESS":
        return Outcome(Leg.PROCESSING)
    if to_fen(_text(said, "refund_amount")) != wanted.amount:
        return Outcome(Leg.FAILED, trouble="this number was used for another amount")
    return _paid_back(wanted)


def check(merchant: Merchant) -> None:
    """A trade that never was: who signs wrong is told so, and not that there is none."""
    account = account_of(merchant)
    try:
        account.call("alipay.trade.query", {"out_trade_no": f"check{merchant.pk}"})
    except Refused as refusal:
        if not str(refusal).startswith(GONE):
            raise


def _paid_back(wanted: Refund) -> Outcome:
    """Alipay numbers no refunds: the trade and our own number name it."""
    return Outcome(Leg.DONE, transaction=f"{wanted.payment.transaction}/{wanted.public_id}"[:64])


def _asked(account: Account, payment: Payment) -> Charge:
    try:
        said = account.call("alipay.trade.query", {"out_trade_no": payment.public_id})
    except Refused as refusal:
        if str(refusal).startswith(GONE):
            return Charge(payment.public_id, Standing.UNKNOWN)
        raise
    return _charge(said)


def _charge(said: dict[str, Any]) -> Charge:
    """A trade as Alipay describes it. Raises GatewayTrouble, or ValueError."""
    number, standing = _text(said, "out_trade_no"), STANDINGS.get(_text(said, "trade_status"))
    if standing is None:
        raise GatewayTrouble("it stands as we do not know")
    if standing != Standing.PAID:
        return Charge(number, standing)
    currency = said.get("trans_currency") or CURRENCY
    amount = to_fen(_text(said, "total_amount"))
    return Charge(number, standing, _text(said, "trade_no"), amount, currency)


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise GatewayTrouble(f"it says no {name}")
    return value
