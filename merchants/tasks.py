"""Work that runs without a request. Tasks find rows and call verbs; they hold no rules."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from merchants.services import notification


@shared_task(ignore_result=True)
def send_notifications() -> None:
    """Deliver what is due. Runs every 2 seconds; two at once share the work by claims."""
    for pk in notification.due(timezone.now()):
        notification.send(pk)
