"""Programs of the house as actors of their own, and what a key of theirs is narrowed by."""

from __future__ import annotations

import uuid
from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

DO_NOTHING = django.db.models.deletion.DO_NOTHING
ARRAY = django.contrib.postgres.fields.ArrayField


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
    dependencies = [("governance", "0041_saml_isolation")]

    operations = [
        migrations.AddField("person", "is_service", models.BooleanField(default=False, db_default=False)),
        migrations.AddField("tenant", "allows_personal_keys", models.BooleanField(default=True, db_default=True)),
        migrations.AddField("tenant", "key_days_max", models.PositiveSmallIntegerField(default=366, db_default=366)),
        migrations.AddField("reservation", "key", models.UUIDField(null=True)),
        migrations.AddIndex(
            "reservation", models.Index(fields=["tenant", "key", "created_at"], name="reservation_by_key")
        ),
        migrations.AddField("apikey", "last_used_from", models.GenericIPAddressField(null=True)),
        migrations.AddField(
            "apikey", "allowed", ARRAY(models.CharField(max_length=43), default=list, db_default=[], size=None)
        ),
        migrations.AddField("apikey", "per_minute", models.PositiveIntegerField(null=True)),
        migrations.AddField("apikey", "replaced_by", models.UUIDField(null=True)),
        migrations.AddField("apikey", "warned_at", models.DateTimeField(null=True)),
        migrations.AddField("apikey", "parent", to("governance.apikey", "exchanged", null=True)),
        migrations.AddField("apikey", "service", to(settings.AUTH_USER_MODEL, null=True)),
        migrations.AddIndex("apikey", models.Index(fields=["tenant", "service"], name="api_key_by_service")),
        migrations.AddConstraint(
            "apikey",
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True, service__isnull=True)
                | models.Q(parent__isnull=False, service__isnull=False),
                name="api_key_acts_through_one",
            ),
        ),
        migrations.CreateModel(
            name="ServiceAccount",
            fields=[
                *own(),
                ("purpose", models.CharField(max_length=500)),
                (
                    "acts_for",
                    models.CharField(
                        choices=[("nobody", "Nobody"), ("group", "Group"), ("everybody", "Everybody")],
                        default="nobody",
                        max_length=20,
                    ),
                ),
                ("audiences", ARRAY(models.CharField(max_length=200), default=list, size=None)),
                ("acts_for_group", to("governance.group", null=True)),
                ("owner", to(settings.AUTH_USER_MODEL)),
                ("person", to(settings.AUTH_USER_MODEL, "service_accounts")),
            ],
            options={"db_table": "service_account"},
        ),
        migrations.CreateModel(
            name="Allowance",
            fields=[
                *own(),
                ("tokens_per_day", models.PositiveIntegerField()),
                ("key", to("governance.apikey", "allowances")),
            ],
            options={"db_table": "allowance"},
        ),
        migrations.CreateModel(
            name="Acting",
            fields=[
                *own(),
                ("last_at", models.DateTimeField()),
                ("times", models.PositiveIntegerField(default=1)),
                ("person", to(settings.AUTH_USER_MODEL)),
                ("service", to(settings.AUTH_USER_MODEL)),
            ],
            options={"db_table": "acting"},
        ),
        migrations.AddConstraint(
            "serviceaccount", models.UniqueConstraint(fields=["tenant", "person"], name="service_account_once")
        ),
        migrations.AddConstraint(
            "allowance", models.UniqueConstraint(fields=["tenant", "key"], name="allowance_once_a_key")
        ),
        migrations.AddConstraint(
            "acting", models.UniqueConstraint(fields=["tenant", "person", "service"], name="acting_once_a_pair")
        ),
    ]
