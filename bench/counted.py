"""How many hearts a room's row holds, and how many rows there are in all. Prints it as JSON."""

from __future__ import annotations

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.apps import apps  # noqa: E402

from livestream.models import Room  # noqa: E402

if __name__ == "__main__":
    models = apps.get_app_config("livestream").get_models()
    rows = sum(model._default_manager.count() for model in models)
    print(json.dumps({"likes": Room.objects.get().likes, "rows": rows}))
