"""The line to WeChat Pay: what is signed, what is verified, what is decrypted."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils import timezone

from merchants.models import Merchant
from orders.payments.gateway import GatewayTrouble, Refused
from orders.payments.keys import is_signed, read_private, read_public, sign
from orders.payments.vault import secrets_of
from orders.payments.wire import call

KIND = "WECHATPAY2-SHA256-RSA2048"
FRESH = 300  # seconds that a message may be on its way


@dataclass(frozen=True)
class Account:
    """A merchant at WeChat Pay. `serial` is that of his own certificate; `app_secret` is the
    official account's, empty if he has not told it."""

    mchid: str
    appid: str
    serial: str
    private_key: rsa.RSAPrivateKey
    v3_key: bytes
    wechat_serial: str
    wechat_key: rsa.RSAPublicKey
    app_secret: str = ""

    def call(self, method: str, path: str, asked: dict[str, Any] | None = None) -> dict[str, Any]:
        """One signed question and its verified answer. Raises Refused, or GatewayTrouble."""
        body = json.dumps(asked) if asked is not None else ""
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "guitai",
            "Authorization": self._authorization(method, path, body),
        }
        url = settings.WECHATPAY_URL + path
        answer = call(method, url, body.encode() if body else None, headers)
        if answer.status >= 500:
            raise GatewayTrouble(f"WeChat Pay answered {answer.status}")
        if answer.status >= 300:  # its refusals are not signed
            raise Refused(_refusal(answer.status, answer.body))
        trusted(self, answer.headers, answer.body)
        return _read(answer.body) if answer.body else {}

    def bridge(self, prepay: str) -> dict[str, str]:
        """What WeChat's own browser is handed to pay."""
        stamp, nonce = _stamp(), secrets.token_hex(16)
        package = f"prepay_id={prepay}"
        text = "".join(f"{part}\n" for part in (self.appid, stamp, nonce, package))
        return {
            "appId": self.appid,
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": sign(self.private_key, text),
        }

    def _authorization(self, method: str, path: str, body: str) -> str:
        stamp, nonce = _stamp(), secrets.token_hex(16)
        text = "".join(f"{part}\n" for part in (method, path, stamp, nonce, body))
        fields = {
            "mchid": self.mchid,
            "nonce_str": nonce,
            "signature": sign(self.private_key, text),
            "timestamp": stamp,
            "serial_no": self.serial,
        }
        listed = ",".join(f'{name}="{value}"' for name, value in fields.items())
        return f"{KIND} {listed}"


def account_of(merchant: Merchant) -> Account:
    """Raises GatewayTrouble if the shop has none."""
    told = secrets_of(merchant, "wechatpay")
    return Account(
        mchid=told["mchid"],
        appid=told["appid"],
        serial=told["serial"],
        private_key=read_private(told["private_key"]),
        v3_key=told["v3_key"].encode(),
        wechat_serial=told["wechat_serial"],
        wechat_key=read_public(told["wechat_key"]),
        app_secret=told.get("app_secret", ""),
    )


def trusted(account: Account, headers: Mapping[str, str], body: bytes) -> None:
    """It was signed by WeChat's key, the one we know, within FRESH seconds. Raises GatewayTrouble.

    The serial begins with PUB_KEY_ID_ and is compared as a whole: another one is another key.
    """
    stamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
    if headers.get("wechatpay-serial") != account.wechat_serial:
        raise GatewayTrouble("it is signed with another key")
    if headers.get("wechatpay-signature-type", KIND) != KIND:
        raise GatewayTrouble("it is signed in another way")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise GatewayTrouble("it says no time")
    if abs(timezone.now().timestamp() - int(stamp)) > FRESH:
        raise GatewayTrouble("it is too old")
    text = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    if not is_signed(account.wechat_key, text, headers.get("wechatpay-signature", "")):
        raise GatewayTrouble("its signature is wrong")


def opened(account: Account, said: Any) -> dict[str, Any]:
    """What is sealed in a callback. Raises GatewayTrouble."""
    box = said.get("resource") if isinstance(said, dict) else None
    if not isinstance(box, dict) or box.get("algorithm") != "AEAD_AES_256_GCM":
        raise GatewayTrouble("nothing is sealed in it")
    try:
        text = AESGCM(account.v3_key).decrypt(
            str(box.get("nonce", "")).encode(),
            base64.b64decode(str(box.get("ciphertext", "")), validate=True),
            str(box.get("associated_data") or "").encode(),
        )
    except (InvalidTag, binascii.Error, ValueError) as trouble:
        raise GatewayTrouble("it is sealed for somebody else") from trouble
    return _read(text)


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as trouble:
        raise GatewayTrouble("it cannot be read") from trouble
    if not isinstance(said, dict):
        raise GatewayTrouble("it cannot be read")
    return said


def _refusal(status: int, body: bytes) -> str:
    try:
        said = _read(body)
    except GatewayTrouble:
        return str(status)
    return f"{said.get('code', status)} {said.get('message', '')}"[:200]


def _stamp() -> str:
    return str(int(timezone.now().timestamp()))
