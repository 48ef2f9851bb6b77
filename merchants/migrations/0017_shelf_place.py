from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0016_merchant_country'),
    ]

    operations = [
        migrations.AddField(
            model_name='variant',
            name='shelf_place',
            field=models.CharField(blank=True, default='', help_text='Where it lies, as a pick list names it: A2-3.', max_length=20, verbose_name='shelf place'),
        ),
    ]
