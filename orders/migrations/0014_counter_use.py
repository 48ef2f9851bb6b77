"""Vouchers have a code that a clerk can scan, and may be used up at the counter."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import orders.models.coupon


def give_codes(apps, schema_editor):
    vouchers = apps.get_model("orders", "Voucher").objects
    some = []
    for voucher in vouchers.filter(code=None).only("pk").iterator(2000):
        voucher.code = orders.models.coupon.voucher_code()
        some.append(voucher)
        if len(some) == 500:
            vouchers.bulk_update(some, ["code"])
            some = []
    vouchers.bulk_update(some, ["code"])


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0016_merchant_country"),
        ("orders", "0013_price_rule"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "voucher", "code", models.CharField(max_length=12, null=True, editable=False)
        ),
        migrations.RunPython(give_codes, migrations.RunPython.noop, elidable=True),
        migrations.CreateModel(
            name="CounterUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "goods",
                    models.PositiveBigIntegerField(
                        help_text="In minor units.", verbose_name="goods"
                    ),
                ),
                ("saving", models.PositiveBigIntegerField(verbose_name="taken off")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="undone")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="merchants.store",
                    ),
                ),
                (
                    "voucher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="counter_uses",
                        to="orders.voucher",
                    ),
                ),
            ],
            options={
                "verbose_name": "use at the counter",
                "verbose_name_plural": "uses at the counter",
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at", None)),
                        fields=("voucher",),
                        name="voucher_at_one_counter",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("saving__gt", 0), ("saving__lte", models.F("goods"))),
                        name="counter_use_saves",
                    ),
                ],
            },
        ),
    ]
