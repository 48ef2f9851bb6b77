"""nginx with its RTMP module (Debian: libnginx-mod-rtmp). docs/media.md has its configuration.

It asks in forms: `call` is publish (2xx lets in, 403 refuses), update_publish (403 drops her),
publish_done, record_done. The fields of the stream key's query come along. A publisher whom it
refuses because another one sends already is “done” all the same, with a `clientid` of her own.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from defusedxml import ElementTree
from django.conf import settings

from livestream.media.providers.base import (
    Answer,
    Ask,
    Caps,
    Happening,
    Judge,
    Kind,
    PlaySource,
    ProviderDown,
    PublishGrant,
    StreamStatus,
    Wish,
    text_of,
)
from livestream.media.providers.line import call

_OVER = {"publish_done": Kind.STOPPED, "record_done": Kind.RECORDED}


class NginxRtmp:
    name = "nginx_rtmp"
    # It asks again about each publisher every other second, which is as good as a status.
    caps = Caps(frozenset({"rtmp"}), frozenset({"hls", "rewind"}), records=True, polled=False)

    def issue_publish(self, name: str, secret: str, expires_at: datetime) -> PublishGrant:
        return PublishGrant("rtmp", settings.LIVE_RTMP_URL, f"{name}?key={secret}", expires_at)

    def authorise(self, ask: Ask, judge: Judge) -> Answer | None:
        said = ask.form()
        kind = said.get("call")
        if kind not in {"publish", "update_publish"}:
            return None
        wish = Wish(
            name=text_of(said, "name"),
            secret=said.get("key", ""),
            publisher=text_of(said, "clientid", 20),
            again=kind == "update_publish",
            progress=said.get("timestamp", "")[:20],  # of her newest frame
        )
        return Answer() if judge(wish) else Answer(403)

    def events(self, ask: Ask) -> list[Happening]:
        said = ask.form()
        kind = _OVER.get(said.get("call", ""))
        if kind is None:
            return []
        name, publisher = text_of(said, "name"), text_of(said, "clientid", 20)
        path = said.get("path", "")
        what = path.rsplit("/", 1)[-1] if kind is Kind.RECORDED else "done"
        return [Happening(kind, name, publisher, f"{name}/{publisher}:{what}"[:160], path)]

    def heard(self) -> Answer:
        return Answer()

    def playback(self, name: str) -> list[PlaySource]:
        """To rewind there is a list where a second application keeps the whole show."""
        sources = [PlaySource("hls", f"{settings.LIVE_HLS_URL}/{quote(name)}.m3u8", 4.0)]
        if settings.LIVE_REWIND_URL:
            url = f"{settings.LIVE_REWIND_URL}/{quote(name)}.m3u8"
            sources.append(PlaySource("rewind", url, 15.0))
        return sources

    def end(self, name: str, publisher: str) -> None:
        """Dropped by her own number: who publishes after her is not meant."""
        app = _application()
        asked = f"app={quote(app)}&name={quote(name)}&clientid={quote(publisher)}"
        call(f"{settings.LIVE_API_URL}/control/drop/client?{asked}", missing=b"0")

    def status(self, name: str, publisher: str) -> StreamStatus:
        """From its page of figures. What she sends may go on to another application there."""
        try:
            page = ElementTree.fromstring(call(f"{settings.LIVE_API_URL}/stat"))
        except ElementTree.ParseError:
            raise ProviderDown("a page of figures that cannot be read") from None
        ours = [one for one in page.iter("application") if one.findtext("name") == _application()]
        for stream in (stream for one in ours for stream in one.iter("stream")):
            if stream.findtext("name") != name:
                continue
            for client in stream.iter("client"):
                if client.find("publishing") is not None:
                    return StreamStatus(live=True, publisher=client.findtext("id") or "")
        return StreamStatus(live=False)


def _application() -> str:
    return settings.LIVE_RTMP_URL.rstrip("/").rsplit("/", 1)[-1]
