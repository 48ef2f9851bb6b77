"""Tencent Cloud Live: RTMP in, its CDN out. It asks nobody: the signed address is the permission.

    txSecret = md5(key + stream name + txTime), txTime in upper-case hexadecimal

Its news are signed md5(key + t) and come again until they are answered {"code": 0}. A stream is
revoked by forbidding its name, so every key is of a name of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils import timezone

from livestream.media.providers.base import (
    Answer,
    Ask,
    Caps,
    Forged,
    Happening,
    Judge,
    Kind,
    PlaySource,
    ProviderDown,
    PublishGrant,
    StreamStatus,
    same,
    text_of,
)
from livestream.media.providers.line import call_json

VERSION = "2018-08-01"
WATCH_FOR = timedelta(hours=24)
_CUT, _PUSHED, _RECORDED = "0", "1", "100"


def signature(key: str, name: str, until: int) -> tuple[str, str]:
    """(txSecret, txTime) of a stream that may be pushed or played until then."""
    moment = f"{until:X}"
    digest = hashlib.md5(f"{key}{name}{moment}".encode(), usedforsecurity=False)
    return digest.hexdigest(), moment


class Tencent:
    name = "tencent"
    caps = Caps(frozenset({"rtmp"}), frozenset({"hls"}), records=True, asks=False)

    def issue_publish(self, name: str, secret: str, expires_at: datetime) -> PublishGrant:
        """The signature is the secret; ours is not needed."""
        proof, moment = signature(settings.LIVE_PUSH_KEY, name, int(expires_at.timestamp()))
        key = f"{name}?txSecret={proof}&txTime={moment}"
        return PublishGrant("rtmp", settings.LIVE_RTMP_URL, key, expires_at)

    def authorise(self, ask: Ask, judge: Judge) -> Answer | None:
        return None

    def events(self, ask: Ask) -> list[Happening]:
        said = ask.json()
        _check(said)
        kind = text_of(said, "event_type", 10)
        if kind not in {_CUT, _PUSHED, _RECORDED}:
            return []
        name = text_of(said, "stream_id")
        if kind == _RECORDED:
            file = text_of(said, "file_id", 100)
            return [Happening(Kind.RECORDED, name, "", f"file:{file}", text_of(said, "video_url"))]
        sequence = text_of(said, "sequence", 60)
        what = Kind.STARTED if kind == _PUSHED else Kind.STOPPED
        return [Happening(what, name, sequence, f"{name}/{sequence}:{kind}")]

    def heard(self) -> Answer:
        return Answer(200, '{"code": 0}', "application/json")

    def playback(self, name: str) -> list[PlaySource]:
        url = f"{settings.LIVE_HLS_URL}/{quote(name)}.m3u8"
        if settings.LIVE_PLAY_KEY:
            until = int((timezone.now() + WATCH_FOR).timestamp())
            proof, moment = signature(settings.LIVE_PLAY_KEY, name, until)
            url += f"?txSecret={proof}&txTime={moment}"
        return [PlaySource("hls", url, 8.0)]

    def end(self, name: str, publisher: str) -> None:
        """Forbidding cuts the line that is open, too, and holds longer than any key is good for."""
        self._act("ForbidLiveStream", name, Reason="the show is over")

    def status(self, name: str, publisher: str) -> StreamStatus:
        said = self._act("DescribeLiveStreamState", name)
        live = said.get("StreamState") == "active"
        return StreamStatus(live=live, publisher=publisher if live else "")

    def _act(self, action: str, name: str, **more: str) -> dict[str, Any]:
        address = urlsplit(settings.LIVE_RTMP_URL)
        asked = {
            "AppName": address.path.strip("/"),
            "DomainName": address.hostname,
            "StreamName": name,
            **more,
        }
        body = json.dumps(asked).encode()
        said = call_json(
            settings.LIVE_API_URL, "POST", body=body, headers=signed(action, body, int(time.time()))
        )
        answer = said.get("Response")
        if not isinstance(answer, dict) or "Error" in answer:
            raise ProviderDown(f"{action} was refused")
        return answer


def _check(said: dict[str, Any]) -> None:
    """Raises Forged unless it is signed with our callback key, and `t` has not passed."""
    until, sign = text_of(said, "t", 12), text_of(said, "sign", 64)
    proof = hashlib.md5(f"{settings.LIVE_HOOK_KEY}{until}".encode(), usedforsecurity=False)
    if not settings.LIVE_HOOK_KEY or not same(proof.hexdigest(), sign.lower()):
        raise Forged("signature")
    if not until.isdecimal() or int(until) < time.time():
        raise Forged("too late")


def signed(action: str, body: bytes, now: int) -> dict[str, str]:
    """The headers of one request to its API (TC3-HMAC-SHA256)."""
    host = urlsplit(settings.LIVE_API_URL).netloc
    kind = "application/json; charset=utf-8"
    whole = [
        *("POST", "/", "", f"content-type:{kind}", f"host:{host}", "", "content-type;host"),
        hashlib.sha256(body).hexdigest(),
    ]
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    scope = f"{day}/live/tc3_request"
    digest = hashlib.sha256("\n".join(whole).encode()).hexdigest()
    key = f"TC3{settings.LIVE_API_KEY}".encode()
    for step in (day, "live", "tc3_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    proof = hmac.digest(key, f"TC3-HMAC-SHA256\n{now}\n{scope}\n{digest}".encode(), "sha256").hex()
    return {
        "Content-Type": kind,
        "X-TC-Action": action,
        "X-TC-Version": VERSION,
        "X-TC-Timestamp": str(now),
        "Authorization": f"TC3-HMAC-SHA256 Credential={settings.LIVE_API_ID}/{scope}, "
        f"SignedHeaders=content-type;host, Signature={proof}",
    }
