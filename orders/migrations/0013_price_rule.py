"""A line says which rule made its price; so far a lower one was that of a show."""

from django.db import migrations, models
from django.db.models import F


def name_live_prices(apps, schema_editor):
    lines = apps.get_model("orders", "Line").objects
    lines.filter(unit_price__lt=F("list_price")).update(price_rule="live")


class Migration(migrations.Migration):
    dependencies = [("orders", "0012_waitlist")]

    operations = [
        migrations.AddField(
            "line",
            "price_rule",
            models.CharField(
                choices=[("list", "List price"), ("live", "Live price"), ("flash", "Flash sale")],
                default="list",
                max_length=5,
                verbose_name="price rule",
            ),
        ),
        migrations.RunPython(name_live_prices, migrations.RunPython.noop, elidable=True),
    ]
