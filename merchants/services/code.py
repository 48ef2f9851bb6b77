"""Codes by text message."""

from __future__ import annotations

import logging
import uuid

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from merchants.channels import deliver
from merchants.errors import RuleBroken
from merchants.models import Notification
from merchants.rules.notification import Channel

logger = logging.getLogger(__name__)

DEVELOPMENT_GATEWAY = "merchants.channels.sms.ConsoleGateway"
NO_GATEWAY = "merchants.channels.sms.NoGateway"


class NotSent(RuleBroken):
    code = "not_sent"
    status = 503
    sentence = _("The text message did not go out. Wait a minute, then ask for a new code.")


def texts_codes() -> bool:
    """Whether a code can reach a phone: never where it would end in the log of a real house."""
    gateway = settings.SMS_GATEWAY
    return gateway != NO_GATEWAY and (settings.DEBUG or gateway != DEVELOPMENT_GATEWAY)


def send_text(*, to: str, body: str, language: str, path: str = "") -> None:
    """Hand a text message to the gateway at once. Raises NotSent.

    It is no row of the outbox: nobody who reads rows may find a code there, and one that comes
    after a few tries is of no use any more; she asks for another.
    """
    message = Notification(
        channel=Channel.SMS.value,
        key=f"{Channel.SMS.value}:code:{uuid.uuid4().hex}",
        kind="code",
        to=to,
        body=body,
        language=language,
        path=path,
    )
    if not texts_codes():
        raise NotSent
    try:
        deliver(message)
    except Exception as trouble:  # whatever the gateway raises; its words may hold the number
        logger.warning("a text message with a code failed: %s", type(trouble).__name__)
        raise NotSent from trouble
