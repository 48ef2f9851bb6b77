"""Orders keep which request placed them, and where they went is the address book.

That an order was placed is its `placed_at`; it had a step that said so again.
"""

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


def write_first_steps(apps, schema_editor):
    step = apps.get_model("orders", "Step")
    orders = apps.get_model("orders", "Order").objects.values_list("pk", "placed_at")
    step.objects.bulk_create(
        (step(order_id=pk, state="pending_payment", at=at) for pk, at in orders.iterator()),
        batch_size=1_000,
    )
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
        migrations.RunPython(drop_first_steps, write_first_steps),
    ]
