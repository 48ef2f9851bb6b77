"""Who carries the picture: one module for each, one interface (base.py).

The embedded one is always there. LIVE_PROVIDER names one more, for apps that publish by RTMP or
WHIP.
"""

from __future__ import annotations

from functools import cache

from django.conf import settings

from livestream.media.providers.base import StreamProvider
from livestream.media.providers.embedded import Embedded
from livestream.media.providers.janus import Janus
from livestream.media.providers.mediamtx import MediaMtx
from livestream.media.providers.nginx_rtmp import NginxRtmp
from livestream.media.providers.srs import Srs
from livestream.media.providers.tencent import Tencent


@cache
def _all() -> dict[str, StreamProvider]:
    known: list[StreamProvider] = [
        *(Embedded(), NginxRtmp(), Janus(), MediaMtx(), Srs(), Tencent())
    ]
    return {provider.name: provider for provider in known}


def provider_named(name: str) -> StreamProvider:
    """Raises KeyError for a name that is none of ours."""
    return _all()[name]


def other_provider() -> StreamProvider | None:
    """The media server beside the embedded picture, if the operator has one."""
    name = settings.LIVE_PROVIDER
    return None if name == Embedded.name else provider_named(name)
