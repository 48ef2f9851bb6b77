"""MediaMTX: WHIP and RTMP in, low-latency HLS out. It asks before it lets anybody in, and tells
nothing by itself: its control API is the truth, asked every other second.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from django.conf import settings

from livestream.media.providers.base import (
    Answer,
    Ask,
    Caps,
    Happening,
    Judge,
    PlaySource,
    PublishGrant,
    StreamStatus,
    Wish,
    fields,
    text_of,
)
from livestream.media.providers.line import call, call_json

PREFIX = "live/"  # of the path under which it knows a stream
_KICK = {
    "webRTCSession": "webrtcsessions",
    "rtmpConn": "rtmpconns",
    "rtmpsConn": "rtmpsconns",
    "srtConn": "srtconns",
}


class MediaMtx:
    name = "mediamtx"
    caps = Caps(frozenset({"whip", "rtmp"}), frozenset({"llhls", "hls"}))

    def issue_publish(self, name: str, secret: str, expires_at: datetime) -> PublishGrant:
        """By WHIP where it is offered: the key is the bearer token. Else by RTMP."""
        if settings.LIVE_WHIP_URL:
            server = f"{settings.LIVE_WHIP_URL}/{PREFIX}{name}/whip"
            return PublishGrant("whip", server, secret, expires_at)
        return PublishGrant("rtmp", settings.LIVE_RTMP_URL, f"{name}?key={secret}", expires_at)

    def authorise(self, ask: Ask, judge: Judge) -> Answer | None:
        """Viewers may read; its API and its figures are nobody's through this door."""
        said = ask.json()
        action, path = said.get("action"), text_of(said, "path")
        if action in {"read", "playback"}:
            return Answer()
        if action != "publish" or not path.startswith(PREFIX):
            return Answer(401)
        query = said.get("query")
        token = said.get("token") or said.get("password")
        if not token and isinstance(query, str):
            token = fields(query).get("key", "")
        wish = Wish(
            name=path.removeprefix(PREFIX),
            secret=token if isinstance(token, str) else "",
            publisher=text_of(said, "id", 60) if said.get("id") else "",
        )
        return Answer() if judge(wish) else Answer(401)

    def events(self, ask: Ask) -> list[Happening]:
        return []

    def heard(self) -> Answer:
        return Answer()

    def playback(self, name: str) -> list[PlaySource]:
        url = f"{settings.LIVE_HLS_URL}/{PREFIX}{quote(name)}/index.m3u8"
        return [PlaySource("llhls", url, 2.0), PlaySource("hls", url, 4.0)]

    def end(self, name: str, publisher: str) -> None:
        """By her own number: whoever follows her is not meant. Of one unseen no kind is known."""
        source, _came = self._source(name)
        known = _KICK.get(str(source.get("type"))) if source.get("id") == publisher else None
        for kind in [known] if known else dict.fromkeys(_KICK.values()):
            url = f"{settings.LIVE_API_URL}/v3/{kind}/kick/{quote(publisher, safe='')}"
            call(url, "POST", body=b"", missing=b"")

    def status(self, name: str, publisher: str) -> StreamStatus:
        source, came = self._source(name)
        return StreamStatus(bool(source), str(source.get("id", "")), str(came))

    def _source(self, name: str) -> tuple[dict[str, object], object]:
        """Who sends, and how many bytes have come."""
        url = f"{settings.LIVE_API_URL}/v3/paths/get/{PREFIX}{quote(name)}"
        path = call_json(url, missing=b"{}")
        source = path.get("source")
        here = path.get("available", path.get("ready")) is True
        came = path.get("inboundBytes", "")
        return (source, came) if here and isinstance(source, dict) else ({}, "")
