"""E-mail."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage

from merchants.models import Notification


def send_mail(notification: Notification) -> None:
    """Send one mail. The Message-ID is the outbox key, so that a second copy is recognisable."""
    text = notification.body
    if notification.path:
        text = f"{text}\n\n{settings.SITE_URL}{notification.path}"
    name = notification.key.replace(":", ".").replace("@", ".")
    EmailMessage(
        subject=notification.subject,
        body=text,
        to=[notification.to],
        headers={"Message-ID": f"<{name}@guitai>"},
    ).send()
