"""Gateways through which news leaves the house: one function per channel."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from merchants.channels.mail import send_mail
from merchants.models import Notification
from merchants.rules.notification import Channel


def deliver(notification: Notification) -> None:
    """Hand one piece of news to its gateway. Raises whatever the gateway raises."""
    match Channel(notification.channel):
        case Channel.EMAIL:
            send_mail(notification)
        case Channel.SMS:
            import_string(settings.SMS_GATEWAY)().send(notification)
        case Channel.IN_APP:
            return  # the row is the delivery
