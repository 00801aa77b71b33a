from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models


def tenant():
    return models.ForeignKey(
        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
    )


def key():
    return models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("governance", "0020_search")]

    operations = [
        migrations.AddField(
            "tenant", "opening_needs_second", models.BooleanField(db_default=False, default=False)
        ),
        migrations.CreateModel(
            name="Opening",
            fields=[
                ("id", key()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("kind", models.CharField(max_length=20)),
                ("target", models.UUIDField()),
                ("asked_by", models.UUIDField()),
                ("event", models.UUIDField()),
                ("status", models.CharField(default="waiting", max_length=20)),
                ("expires_at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("tenant", tenant()),
            ],
            options={
                "db_table": "record_opening",
                "indexes": [
                    models.Index(fields=["tenant", "status", "expires_at"], name="record_opening_waiting"),
                    models.Index(fields=["tenant", "asked_by", "target"], name="record_opening_of"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["interaction", "event"]),
                            ("status__in", ["waiting", "approved", "declined"]),
                        ),
                        name="record_opening_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("status", "waiting")),
                            models.Q(
                                models.Q(("status", "waiting"), _negated=True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="record_opening_was_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="record_opening_takes_two",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", key()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("sealed", models.BinaryField()),
                ("query", models.CharField(blank=True, max_length=2000)),
                ("created_by", models.UUIDField(null=True)),
                ("hold", models.UUIDField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("tenant", tenant()),
            ],
            options={
                "db_table": "record_case",
                "indexes": [models.Index(fields=["tenant", "-created_at"], name="record_case_by_time")],
            },
        ),
        migrations.CreateModel(
            name="CaseItem",
            fields=[
                ("id", key()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("interaction", models.UUIDField()),
                ("added_by", models.UUIDField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="items",
                        to="governance.case",
                    ),
                ),
                ("tenant", tenant()),
            ],
            options={
                "db_table": "record_case_item",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "case", "interaction"), name="record_case_item_once"),
                ],
                "indexes": [models.Index(fields=["tenant", "interaction"], name="record_case_item_of")],
            },
        ),
    ]
