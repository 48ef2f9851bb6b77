"""The line to Alipay: what is signed, what is verified."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.utils import timezone

from merchants.models import Merchant
from orders.payments.gateway import GatewayTrouble, Refused
from orders.payments.keys import is_signed, read_private, read_public, sign
from orders.payments.vault import secrets_of
from orders.payments.wire import call

THERE = ZoneInfo("Asia/Shanghai")  # the clock by which Alipay writes times
FORM = "application/x-www-form-urlencoded;charset=utf-8"


@dataclass(frozen=True)
class Account:
    """A merchant at Alipay: his app, and the account that sells."""

    appid: str
    seller: str
    private_key: rsa.RSAPrivateKey
    alipay_key: rsa.RSAPublicKey

    def page(self, method: str, asked: Mapping[str, Any], **more: str) -> str:
        """The signed address of a page at Alipay."""
        return f"{settings.ALIPAY_URL}?{urlencode(self._signed(method, asked, more))}"

    def call(self, method: str, asked: Mapping[str, Any], **more: str) -> dict[str, Any]:
        """One signed question and its verified answer. Raises Refused, or GatewayTrouble."""
        fields = self._signed(method, asked, more)
        body = urlencode({"biz_content": fields.pop("biz_content")}).encode()
        url = f"{settings.ALIPAY_URL}?{urlencode(fields)}"
        answer = call("POST", url, body, {"Content-Type": FORM, "User-Agent": "guitai"})
        if answer.status != 200:
            raise GatewayTrouble(f"Alipay answered {answer.status}")
        said = self._verified(method, answer.body)
        code = str(said.get("code", ""))
        why = f"{said.get('sub_code') or code} {said.get('sub_msg') or said.get('msg', '')}"[:200]
        if code.startswith("2") or why.startswith(("ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR")):
            raise GatewayTrouble(why)
        if code != "10000":
            raise Refused(why)
        return said

    def _signed(
        self, method: str, asked: Mapping[str, Any], more: Mapping[str, str]
    ) -> dict[str, str]:
        fields = {
            "app_id": self.appid,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": written(timezone.now()),
            "version": "1.0",
            "biz_content": json.dumps(asked, ensure_ascii=False, separators=(",", ":")),
            **{name: value for name, value in more.items() if value},
        }
        return fields | {"sign": sign(self.private_key, as_signed(fields))}

    def _verified(self, method: str, body: bytes) -> dict[str, Any]:
        """The answer as it stands in the text, letter for letter: that is what is signed."""
        name = method.replace(".", "_") + "_response"
        try:
            text = body.decode()
            whole = json.loads(text)
            start = text.index(":", text.index(f'"{name}"')) + 1
            start += len(text[start:]) - len(text[start:].lstrip())
            said, end = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError) as trouble:
            raise GatewayTrouble("it cannot be read") from trouble
        if not isinstance(said, dict) or not isinstance(whole, dict):
            raise GatewayTrouble("it cannot be read")
        if not is_signed(self.alipay_key, text[start:end].encode(), str(whole.get("sign", ""))):
            raise GatewayTrouble("its signature is wrong")
        return said


def account_of(merchant: Merchant) -> Account:
    """Raises GatewayTrouble if the shop has none."""
    told = secrets_of(merchant, "alipay")
    return Account(
        appid=told["appid"],
        seller=told["seller"],
        private_key=read_private(told["private_key"]),
        alipay_key=read_public(told["alipay_key"]),
    )


def as_signed(fields: Mapping[str, str]) -> str:
    """What a signature is over: every field that says something, by name."""
    told = sorted((name, value) for name, value in fields.items() if value and name != "sign")
    return "&".join(f"{name}={value}" for name, value in told)


def written(moment: datetime) -> str:
    return moment.astimezone(THERE).strftime("%Y-%m-%d %H:%M:%S")


def moment_of(text: str) -> datetime:
    """Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=THERE)
