"""A shop with one room on air in an empty database, for a bench. Prints where it is as JSON.

DATABASE_URL=… python -m bench.air
"""

from __future__ import annotations

import json
import os
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from livestream.services.room import make_room, schedule_room, start_room  # noqa: E402
from merchants.models import User  # noqa: E402
from merchants.services.merchant import open_merchant  # noqa: E402
from merchants.services.product import VariantData, save_product  # noqa: E402


def open_room() -> dict[str, str]:
    """Everything by the verbs; answers {"merchant", "room", "cookie", "session"}."""
    owner = User.objects.create_user("bench@example.com", "bench")
    shop = open_merchant(owner=owner, name="Bench", store="One", city="Guangzhou", slug="bench")
    tea = save_product(
        merchant=shop, name="Tea", variants=[VariantData(name="50 g", sku="T50", price=6800)]
    )
    room = make_room(
        merchant=shop,
        host=shop.staff.get(),
        title="The bench is on air",
        starts_at=timezone.now() + timedelta(minutes=1),
        products=[tea],
    )
    start_room(room=schedule_room(room=room))
    session = SessionStore()
    session[SESSION_KEY] = str(owner.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = owner.get_session_auth_hash()
    session.save()
    return {
        "merchant": shop.slug,
        "room": room.public_id,
        "cookie": settings.SESSION_COOKIE_NAME,
        "session": session.session_key or "",
    }


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    print(json.dumps(open_room()))
