import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0028_demands_forwarding'),
        ('ingestion', '0008_faults'),
    ]

    operations = [
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('name', models.CharField(max_length=80)),
                ('kind', models.CharField(max_length=20)),
                ('settings', models.JSONField(default=dict)),
                ('secret', models.BinaryField(default=bytes)),
                ('archive', models.CharField(blank=True, max_length=200)),
                ('every_minutes', models.PositiveIntegerField(null=True)),
                ('state', models.CharField(choices=[('active', 'Active'), ('paused', 'Paused'), ('asking', 'Asking'), ('ending', 'Ending')], default='active', max_length=20)),
                ('question', models.PositiveIntegerField(default=0)),
                ('may_remove', models.BooleanField(default=False)),
                ('keeps', models.BooleanField(default=False)),
                ('cursor', models.TextField(blank=True)),
                ('run', models.UUIDField(null=True)),
                ('wanted', models.CharField(blank=True, max_length=10)),
                ('wanted_by', models.UUIDField(null=True)),
                ('next_run_at', models.DateTimeField(null=True)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('error', models.CharField(blank=True, max_length=500)),
                ('remedy', models.CharField(blank=True, max_length=500)),
                ('lease', models.UUIDField(null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('created_by', models.UUIDField(null=True)),
                ('collection', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='ingestion.collection')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='governance.tenant')),
            ],
            options={
                'db_table': 'source',
            },
        ),
        migrations.CreateModel(
            name='SourceItem',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('key', models.TextField()),
                ('name', models.CharField(max_length=255)),
                ('place', models.TextField(blank=True)),
                ('folder', models.TextField(blank=True)),
                ('size', models.PositiveBigIntegerField(null=True)),
                ('mark', models.CharField(max_length=200)),
                ('taken_mark', models.CharField(blank=True, max_length=200)),
                ('state', models.CharField(choices=[('due', 'Due'), ('here', 'Here'), ('failed', 'Failed'), ('refused', 'Refused'), ('changed', 'Changed'), ('left', 'Left'), ('going', 'Going'), ('kept', 'Kept')], default='due', max_length=20)),
                ('version', models.UUIDField(null=True)),
                ('is_forced', models.BooleanField(default=False)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('retry_at', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, max_length=500)),
                ('remedy', models.CharField(blank=True, max_length=500)),
                ('collection', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='ingestion.collection')),
                ('document', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='ingestion.document')),
                ('source', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='items', to='ingestion.source')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='governance.tenant')),
            ],
            options={
                'db_table': 'source_item',
            },
        ),
        migrations.CreateModel(
            name='SourceRun',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('what', models.CharField(max_length=10)),
                ('state', models.CharField(choices=[('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('stopped', 'Stopped')], default='running', max_length=20)),
                ('is_listed', models.BooleanField(default=False)),
                ('ended_at', models.DateTimeField(null=True)),
                ('counts', models.JSONField(default=dict)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('error', models.CharField(blank=True, max_length=500)),
                ('remedy', models.CharField(blank=True, max_length=500)),
                ('report', models.JSONField(null=True)),
                ('collection', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='ingestion.collection')),
                ('source', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='runs', to='ingestion.source')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='governance.tenant')),
            ],
            options={
                'db_table': 'source_run',
            },
        ),
        migrations.AddConstraint(
            model_name='source',
            constraint=models.UniqueConstraint(fields=('tenant', 'collection', 'name'), name='source_name_once'),
        ),
        migrations.AddIndex(
            model_name='sourceitem',
            index=models.Index(fields=['tenant', 'source', 'state'], name='source_item_by_state'),
        ),
        migrations.AddIndex(
            model_name='sourceitem',
            index=models.Index(fields=['tenant', 'document'], name='source_item_of'),
        ),
        migrations.AddConstraint(
            model_name='sourceitem',
            constraint=models.UniqueConstraint(fields=('tenant', 'source', 'key'), name='source_item_key_once'),
        ),
        migrations.AddIndex(
            model_name='sourcerun',
            index=models.Index(fields=['tenant', 'source', '-created_at'], name='source_run_by_time'),
        ),
    ]
