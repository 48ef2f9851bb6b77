"""Each voucher's code is its own. Apart from giving them: PostgreSQL alters no table with news
pending."""

from django.db import migrations, models

import orders.models.coupon


class Migration(migrations.Migration):
    dependencies = [("orders", "0014_counter_use")]

    operations = [
        migrations.AlterField(
            "voucher",
            "code",
            models.CharField(
                default=orders.models.coupon.voucher_code,
                editable=False,
                max_length=12,
                unique=True,
            ),
        ),
    ]
