"""Refunds, the books, and the practice bank's own book."""

import django.db.models.deletion
import merchants.models.address
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0014_photo_ahead'),
        ('orders', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BankEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=40, unique=True, verbose_name='number')),
                ('transaction', models.CharField(db_index=True, max_length=64, verbose_name='transaction')),
                ('amount', models.BigIntegerField(help_text='In minor units.', verbose_name='amount')),
                ('currency', models.CharField(max_length=3)),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'practice bank entry',
                'verbose_name_plural': 'practice bank entries',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=40, verbose_name='reference')),
                ('account', models.CharField(choices=[('gateway', 'At the payment provider'), ('goods', 'Goods sold'), ('shipping', 'Shipping'), ('refunds', 'Refunds'), ('surplus', 'Paid too much, to go back')], max_length=8, verbose_name='account')),
                ('amount', models.BigIntegerField(help_text='In minor units.', verbose_name='amount')),
                ('currency', models.CharField(max_length=3)),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'ledger entry',
                'verbose_name_plural': 'ledger entries',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=merchants.models.address.secret_id, editable=False, max_length=16, unique=True)),
                ('kind', models.CharField(choices=[('money', 'Money back'), ('return', 'Send back, then money back'), ('goodwill', 'Part of the money'), ('surplus', 'Paid too much')], max_length=8, verbose_name='kind')),
                ('state', models.CharField(choices=[('requested', 'Requested'), ('approved', 'Agreed'), ('awaiting_return', 'To be sent back'), ('returned', 'Came back'), ('refunded', 'Refunded'), ('refused', 'Not agreed'), ('withdrawn', 'Withdrawn')], max_length=16, verbose_name='state')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('amount', models.PositiveBigIntegerField(help_text='In minor units.', verbose_name='amount')),
                ('shipping', models.PositiveBigIntegerField(default=0, help_text='In minor units.', verbose_name='of it shipping')),
                ('currency', models.CharField(max_length=3)),
                ('unsent', models.BooleanField(default=False, verbose_name='goods not sent yet')),
                ('reason', models.CharField(blank=True, choices=[('wrong', 'Ordered the wrong thing'), ('unwanted', 'Do not want it any more'), ('late', 'It takes too long'), ('broken', 'Broken or spoilt'), ('differs', 'Not as it was shown'), ('missing', 'Something is missing'), ('other', 'Something else')], max_length=10, verbose_name='reason')),
                ('words', models.CharField(blank=True, max_length=200, verbose_name='in her words')),
                ('answer', models.CharField(blank=True, max_length=200, verbose_name="the shop's answer")),
                ('carrier', models.CharField(blank=True, choices=[('sf', '顺丰速运'), ('yto', '圆通速递'), ('zto', '中通快递'), ('jd', '京东物流'), ('ems', 'EMS')], max_length=10, verbose_name='carrier')),
                ('tracking_number', models.CharField(blank=True, max_length=32, verbose_name='tracking number')),
                ('money', models.CharField(choices=[('none', 'Not yet'), ('processing', 'On its way'), ('done', 'Done'), ('failed', 'Failed, is tried again')], default='none', max_length=10, verbose_name='money')),
                ('transaction', models.CharField(blank=True, max_length=64, verbose_name='transaction')),
                ('trouble', models.CharField(blank=True, max_length=200, verbose_name='what the gateway says')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='tries')),
                ('next_try_at', models.DateTimeField(blank=True, null=True, verbose_name='next try')),
                ('requested_at', models.DateTimeField(verbose_name='requested')),
                ('answer_by', models.DateTimeField(blank=True, null=True, verbose_name='to be answered by')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='money went back')),
            ],
            options={
                'verbose_name': 'refund',
                'verbose_name_plural': 'refunds',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='RefundPiece',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField(verbose_name='quantity')),
                ('amount', models.PositiveBigIntegerField(verbose_name='amount')),
            ],
            options={
                'verbose_name': 'refunded pieces',
                'verbose_name_plural': 'refunded pieces',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='RefundStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('requested', 'Requested'), ('approved', 'Agreed'), ('awaiting_return', 'To be sent back'), ('returned', 'Came back'), ('refunded', 'Refunded'), ('refused', 'Not agreed'), ('withdrawn', 'Withdrawn')], max_length=16, verbose_name='state')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'step',
                'verbose_name_plural': 'steps',
                'ordering': ['pk'],
            },
        ),
        migrations.AddField(
            model_name='line',
            name='asked_back',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='asked back'),
        ),
        migrations.AddField(
            model_name='line',
            name='called_off',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='called off'),
        ),
        migrations.AddField(
            model_name='payment',
            name='paid_back',
            field=models.PositiveBigIntegerField(default=0, editable=False, verbose_name='paid back'),
        ),
        migrations.AlterField(
            model_name='line',
            name='state',
            field=models.CharField(choices=[('pending_payment', 'Unpaid'), ('paid', 'To ship'), ('shipped', 'Shipped'), ('ready_for_pickup', 'Ready to collect'), ('delivered', 'Delivered'), ('collected', 'Collected'), ('completed', 'Completed'), ('cancelled', 'Cancelled'), ('expired', 'Expired'), ('refunded', 'Refunded')], default='pending_payment', max_length=16, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='order',
            name='state',
            field=models.CharField(choices=[('pending_payment', 'Unpaid'), ('paid', 'To ship'), ('shipped', 'Shipped'), ('ready_for_pickup', 'Ready to collect'), ('delivered', 'Delivered'), ('collected', 'Collected'), ('completed', 'Completed'), ('cancelled', 'Cancelled'), ('expired', 'Expired'), ('refunded', 'Refunded'), ('partly_shipped', 'Partly shipped')], default='pending_payment', editable=False, max_length=16, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='step',
            name='state',
            field=models.CharField(choices=[('pending_payment', 'Unpaid'), ('paid', 'To ship'), ('shipped', 'Shipped'), ('ready_for_pickup', 'Ready to collect'), ('delivered', 'Delivered'), ('collected', 'Collected'), ('completed', 'Completed'), ('cancelled', 'Cancelled'), ('expired', 'Expired'), ('refunded', 'Refunded'), ('partly_shipped', 'Partly shipped')], max_length=16, verbose_name='state'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.CheckConstraint(condition=models.Q(('called_off__lte', models.F('asked_back')), ('asked_back__lte', models.F('quantity'))), name='no_piece_back_twice'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('paid_back__lte', models.F('amount'))), name='never_back_more_than_paid'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='merchant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ledger', to='merchants.merchant'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ledger', to='orders.order'),
        ),
        migrations.AddField(
            model_name='refund',
            name='merchant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='merchants.merchant'),
        ),
        migrations.AddField(
            model_name='refund',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.order'),
        ),
        migrations.AddField(
            model_name='refund',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.payment'),
        ),
        migrations.AddField(
            model_name='refundpiece',
            name='line',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.line'),
        ),
        migrations.AddField(
            model_name='refundpiece',
            name='refund',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pieces', to='orders.refund'),
        ),
        migrations.AddField(
            model_name='refundstep',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='refundstep',
            name='refund',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='orders.refund'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['merchant', 'at'], name='orders_ledg_merchan_d3ede7_idx'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.UniqueConstraint(fields=('reference', 'account'), name='entry_once'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='entry_moves_something'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['merchant', 'state'], name='orders_refu_merchan_ec418d_idx'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(models.F('next_try_at'), condition=models.Q(('money__in', ['processing', 'failed'])), name='refund_money_due'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('unsent', True), _connector='OR'), name='refund_gives_something'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'surplus')), fields=('payment',), name='surplus_goes_back_once'),
        ),
        migrations.AddConstraint(
            model_name='refundpiece',
            constraint=models.UniqueConstraint(fields=('refund', 'line'), name='refund_line_once'),
        ),
        migrations.AddConstraint(
            model_name='refundpiece',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='refund_has_pieces'),
        ),
    ]
