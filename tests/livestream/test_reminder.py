"""An address is told once, however many asked for it."""

from __future__ import annotations

import uuid

from livestream.services.reminder import announce_rooms, remind
from merchants.models import Customer, Notification


def test_an_address_stands_once_in_a_room(scheduled, dan, shop):
    others = [Customer.objects.create(merchant=shop, device=uuid.uuid4()) for _ in range(3)]
    for customer in [dan, *others]:
        remind(room=scheduled, customer=customer, email="dan@example.com", phone="", language="en")
    assert scheduled.reminders.get().customer == others[-1]
    announce_rooms(scheduled.starts_at)
    assert Notification.objects.get(kind="room_starts").to == "dan@example.com"


def test_the_other_address_of_a_row_stays(scheduled, dan, shop):
    other = Customer.objects.create(merchant=shop, device=uuid.uuid4())
    phone = "+8613800138000"
    remind(room=scheduled, customer=dan, email="dan@example.com", phone=phone, language="en")
    remind(room=scheduled, customer=other, email="dan@example.com", phone="", language="en")
    rows = scheduled.reminders.order_by("pk").values_list("email", "phone")
    assert list(rows) == [("", phone), ("dan@example.com", "")]
    announce_rooms(scheduled.starts_at)
    news = Notification.objects.filter(kind="room_starts").order_by("channel")
    assert list(news.values_list("channel", "to")) == [
        ("email", "dan@example.com"),
        ("sms", phone),
    ]
