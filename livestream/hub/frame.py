"""How a WebSocket text frame looks on the wire. Pure: the hub encodes once for every viewer."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_FINAL_TEXT = 0x81
Encoded = tuple[bytes, str]  # for a transport, and for servers that want text


@dataclass(frozen=True)
class Frame:
    """One tick: what everybody gets, and what staff get. Empty if there is nothing for them."""

    public: Encoded
    staff: Encoded


def frame_of(events: Sequence[tuple[str, bool]]) -> Frame:
    """A frame of (event text, staff only?), encoded twice only if it has to be."""
    everything = _encoded([text for text, _ in events])
    public = [text for text, staff_only in events if not staff_only]
    if len(public) == len(events):
        return Frame(everything, everything)
    return Frame(_encoded(public) if public else (b"", ""), everything)


def _encoded(events: Sequence[str]) -> Encoded:
    text = gather(events)
    return text_frame(text), text


def gather(events: Sequence[str]) -> str:
    """One message for what happened in a tick: the event itself, or an array of several."""
    return events[0] if len(events) == 1 else "[" + ",".join(events) + "]"


def text_frame(text: str) -> bytes:
    """An unmasked, uncompressed text frame, as a server sends it (RFC 6455, 5.2)."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", _FINAL_TEXT, size)
    elif size < 65_536:
        head = struct.pack("!BBH", _FINAL_TEXT, 126, size)
    else:
        head = struct.pack("!BBQ", _FINAL_TEXT, 127, size)
    return head + payload
