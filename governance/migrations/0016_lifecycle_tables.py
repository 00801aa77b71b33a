from __future__ import annotations

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ID = ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False))
CREATED = ("created_at", models.DateTimeField(auto_now_add=True))


def tenant():
    key = models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant")
    return ("tenant", key)


class Migration(migrations.Migration):
    dependencies = [("governance", "0015_pulse")]

    operations = [
        migrations.AddField("person", "erased_at", models.DateTimeField(null=True)),
        migrations.AddField("tenant", "names_officers", models.BooleanField(default=True, db_default=True)),
        migrations.AddField("tenant", "tells_reasons", models.BooleanField(default=False, db_default=False)),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ID,
                CREATED,
                ("wanted", models.JSONField()),
                ("reason", models.CharField(max_length=500)),
                ("placed_by", models.UUIDField()),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lifted_by", models.UUIDField(null=True)),
                tenant(),
            ],
            options={"db_table": "hold"},
        ),
        migrations.CreateModel(
            name="Period",
            fields=[
                ID,
                CREATED,
                (
                    "of",
                    models.CharField(
                        choices=[
                            ("answers", "answers"),
                            ("sign_ins", "sign_ins"),
                            ("reading", "reading"),
                            ("administration", "administration"),
                            ("conversations", "conversations"),
                        ],
                        max_length=20,
                    ),
                ),
                ("days", models.PositiveIntegerField(null=True)),
                ("days_before", models.PositiveIntegerField(null=True)),
                ("changed_at", models.DateTimeField()),
                ("changed_by", models.UUIDField(null=True)),
                tenant(),
            ],
            options={
                "db_table": "retention_period",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "of"), name="retention_period_once_a_class")
                ],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ID,
                CREATED,
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("withdrawn", "Withdrawn"),
                            ("refused", "Refused"),
                            ("approved", "Approved"),
                            ("erased", "Erased"),
                        ],
                        default="requested",
                        max_length=20,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("requested_by", models.UUIDField(null=True)),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, max_length=500)),
                ("erased_at", models.DateTimeField(null=True)),
                ("event", models.UUIDField(null=True)),
                ("certificate", models.JSONField(default=dict)),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                tenant(),
            ],
            options={
                "db_table": "erasure",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["requested", "approved"])),
                        fields=("tenant", "person"),
                        name="erasure_open_once_a_person",
                    )
                ],
            },
        ),
    ]
