"""The addresses of the sockets."""

from __future__ import annotations

from django.urls import path

from livestream.consumers.dashboard import DashboardConsumer
from livestream.consumers.publish import PublishConsumer
from livestream.consumers.room import room_socket

websocket_urlpatterns = [
    path("ws/live/<slug:room>/", room_socket),  # type: ignore[arg-type]  # an ASGI application
    path("ws/publish/<slug:room>/", PublishConsumer.as_asgi()),
    path("ws/dashboard/<slug:merchant>/", DashboardConsumer.as_asgi()),
]
