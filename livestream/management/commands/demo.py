"""`manage.py demo`: open the demo shop in an empty database. Only under DEBUG."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from livestream.demo import month, papers, shop, show, words
from merchants.models import Merchant


class Command(BaseCommand):
    help = "Open the demo shop, with a month of orders and three rooms."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's passwords are public: it opens only under DEBUG.")
        if Merchant.objects.exists():
            raise CommandError("There is a shop already.")
        with transaction.atomic():  # a demo cut short leaves an empty database, not half a shop
            self._open()

    def _open(self) -> None:
        merchant = shop.make_shop()
        self.stdout.write("  24 products in two stores")
        shop.make_coupons(merchant)
        papers.hand_in(merchant, by=merchant.staff.order_by("-role")[0].user)
        orders = month.make_month(merchant)
        self.stdout.write(f"  {len(orders)} orders in a month")
        words.say(merchant, orders, by=merchant.staff.order_by("-role")[0].user)
        show.past_room(merchant)
        show.live_room(merchant)
        show.scheduled_room(merchant)
        self.stdout.write("  one room live, one scheduled, one to watch again")
