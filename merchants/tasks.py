"""Work that runs without a request. Tasks find rows and call verbs; they hold no rules."""

from __future__ import annotations

import threading

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from merchants.services import (
    import_run,
    importing,
    level,
    notification,
    photo,
    photo_ahead,
    user,
)
from merchants.services.request import forget_answers

_sending, _settling, _developing = threading.Lock(), threading.Lock(), threading.Lock()


@shared_task(ignore_result=True)
def send_notifications() -> None:
    """Deliver what is due. Runs every 2 seconds; two processes share the work by claims.

    One run at a time in a process: a gateway that hangs holds one thread of the worker and never
    all of them, so orders still expire and rooms are still swept.
    """
    if not _sending.acquire(blocking=False):
        return
    try:
        for pk in notification.due(timezone.now()):
            notification.send(pk)
    finally:
        _sending.release()


@shared_task(ignore_result=True)
def settle_levels() -> None:
    """Count what lists sort by, where stock moved. Every 2 seconds, one run in a process."""
    if not _settling.acquire(blocking=False):
        return
    try:
        level.settle_levels()
    finally:
        _settling.release()


@shared_task(ignore_result=True)
def develop_photos() -> None:
    """Make pictures of the uploads that wait. Every second; one at a time in a process, for a
    large photo takes a few hundred megabytes while it is open."""
    if not _developing.acquire(blocking=False):
        return
    try:
        for pk in photo.due(timezone.now()):
            photo.develop_photo(pk)
    finally:
        _developing.release()


@shared_task(ignore_result=True)
def run_imports() -> None:
    """Check, apply and undo what waits for it. Every 2 seconds."""
    for pk in importing.due(timezone.now()):
        import_run.run(pk)


@shared_task(ignore_result=True)
def purge() -> None:
    """Forget ended sessions, answers nobody will ask for again, numbers nobody confirmed, photos
    whose product never came, and old sheets. Hourly."""
    call_command("clearsessions")
    forget_answers(timezone.now())
    user.forget_claims(timezone.now())
    photo_ahead.forget_ahead(timezone.now())
    importing.forget_imports(timezone.now())
