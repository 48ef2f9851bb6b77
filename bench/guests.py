"""Cookies of guests who have chosen a nickname, for a bench. Prints them as JSON.

DATABASE_URL=… python -m bench.guests 20
"""

from __future__ import annotations

import json
import os
import sys
import uuid

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402


def make_guests(count: int) -> list[str]:
    cookies = []
    for number in range(count):
        session = SessionStore()
        session.update({"device": str(uuid.uuid4()), "nickname": f"Guest {number}"})
        session.save()
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
    return cookies


if __name__ == "__main__":
    print(json.dumps(make_guests(int(sys.argv[1]))))
