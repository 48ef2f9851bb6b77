"""Session descriptions: what an offer by WHIP must hold, and the one by which ffmpeg listens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_NEEDED = ("\nm=video ", "\na=ice-ufrag:", "\na=fingerprint:")
_CODECS = {"h264": "H264/90000", "vp8": "VP8/90000", "opus": "opus/48000/2"}


@dataclass(frozen=True)
class Track:
    """One kind of media as it comes to us: her `mid`, to a port of this machine."""

    kind: str  # "video" or "audio"
    mid: str
    codec: str  # "h264", "vp8" or "opus"
    port: int

    @property
    def payload(self) -> int:
        """The number that its packets carry."""
        return 96 if self.kind == "video" else 97


def is_offer(text: str) -> bool:
    """Whether it offers a picture over WebRTC at all. The media server reads it more closely."""
    return text.startswith("v=0") and all(line in text for line in _NEEDED)


def listening(tracks: Iterable[Track]) -> str:
    """Where packets of these tracks arrive, as ffmpeg reads it."""
    lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
    for track in tracks:
        lines.append(f"m={track.kind} {track.port} RTP/AVP {track.payload}")
        lines.append(f"a=rtpmap:{track.payload} {_CODECS[track.codec]}")
        if track.codec == "h264":
            lines.append(f"a=fmtp:{track.payload} packetization-mode=1")
    return "\r\n".join([*lines, ""])


def carries(codec: str) -> bool:
    """Whether we can take media of this codec further."""
    return codec in _CODECS
