"""SRS: RTMP and WHIP in, HLS out. It posts JSON and reads `{"code": 0}` as yes.

Of a stream that came by RTMP `param` begins with a question mark; of one by WHIP it does not, and
holds app and stream as well.
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
    Kind,
    PlaySource,
    PublishGrant,
    StreamStatus,
    Wish,
    fields,
    text_of,
)
from livestream.media.providers.line import call, call_json

YES = Answer(200, '{"code": 0}', "application/json")
NO = Answer(403, '{"code": 403}', "application/json")


class Srs:
    name = "srs"
    caps = Caps(frozenset({"rtmp", "whip"}), frozenset({"hls"}), records=True)

    def issue_publish(self, name: str, secret: str, expires_at: datetime) -> PublishGrant:
        return PublishGrant("rtmp", settings.LIVE_RTMP_URL, f"{name}?key={secret}", expires_at)

    def authorise(self, ask: Ask, judge: Judge) -> Answer | None:
        said = ask.json()
        if said.get("action") != "on_publish":
            return None
        param = said.get("param")
        wish = Wish(
            name=text_of(said, "stream"),
            secret=fields(param).get("key", "") if isinstance(param, str) else "",
            publisher=text_of(said, "client_id", 60),
        )
        return YES if judge(wish) else NO

    def events(self, ask: Ask) -> list[Happening]:
        said = ask.json()
        name, publisher = text_of(said, "stream"), text_of(said, "client_id", 60)
        match said.get("action"):
            case "on_unpublish":
                return [Happening(Kind.STOPPED, name, publisher, f"{publisher}:unpublish")]
            case "on_dvr":
                path = text_of(said, "file")
                event_id = f"{publisher}:{path.rsplit('/', 1)[-1]}"[:160]
                return [Happening(Kind.RECORDED, name, publisher, event_id, path)]
        return []

    def heard(self) -> Answer:
        return YES

    def playback(self, name: str) -> list[PlaySource]:
        return [PlaySource("hls", f"{settings.LIVE_HLS_URL}/{quote(name)}.m3u8", 6.0)]

    def end(self, name: str, publisher: str) -> None:
        call(self._client(publisher), "DELETE", missing=b"")

    def status(self, name: str, publisher: str) -> StreamStatus:
        said = call_json(self._client(publisher), missing=b"{}")
        client = said.get("client")
        if not isinstance(client, dict) or client.get("publish") is not True:
            return StreamStatus(live=False)
        return StreamStatus(True, publisher, str(client.get("recv_bytes", "")))

    def _client(self, publisher: str) -> str:
        return f"{settings.LIVE_API_URL}/api/v1/clients/{quote(publisher, safe='')}"
