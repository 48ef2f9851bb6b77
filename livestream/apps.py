"""The show: rooms, chat, spotlights, drops, media, reminders."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LivestreamConfig(AppConfig):
    name = "livestream"
    verbose_name = _("Live rooms")

    def ready(self) -> None:
        from livestream import receivers  # noqa: F401
        from livestream.media import readiness as media
        from livestream.services import flash_first
        from merchants import readiness

        flash_first.keep()
        readiness.checks |= {"ffmpeg": media.has_ffmpeg, "disk": media.has_room}
