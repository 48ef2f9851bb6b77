"""So many pieces of what the room on air shows, for a bench. Prints where to buy them as JSON.

DATABASE_URL=… python -m bench.stocked 2000
"""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from livestream.models import Room  # noqa: E402
from merchants.rules.stock import Reason  # noqa: E402
from merchants.services.stock import change_stock  # noqa: E402


def stock_up(pieces: int) -> dict[str, str]:
    room = Room.objects.select_related("merchant").get()
    variant = room.items.get().product.variants.get()
    store = room.merchant.stores.get()
    change_stock(variant=variant, store=store, delta=pieces, reason=Reason.RECEIVED, by=None)
    return {"path": f"/live/{room.public_id}/checkout/?variant={variant.pk}"}


if __name__ == "__main__":
    print(json.dumps(stock_up(int(sys.argv[1]))))
