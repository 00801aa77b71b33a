from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0012_witnessed")]

    operations = [
        migrations.CreateModel(
            name="ForwardTarget",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=80)),
                ("kind", models.CharField(max_length=20)),
                ("address", models.CharField(max_length=500)),
                ("format", models.CharField(max_length=20)),
                ("secret", models.BinaryField(default=bytes)),
                ("is_enabled", models.BooleanField(default=True)),
                ("carries_words", models.BooleanField(default=False)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "forward_target",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "name"), name="forward_target_name_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ForwardCursor",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("target", models.UUIDField()),
                ("next_index", models.PositiveBigIntegerField(default=0)),
                ("next_head", models.PositiveBigIntegerField(default=1)),
                ("sent", models.PositiveBigIntegerField(default=0)),
                ("sent_at", models.DateTimeField(null=True)),
                ("lease", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("failing_since", models.DateTimeField(null=True)),
                ("last_error", models.CharField(default="", max_length=500)),
                ("next_try_at", models.DateTimeField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="governance.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "forward_cursor",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "target"), name="forward_cursor_once"),
                ],
            },
        ),
    ]
