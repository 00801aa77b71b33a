"""Limits of groups, people, keys and models beside the tenant's, what is taken of them, prices, and who was told."""

from __future__ import annotations

import uuid
from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

DO_NOTHING = django.db.models.deletion.DO_NOTHING
ARRAY = django.contrib.postgres.fields.ArrayField
MEASURES = [("tokens", "Tokens"), ("seconds", "Seconds"), ("money", "Money")]
WINDOWS = [("day", "Day"), ("month", "Month")]


def own() -> list[tuple[str, Any]]:
    """What every row of a tenant has."""
    return [
        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
        ("created_at", models.DateTimeField(auto_now_add=True)),
        ("tenant", models.ForeignKey(on_delete=DO_NOTHING, related_name="+", to="governance.tenant")),
    ]


def to(target: str, name: str = "+", *, null: bool = False) -> Any:
    return models.ForeignKey(db_constraint=False, on_delete=DO_NOTHING, null=null, related_name=name, to=target)


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0050_access_request_isolation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("tenant", "currency", models.CharField(max_length=3, default="EUR", db_default="EUR")),
        migrations.RemoveConstraint("allowance", "allowance_once_a_key"),
        migrations.RenameField("allowance", "tokens_per_day", "most"),
        migrations.AlterField("allowance", "most", models.BigIntegerField()),
        migrations.AlterField("allowance", "key", to("governance.apikey", "allowances", null=True)),
        migrations.AddField("allowance", "group", to("governance.group", null=True)),
        migrations.AddField("allowance", "person", to(settings.AUTH_USER_MODEL, null=True)),
        migrations.AddField(
            "allowance", "model", models.CharField(max_length=100, default="", db_default="", blank=True)
        ),
        migrations.AddField("allowance", "is_each", models.BooleanField(default=False, db_default=False)),
        migrations.AddField(
            "allowance",
            "measure",
            models.CharField(max_length=10, choices=MEASURES, default="tokens", db_default="tokens"),
        ),
        migrations.AddField(
            "allowance", "per", models.CharField(max_length=10, choices=WINDOWS, default="day", db_default="day")
        ),
        migrations.AddField(
            "allowance",
            "alert_at",
            ARRAY(models.PositiveSmallIntegerField(), default=list, db_default=[], size=None),
        ),
        migrations.AddConstraint(
            "allowance",
            models.UniqueConstraint(
                fields=["tenant", "key", "group", "person", "model", "is_each", "measure", "per"],
                nulls_distinct=False,
                name="allowance_once",
            ),
        ),
        migrations.AddConstraint(
            "allowance",
            models.CheckConstraint(
                condition=models.Q(key__isnull=True, group__isnull=True, person__isnull=True)
                | models.Q(key__isnull=True, group__isnull=True, model="")
                | models.Q(key__isnull=True, person__isnull=True, model="")
                | models.Q(group__isnull=True, person__isnull=True, model=""),
                name="allowance_of_one",
            ),
        ),
        migrations.AddConstraint(
            "allowance",
            models.CheckConstraint(
                condition=models.Q(is_each=False) | models.Q(key__isnull=True, person__isnull=True, model=""),
                name="allowance_each_of_people",
            ),
        ),
        migrations.AddConstraint(
            "allowance", models.CheckConstraint(condition=models.Q(most__gte=0), name="allowance_is_an_amount")
        ),
        migrations.RemoveIndex("reservation", "reservation_by_key"),
        # What was reserved before this counts on the day on which it was made. A rewrite sees every row, whoever does it.
        migrations.AddField("reservation", "day", models.DateField(null=True)),
        migrations.RunSQL(
            "ALTER TABLE reservation ALTER COLUMN day TYPE date USING (created_at AT TIME ZONE 'UTC')::date",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField("reservation", "day", models.DateField()),
        migrations.AddField("reservation", "groups", ARRAY(models.UUIDField(), default=list, db_default=[], size=None)),
        migrations.AddField(
            "reservation", "model", models.CharField(max_length=100, default="", db_default="", blank=True)
        ),
        migrations.AddField("reservation", "reserved_ms", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField("reservation", "reserved_nanos", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField("reservation", "used_ms", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField("reservation", "used_nanos", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField("reservation", "is_asked", models.BooleanField(default=False, db_default=True)),
        migrations.AddField(
            "reservation", "owner", models.CharField(max_length=100, default="", db_default="", blank=True)
        ),
        migrations.AddField("reservation", "lease_until", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "reservation",
            models.Index(fields=["lease_until"], condition=models.Q(used=None), name="reservation_open"),
        ),
        migrations.CreateModel(
            name="Spent",
            fields=[
                *own(),
                ("day", models.DateField()),
                ("kind", models.CharField(max_length=10)),
                ("subject", models.CharField(max_length=100, blank=True)),
                ("tokens", models.BigIntegerField(default=0)),
                ("ms", models.BigIntegerField(default=0)),
                ("nanos", models.BigIntegerField(default=0)),
                ("held_tokens", models.BigIntegerField(default=0)),
                ("held_ms", models.BigIntegerField(default=0)),
                ("held_nanos", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "spent",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "kind", "subject", "day"), name="spent_once_a_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                *own(),
                ("model", models.CharField(max_length=100)),
                ("read", models.BigIntegerField()),
                ("written", models.BigIntegerField()),
            ],
            options={
                "db_table": "price",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "model"), name="price_once_a_model"),
                    models.CheckConstraint(
                        condition=models.Q(("read__gte", 0), ("written__gte", 0)), name="price_is_an_amount"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QuotaAlert",
            fields=[
                *own(),
                ("kind", models.CharField(max_length=10)),
                ("subject", models.CharField(max_length=100, blank=True)),
                ("is_each", models.BooleanField(default=False)),
                ("measure", models.CharField(max_length=10, choices=MEASURES)),
                ("per", models.CharField(max_length=10, choices=WINDOWS)),
                ("since", models.DateField()),
                ("percent", models.PositiveSmallIntegerField()),
                ("most", models.BigIntegerField()),
            ],
            options={
                "db_table": "quota_alert",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "kind", "subject", "measure", "per", "since", "percent"),
                        name="quota_alert_once",
                    )
                ],
            },
        ),
    ]
