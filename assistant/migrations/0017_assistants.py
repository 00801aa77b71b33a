"""Assistants that a tenant's admins compose, and the conversations that are held with them."""

from __future__ import annotations

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from governance import rls

IDS = django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list)
ADMIN = f"((SELECT chancery.has_role('tenant_admin')) OR {rls.SYSTEM})"
# Whoever is in one of its groups. An assistant that is switched off is there for those alone who compose it.
READS = f"""({ADMIN} OR (is_on AND (is_for_all OR groups && ARRAY(
    SELECT m.group_id FROM membership m
    WHERE m.tenant_id = (SELECT chancery.tenant()) AND m.person_id = (SELECT chancery.person())))))"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0016_times")]

    operations = [
        migrations.CreateModel(
            name="Composed",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=80)),
                ("summary", models.CharField(blank=True, max_length=300)),
                ("instruction", models.TextField(blank=True)),
                ("collections", IDS.clone()),
                ("model", models.CharField(blank=True, max_length=100)),
                (
                    "starters",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=300), default=list
                    ),
                ),
                ("is_for_all", models.BooleanField(default=False)),
                ("groups", IDS.clone()),
                ("is_on", models.BooleanField(default=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "assistant",
                "constraints": [models.UniqueConstraint(fields=("tenant", "name"), name="assistant_once_a_name")],
            },
        ),
        migrations.AddField("conversation", "assistant", models.UUIDField(null=True)),
        rls.isolate("assistant", read=READS, write=ADMIN),
    ]
