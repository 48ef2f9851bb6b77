"""A payment knows its shop: a provider's number is known once in a shop, not once in the world."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def copy_merchants(apps, schema_editor):
    orders = apps.get_model("orders", "Order").objects.filter(pk=OuterRef("order"))
    payments = apps.get_model("orders", "Payment").objects
    payments.update(merchant_id=Subquery(orders.values("merchant_id")[:1]))


class Migration(migrations.Migration):
    dependencies = [("merchants", "0016_merchant_country"), ("orders", "0009_notes")]

    operations = [
        migrations.AddField(
            "payment",
            "merchant",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="payments",
                to="merchants.merchant",
            ),
        ),
        migrations.RunPython(copy_merchants, migrations.RunPython.noop, elidable=True),
        migrations.RemoveConstraint("payment", "one_effect_per_transaction"),
        migrations.AddConstraint(
            "payment",
            models.UniqueConstraint(
                condition=models.Q(("transaction", ""), _negated=True),
                fields=("merchant", "gateway", "transaction"),
                name="one_effect_per_transaction",
            ),
        ),
    ]
