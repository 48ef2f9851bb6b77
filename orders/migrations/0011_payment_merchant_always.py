"""Every payment has its shop. Apart from the copying: PostgreSQL alters no table with news pending."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0010_payment_merchant")]

    operations = [
        migrations.AlterField(
            "payment",
            "merchant",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="payments",
                to="merchants.merchant",
            ),
        ),
    ]
