"""What every carrier of the picture can be asked, and the words it answers with.

A provider is a translator: it knows how one media server asks, tells, plays and sends away. It
holds no rule and touches no row; `services/stream_key.py` and `services/stream_event.py` decide.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import parse_qs

LARGEST = 64 * 1024  # bytes that a media server may tell at once


class Forged(Exception):
    """It does not come from our media server: wrong token, wrong signature, or too late."""


class Unreadable(ValueError):
    """It is not what this media server sends."""


class ProviderDown(ConnectionError):
    """The media server does not answer, or answers that it cannot."""


class Kind(StrEnum):
    STARTED = "started"
    STOPPED = "stopped"
    RECORDED = "recorded"


@dataclass(frozen=True)
class Ask:
    """One request of a media server, read once. Header names are in lower case."""

    method: str = "POST"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def form(self) -> dict[str, str]:
        return fields(self.body.decode("utf-8", "replace"))

    def json(self) -> dict[str, Any]:
        """Raises Unreadable."""
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unreadable from None
        if not isinstance(said, dict):
            raise Unreadable
        return said


@dataclass(frozen=True)
class Answer:
    """What the media server reads as yes or no."""

    status: int = 200
    body: str = ""
    content_type: str = "text/plain"


@dataclass(frozen=True)
class Wish:
    """Somebody wants to publish `name` with `secret`; `publisher` is what the server calls her.

    Without a publisher only the key is asked about, and nothing begins. `again`: she publishes
    already, and may she go on? `progress` is another with each bit of media that has come; empty
    where the server does not say.
    """

    name: str
    secret: str
    publisher: str
    again: bool = False
    progress: str = ""


@dataclass(frozen=True)
class Happening:
    """Something happened to a stream. `event_id` is the same however often it is told."""

    kind: Kind
    name: str
    publisher: str
    event_id: str
    path: str = ""


@dataclass(frozen=True)
class PublishGrant:
    """What is typed into the other app. `key` is a secret: shown once, kept nowhere."""

    protocol: str
    server: str
    key: str
    expires_at: datetime


@dataclass(frozen=True)
class PlaySource:
    """One way to watch, the nearest to now first."""

    protocol: str  # "llhls", "hls", "sound" (without the picture) or "rewind" (from the beginning)
    url: str
    seconds: float  # from the lens to the eye, about


@dataclass(frozen=True)
class StreamStatus:
    """Whether `publisher` sends a stream now; `progress` as in a Wish."""

    live: bool
    publisher: str = ""
    progress: str = ""


@dataclass(frozen=True)
class Caps:
    """What a provider can do."""

    ingest: frozenset[str]  # ws, rtmp, whip
    play: frozenset[str]  # protocols of its PlaySources
    records: bool = False
    polled: bool = True  # status() answers; otherwise its own questions keep us informed
    ours: bool = False  # its picture is written to the room's own directory, and played from there
    asks: bool = True  # before it lets anybody in; else the address itself is the permission


Judge = Callable[[Wish], bool]


class StreamProvider(Protocol):
    """A carrier of the picture. Everything may raise ProviderDown where it asks the server."""

    name: str
    caps: Caps

    def issue_publish(self, name: str, secret: str, expires_at: datetime) -> PublishGrant:
        """What to type into an app that publishes stream `name`."""

    def authorise(self, ask: Ask, judge: Judge) -> Answer | None:
        """Answer the server's question whether somebody may publish; None if it asks nothing.

        Raises Forged, Unreadable.
        """

    def events(self, ask: Ask) -> list[Happening]:
        """What the server tells, in our words. Raises Forged, Unreadable."""

    def heard(self) -> Answer:
        """What the server wants to read after it has told something."""

    def playback(self, name: str) -> list[PlaySource]:
        """How viewers get stream `name`."""

    def end(self, name: str, publisher: str) -> None:
        """Send the publisher away. Safe to call again.

        Where nobody is asked the name is forbidden, for good: whoever has its address stays out.
        """

    def status(self, name: str, publisher: str) -> StreamStatus:
        """Ask the server: news gets lost."""


def fields(text: str) -> dict[str, str]:
    """The first value of each field of a query, with or without its question mark."""
    pairs = parse_qs(text.removeprefix("?"), keep_blank_values=True, max_num_fields=60)
    return {name: values[0] for name, values in pairs.items()}


def same(one: str, other: str) -> bool:
    """Equal, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def text_of(said: Mapping[str, Any], name: str, longest: int = 300) -> str:
    """A field that has to be a word or a number. Raises Unreadable."""
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable(name)
    if len(str(value)) > longest:
        raise Unreadable(name)
    return str(value)
