"""The question sets that collections keep, and what came of asking them."""

from __future__ import annotations

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0008_understanding"),
        ("governance", "0032_one_append"),
        ("ingestion", "0013_cutting"),
    ]

    operations = [
        migrations.CreateModel(
            name="SetQuestion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("key", models.CharField(max_length=100)),
                ("question", models.TextField()),
                (
                    "documents",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("facts", models.JSONField(default=list)),
                ("is_answerable", models.BooleanField(default=True)),
                ("kind", models.CharField(blank=True, max_length=60)),
                ("language", models.CharField(blank=True, max_length=20)),
                (
                    "collection",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ingestion.collection",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "set_question",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "collection", "key"), name="set_question_key_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SetRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("started_by", models.UUIDField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("stopped", "Stopped"),
                            ("failed", "Failed"),
                        ],
                        default="running",
                        max_length=20,
                    ),
                ),
                ("has_answers", models.BooleanField(default=False)),
                ("is_automatic", models.BooleanField(default=False)),
                ("content", models.CharField(max_length=64)),
                ("made", models.JSONField(default=dict)),
                ("lines", models.JSONField(default=list)),
                ("rows", models.JSONField(default=list)),
                ("figures", models.JSONField(default=dict)),
                ("total", models.PositiveIntegerField()),
                ("done", models.PositiveIntegerField(default=0)),
                ("answer", models.UUIDField(null=True)),
                ("lease", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("looked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
                (
                    "collection",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ingestion.collection",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "set_run",
                "indexes": [models.Index(fields=["tenant", "collection", "-created_at"], name="set_run_by_time")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("tenant", "collection"),
                        name="set_run_one_at_once",
                    )
                ],
            },
        ),
    ]
