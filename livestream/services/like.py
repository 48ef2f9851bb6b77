"""Likes: counted by the hub, folded here into the room's row."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from livestream.models import Room
from livestream.rules.room import ON_AIR
from livestream.services.presence import note_minute


@transaction.atomic
def fold(*, room_id: int, likes: int, peak: int) -> None:
    """Add what was tapped since the last fold, and raise the most viewers ever if they are more."""
    Room.objects.filter(pk=room_id).update(
        likes=F("likes") + likes, viewers_peak=Greatest(F("viewers_peak"), peak)
    )
    if likes and Room.objects.filter(pk=room_id, state__in=ON_AIR).exists():
        note_minute(room_id, timezone.now(), likes=likes)
