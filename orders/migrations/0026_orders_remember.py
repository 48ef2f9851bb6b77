"""Orders keep which request placed them, and where they went is the address book.

That an order was placed is its `placed_at`; it had a step that said so again. There
is no way back: the first of many steps cannot be written last.
"""

import hashlib

from django.db import migrations, models
from django.db.models import Exists, F, OuterRef


def settle(schema_editor):
    """PostgreSQL alters no table while a foreign key of it waits to be looked at."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def forget_what_was_taken_out(apps, schema_editor):
    same = ("device", "name", "phone", "region", "city", "district", "address", "postcode")
    kept = apps.get_model("orders", "Address").objects.filter(
        **{part: OuterRef(part) for part in same}
    )
    orders = apps.get_model("orders", "Order").objects
    orders.filter(~Exists(kept), device__isnull=False, store=None).update(remembered=False)
    settle(schema_editor)


def drop_first_steps(apps, schema_editor):
    steps = apps.get_model("orders", "Step").objects
    steps.filter(state="pending_payment", at=F("order__placed_at")).delete()
    settle(schema_editor)


def remember_requests(apps, schema_editor):
    """A form that was answered just before and is sent again still gets its order."""
    orders = apps.get_model("orders", "Order").objects
    answered = apps.get_model("merchants", "AnsweredRequest").objects
    for one in answered.filter(scope__startswith="checkout:").iterator():
        key = hashlib.sha256(f"{one.scope}:{one.key}".encode()).hexdigest()
        orders.filter(number=one.answer).update(request_key=key, request_mark=one.fingerprint)
    settle(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("orders", "0025_pay_first")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="remembered",
            field=models.BooleanField(default=True, editable=False),
        ),
        migrations.AddField(
            model_name="order",
            name="request_key",
            field=models.CharField(editable=False, max_length=64, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="order",
            name="request_mark",
            field=models.CharField(default="", editable=False, max_length=64),
        ),
        migrations.RunPython(forget_what_was_taken_out, migrations.RunPython.noop),
        migrations.DeleteModel(name="Address"),
        migrations.RunPython(remember_requests, migrations.RunPython.noop),
        migrations.RunPython(drop_first_steps),
    ]
