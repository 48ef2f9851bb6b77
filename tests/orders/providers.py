"""WeChat Pay and Alipay on loopback: they sign, verify, seal and answer as documented.

Real RSA keys, real AES-256-GCM, real HTTP. Each keeps its own trades and refunds, apart from the
shop's tables, and can be told to be slow, to be silent, or to answer with a wrong signature.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SHOP, PROVIDER, STRANGER = (rsa.generate_private_key(65537, 2048) for _ in range(3))
MCHID, WX_APP, SERIAL = (
    "1900000109",
    "wxd678efh567hg6787",
    "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
)
WX_SECRET = "0f3c7b1d2a4e5968778695a4b3c2d1e0"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
V3_KEY = "an-api-v3-key-of-32-letters-okay"
WX_SERIAL = "PUB_KEY_ID_0119000001092024"
ALI_APP, SELLER = "2021001199990000", "2088102177846880"


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def rsa_sign(key: rsa.RSAPrivateKey, text: bytes) -> str:
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def rsa_holds(key: rsa.RSAPrivateKey, text: bytes, signature: str) -> bool:
    try:
        key.public_key().verify(
            base64.b64decode(signature), text, padding.PKCS1v15(), hashes.SHA256()
        )
    except InvalidSignature:
        return False
    return True


WECHAT_FORM = {
    "mchid": MCHID,
    "appid": WX_APP,
    "serial": SERIAL,
    "private_key": pem(SHOP),
    "v3_key": V3_KEY,
    "wechat_serial": WX_SERIAL,
    "wechat_key": public_pem(PROVIDER),
    "app_secret": "",
}
ALIPAY_FORM = {
    "appid": ALI_APP,
    "seller": SELLER,
    "private_key": pem(SHOP),
    "alipay_key": public_pem(PROVIDER),
}


@dataclass
class Trade:
    number: str
    amount: int  # fen
    state: str = "NOTPAY"
    transaction: str = ""
    refunds: dict[str, int] = field(default_factory=dict)
    first: tuple[str, dict] | None = None  # how it was opened

    def pay(self) -> None:
        if self.state != "CLOSED":
            self.state, self.transaction = "SUCCESS", f"4200{uuid.uuid4().int % 10**20}"


@dataclass
class Provider:
    """What both have: trades, a log of what was asked, and moods."""

    trades: dict[str, Trade] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    bodies: list[dict] = field(default_factory=list)
    key: rsa.RSAPrivateKey = PROVIDER  # with which it signs
    pause: float = 0
    broken: bool = False
    refunds_pending: bool = False
    codes: dict[str, str] = field(default_factory=dict)  # {code that was given: whose openid}
    openid: str = OPENID  # of who looks at WeChat's pages
    url: str = ""


# --- WeChat Pay ---------------------------------------------------------------------------------


def wechat_headers(
    body: bytes, *, key=None, at: int | None = None, serial: str = WX_SERIAL
) -> dict:
    stamp, nonce = str(int(time.time()) if at is None else at), uuid.uuid4().hex
    text = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    return {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": rsa_sign(key or PROVIDER, text),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def wechat_trade(trade: Trade, **other) -> dict:
    said = {
        "appid": WX_APP,
        "mchid": MCHID,
        "out_trade_no": trade.number,
        "trade_state": trade.state,
        "trade_state_desc": "as it stands",
    }
    if trade.state == "SUCCESS":
        said |= {
            "transaction_id": trade.transaction,
            "trade_type": "NATIVE",
            "bank_type": "OTHERS",
            "success_time": "2026-11-29T10:00:00+08:00",
            "payer": {"openid": OPENID},
            "amount": {
                "total": trade.amount,
                "payer_total": trade.amount,
                "currency": "CNY",
                "payer_currency": "CNY",
            },
        }
    return said | other


def wechat_callback(said: dict, *, v3_key: str = V3_KEY) -> bytes:
    nonce, extra = uuid.uuid4().hex[:12], "transaction"
    sealed = AESGCM(v3_key.encode()).encrypt(
        nonce.encode(), json.dumps(said).encode(), extra.encode()
    )
    return json.dumps(
        {
            "id": str(uuid.uuid4()),
            "create_time": "2026-11-29T10:00:01+08:00",
            "resource_type": "encrypt-resource",
            "event_type": "TRANSACTION.SUCCESS",
            "summary": "支付成功",
            "resource": {
                "original_type": "transaction",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(sealed).decode(),
                "associated_data": extra,
                "nonce": nonce,
            },
        }
    ).encode()


class WeChat(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, *args) -> None:
        pass

    def do_GET(self) -> None:
        self.answer("GET", b"")

    def do_POST(self) -> None:
        self.answer("POST", self.rfile.read(int(self.headers["Content-Length"] or 0)))

    def answer(self, method: str, body: bytes) -> None:
        mine = self.provider
        time.sleep(mine.pause)
        mine.asked.append(f"{method} {self.path}")
        if mine.broken:
            self.send_error(502)
            return
        if self._is_public(urlsplit(self.path)):
            return
        if not self._is_signed(method, body):
            self._say(401, {"code": "SIGN_ERROR", "message": "签名错误"})
            return
        asked = json.loads(body) if body else {}
        mine.bodies.append(asked)
        self._say(*self._done(method, urlsplit(self.path), asked))

    def _is_public(self, url) -> bool:
        """The pages of official accounts: no signature, HTTPS and the secret are the proof."""
        asked = dict(parse_qsl(url.query))
        if url.path == "/connect/oauth2/authorize":
            names = ["appid", "redirect_uri", "response_type", "scope", "state"]
            assert list(asked) == names, "WeChat wants them in this order"
            assert (asked["appid"], asked["scope"]) == (WX_APP, "snsapi_base")
            assert asked["response_type"] == "code"
            assert asked["state"].isalnum()
            assert len(asked["state"]) <= 128
            code = uuid.uuid4().hex
            self.provider.codes[code] = self.provider.openid
            self.send_response(302)
            back = urlencode({"code": code, "state": asked["state"]})
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
            return True
        if url.path == "/sns/oauth2/access_token":
            self._plain(self._person(asked))
            return True
        return False

    def _person(self, asked: dict) -> dict:
        assert asked["grant_type"] == "authorization_code"
        if asked["appid"] != WX_APP or asked["secret"] != WX_SECRET:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        openid = self.provider.codes.pop(asked["code"], None)  # a code is good once
        if openid is None:
            return {"errcode": 40029, "errmsg": "invalid code"}
        return {
            "access_token": "ACCESS_TOKEN",
            "expires_in": 7200,
            "refresh_token": "REFRESH_TOKEN",
            "openid": openid,
            "scope": "snsapi_base",
        }

    def _plain(self, said: dict) -> None:
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _is_signed(self, method: str, body: bytes) -> bool:
        kind, _space, listed = self.headers["Authorization"].partition(" ")
        told = dict(part.split("=", 1) for part in listed.split(","))
        told = {name: value.strip('"') for name, value in told.items()}
        text = f"{method}\n{self.path}\n{told['timestamp']}\n{told['nonce_str']}\n".encode()
        return (
            kind == "WECHATPAY2-SHA256-RSA2048"
            and (told["mchid"], told["serial_no"]) == (MCHID, SERIAL)
            and abs(int(told["timestamp"]) - time.time()) < 300
            and rsa_holds(SHOP, text + body + b"\n", told["signature"])
        )

    def _done(self, method: str, url, asked: dict) -> tuple[int, dict | None]:
        trades, parts = self.provider.trades, url.path.split("/")[1:]
        if parts[:3] == ["v3", "pay", "transactions"] and len(parts) == 4:
            trade = trades.setdefault(
                asked["out_trade_no"], Trade(asked["out_trade_no"], asked["amount"]["total"])
            )
            if parts[3] == "jsapi" and asked["payer"] != {"openid": self.provider.openid}:
                return 400, {"code": "PARAM_ERROR", "message": "无效的openid"}
            if trade.state != "NOTPAY":
                return 400, {"code": "ORDER_PAID", "message": "该订单已支付"}
            trade.first = trade.first or (parts[3], asked)
            if trade.first != (parts[3], asked):
                words = "请求重入时，参数与首次请求时不一致"
                return 400, {"code": "INVALID_REQUEST", "message": words}
            return 200, {
                "native": {"code_url": f"weixin://wxpay/bizpayurl?pr={trade.number}"},
                "h5": {
                    "h5_url": f"https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx{trade.number}"
                },
                "jsapi": {"prepay_id": f"wx{trade.number}"},
            }[parts[3]]
        if parts[:4] == ["v3", "pay", "transactions", "out-trade-no"]:
            trade = trades.get(parts[4])
            if trade is None:
                return 404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}
            if method == "GET":
                assert parse_qs(url.query) == {"mchid": [MCHID]}
                return 200, wechat_trade(trade)
            if trade.state == "SUCCESS":
                return 400, {"code": "ORDER_PAID", "message": "该订单已支付"}
            trade.state = "CLOSED"
            return 204, None
        return self._refund(method, parts, asked)

    def _refund(self, method: str, parts: list[str], asked: dict) -> tuple[int, dict]:
        trades = self.provider.trades
        if method == "GET":
            number = parts[4]
            trade = next((one for one in trades.values() if number in one.refunds), None)
        else:
            number = asked["out_refund_no"]
            trade = next(
                (t for t in trades.values() if t.transaction == asked["transaction_id"]), None
            )
        if trade is None:
            return 404, {"code": "RESOURCE_NOT_EXISTS", "message": "查询的资源不存在"}
        if method == "POST" and number not in trade.refunds:
            wanted = asked["amount"]["refund"]
            if asked["amount"]["total"] != trade.amount:
                return 400, {"code": "PARAM_ERROR", "message": "订单金额不一致"}
            if sum(trade.refunds.values()) + wanted > trade.amount:
                return 400, {"code": "INVALID_REQUEST", "message": "退款金额超限"}
            trade.refunds[number] = wanted
        status = "PROCESSING" if self.provider.refunds_pending else "SUCCESS"
        return 200, {
            "refund_id": f"5000{number}",
            "out_refund_no": number,
            "transaction_id": trade.transaction,
            "out_trade_no": trade.number,
            "status": status,
            "amount": {"refund": trade.refunds[number], "total": trade.amount, "currency": "CNY"},
        }

    def _say(self, status: int, said: dict | None) -> None:
        body = b"" if said is None else json.dumps(said, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in wechat_headers(body, key=self.provider.key).items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)


# --- Alipay -------------------------------------------------------------------------------------

ALI_STATES = {"NOTPAY": "WAIT_BUYER_PAY", "SUCCESS": "TRADE_SUCCESS", "CLOSED": "TRADE_CLOSED"}


def yuan(fen: int) -> str:
    return f"{fen / 100:.2f}"


def alipay_text(fields: dict) -> bytes:
    return "&".join(f"{k}={fields[k]}" for k in sorted(fields) if fields[k] != "").encode()


def alipay_callback(trade: Trade, *, key=None, at: float | None = None, **other: str) -> bytes:
    there = time.gmtime((time.time() if at is None else at) + 8 * 3600)
    said = {
        "notify_time": time.strftime("%Y-%m-%d %H:%M:%S", there),
        "notify_type": "trade_status_sync",
        "notify_id": uuid.uuid4().hex,
        "app_id": ALI_APP,
        "auth_app_id": ALI_APP,
        "charset": "utf-8",
        "version": "1.0",
        "trade_no": trade.transaction or "2026112922001400000000000001",
        "out_trade_no": trade.number,
        "seller_id": SELLER,
        "trade_status": ALI_STATES[trade.state],
        "total_amount": yuan(trade.amount),
        "subject": "桂芳茶行 & 龙井 100%",
        "body": "",
    } | other
    signature = rsa_sign(key or PROVIDER, alipay_text(said))
    return urlencode(said | {"sign_type": "RSA2", "sign": signature}).encode()


class Alipay(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, *args) -> None:
        pass

    def do_POST(self) -> None:
        mine = self.provider
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        time.sleep(mine.pause)
        fields = dict(parse_qsl(urlsplit(self.path).query)) | dict(parse_qsl(body))
        mine.asked.append(fields["method"])
        if mine.broken:
            self.send_error(502)
            return
        sign = fields.pop("sign")
        if fields["app_id"] != ALI_APP or not rsa_holds(SHOP, alipay_text(fields), sign):
            name, said = fields["method"], self._no("isv.invalid-signature", "验签出错")
        else:
            asked = json.loads(fields["biz_content"])
            mine.bodies.append(asked)
            name, said = fields["method"], self._done(fields["method"], asked)
        self._say(name, said)

    def _no(self, code: str, words: str) -> dict:
        return {"code": "40004", "msg": "Business Failed", "sub_code": code, "sub_msg": words}

    def _done(self, method: str, asked: dict) -> dict:
        trades, good = self.provider.trades, {"code": "10000", "msg": "Success"}
        if method == "alipay.trade.precreate":
            number = asked["out_trade_no"]
            fen = round(float(asked["total_amount"]) * 100)
            trades.setdefault(number, Trade(number, fen))
            return good | {"out_trade_no": number, "qr_code": f"https://qr.alipay.com/{number}"}
        if method in {"alipay.trade.query", "alipay.trade.close"}:
            trade = trades.get(asked["out_trade_no"])
            if trade is None:
                return self._no("ACQ.TRADE_NOT_EXIST", "交易不存在")
            if method == "alipay.trade.close":
                if trade.state != "NOTPAY":
                    return self._no("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
                trade.state = "CLOSED"
                return good | {"out_trade_no": trade.number}
            return good | {
                "out_trade_no": trade.number,
                "trade_no": trade.transaction or "20261129",
                "trade_status": ALI_STATES[trade.state],
                "total_amount": yuan(trade.amount),
            }
        return self._refund(method, asked, good)

    def _refund(self, method: str, asked: dict, good: dict) -> dict:
        trades = self.provider.trades.values()
        trade = next((t for t in trades if t.transaction == asked["trade_no"]), None)
        if trade is None:
            return self._no("ACQ.TRADE_NOT_EXIST", "交易不存在")
        number = asked["out_request_no"]
        if method == "alipay.trade.fastpay.refund.query":
            if number not in trade.refunds:
                return good
            found = {"out_request_no": number, "refund_amount": yuan(trade.refunds[number])}
            return good | found | {"refund_status": "REFUND_SUCCESS"}
        moved = number not in trade.refunds
        wanted = round(float(asked["refund_amount"]) * 100)
        if moved and sum(trade.refunds.values()) + wanted > trade.amount:
            return self._no("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")
        trade.refunds.setdefault(number, wanted)
        return good | {"trade_no": trade.transaction, "fund_change": "Y" if moved else "N"}

    def _say(self, method: str, said: dict) -> None:
        inner = json.dumps(said, ensure_ascii=False)
        sign = rsa_sign(self.provider.key, inner.encode())
        name = method.replace(".", "_") + "_response"
        body = f'{{"{name}":{inner},"sign":"{sign}"}}'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def opened(handler: type[BaseHTTPRequestHandler]):
    """A provider on a free port of loopback, until the generator is closed."""
    provider = Provider()
    mine = type("Mine", (handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), mine)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield provider
    server.shutdown()
    server.server_close()
