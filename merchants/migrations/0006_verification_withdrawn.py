from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("merchants", "0005_moving_in")]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="action",
            field=models.CharField(
                choices=[
                    ("verification.submitted", "Verification handed in"),
                    ("verification.approved", "Verification approved"),
                    ("verification.withdrawn", "Verification taken back"),
                    ("verification.rejected", "Verification rejected"),
                    ("staff.joined", "Joined the staff"),
                    ("staff.changed", "Staff place changed"),
                    ("staff.removed", "Removed from the staff"),
                    ("goods.changed", "Several goods changed"),
                    ("stocktake.applied", "Stocktake booked"),
                ],
                max_length=30,
                verbose_name="action",
            ),
        )
    ]
