"""The one ASGI entry: media first, then pages and sockets, with the clock beside them.

/hls/…   -> livestream.media.edge     bare ASGI, never a Django view: eighteen times cheaper
/whip/…  -> livestream.consumers.whip apps that publish by WebRTC; it holds their lines to Janus
/static/ -> config.static            the same, for a page has dozens of them
http     -> Django
websocket-> origin check -> session -> livestream.routing
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()  # loads the apps: the imports below need them

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from config.clock import scheduled  # noqa: E402
from config.garbage import Sparing  # noqa: E402
from config.limit import within  # noqa: E402
from config.static import static_files  # noqa: E402
from livestream import broadcast, hub  # noqa: E402
from livestream.consumers import relay, whip  # noqa: E402
from livestream.media import edge, film  # noqa: E402
from livestream.routing import websocket_urlpatterns  # noqa: E402

static = static_files()
sockets = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Hand a connection to whoever serves it."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await sockets(scope, receive, send)
    elif scope["path"].startswith(edge.PREFIX):
        await edge.serve(scope, receive, send)
    elif scope["path"].startswith(whip.PREFIX):
        await whip.serve(scope, receive, send)
    elif scope["path"].startswith(settings.STATIC_URL):
        await static(scope, receive, send)
    else:
        await within(pages, scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    clock = scheduled() if settings.EMBEDDED else None
    while (message := await receive())["type"] != "lifespan.shutdown":
        if message["type"] == "lifespan.startup":
            broadcast.attach()  # before any page: a silent Redis must never make a sale wait (P13)
            if clock is not None:
                clock.start()
            Sparing().begin()
            await send({"type": "lifespan.startup.complete"})
    await relay.close_all()
    await hub.close_all()  # likes of the last two seconds become rows
    if clock is not None:
        film.give_up()
        await asyncio.to_thread(clock.stop)
    await send({"type": "lifespan.shutdown.complete"})
