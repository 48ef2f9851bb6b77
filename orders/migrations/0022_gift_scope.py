"""Coupons bring gifts, are for some stores, and two may be used in one order.

What pays the parcel has a place of its own in an order from now on.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def settle(schema_editor):
    """PostgreSQL alters no table while a foreign key of it waits to be looked at."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def move_parcel_vouchers(apps, schema_editor):
    orders = apps.get_model("orders", "Order").objects
    orders.filter(voucher__coupon__kind="shipping").update(
        extra=models.F("voucher"), voucher=None
    )
    settle(schema_editor)


def move_them_back(apps, schema_editor):
    orders = apps.get_model("orders", "Order").objects
    orders.filter(extra__coupon__kind="shipping").update(voucher=models.F("extra"), extra=None)
    settle(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0017_shelf_place"),
        ("orders", "0021_dispute"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="counteruse",
            name="counter_use_saves",
        ),
        migrations.RemoveConstraint(
            model_name="coupon",
            name="coupon_takes_something_off",
        ),
        migrations.AddField(
            model_name="counteruse",
            name="gift",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="merchants.variant",
                verbose_name="gift",
            ),
        ),
        migrations.AddField(
            model_name="coupon",
            name="gift",
            field=models.ForeignKey(
                blank=True,
                help_text="One piece of it comes with the order.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="merchants.variant",
                verbose_name="gift",
            ),
        ),
        migrations.AddField(
            model_name="coupon",
            name="local",
            field=models.BooleanField(
                default=False, editable=False, verbose_name="at some stores only"
            ),
        ),
        migrations.AddField(
            model_name="coupon",
            name="stackable",
            field=models.BooleanField(default=False, verbose_name="together with another"),
        ),
        migrations.AddField(
            model_name="coupon",
            name="stores",
            field=models.ManyToManyField(blank=True, related_name="coupons", to="merchants.store"),
        ),
        migrations.AddField(
            model_name="order",
            name="extra",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders_beside",
                to="orders.voucher",
                verbose_name="parcel or gift voucher",
            ),
        ),
        migrations.AlterField(
            model_name="coupon",
            name="kind",
            field=models.CharField(
                choices=[
                    ("amount", "Money off"),
                    ("percent", "Percent off"),
                    ("shipping", "Free shipping"),
                    ("gift", "Gift"),
                ],
                default="amount",
                max_length=8,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="line",
            name="price_rule",
            field=models.CharField(
                choices=[
                    ("list", "List price"),
                    ("live", "Live price"),
                    ("flash", "Flash sale"),
                    ("gift", "Gift"),
                ],
                default="list",
                max_length=5,
                verbose_name="price rule",
            ),
        ),
        migrations.AddConstraint(
            model_name="counteruse",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("gift__isnull", True),
                        ("saving__gt", 0),
                        ("saving__lte", models.F("goods")),
                    ),
                    models.Q(("gift__isnull", False), ("saving", 0)),
                    _connector="OR",
                ),
                name="counter_use_saves",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("kind", "amount")),
                    models.Q(("kind", "percent"), ("percent__gt", 0), ("percent__lt", 100)),
                    ("kind", "shipping"),
                    models.Q(("gift__isnull", False), ("kind", "gift")),
                    _connector="OR",
                ),
                name="coupon_takes_something_off",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ["cancelled", "expired", "refunded"]), _negated=True
                ),
                fields=("extra",),
                name="one_live_order_an_extra",
            ),
        ),
        migrations.RunPython(move_parcel_vouchers, move_them_back, elidable=True),
    ]
