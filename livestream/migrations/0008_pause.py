"""How long a pause may last. What rests already has its whole hour from now on."""

from django.db import migrations, models
from django.utils import timezone


def begin_now(apps, schema_editor):
    apps.get_model("livestream", "Room").objects.filter(state="paused").update(paused_at=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ('livestream', '0007_sale_pinned'),
    ]

    operations = [
        migrations.AddField(
            model_name='room',
            name='pause_minutes',
            field=models.PositiveSmallIntegerField(default=60, help_text='Minutes after which a paused show ends by itself; 0: never.', verbose_name='waits while paused'),
        ),
        migrations.AddField(
            model_name='room',
            name='paused_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='paused'),
        ),
        migrations.RunPython(begin_now, migrations.RunPython.noop),
    ]
