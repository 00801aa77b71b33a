"""The tenant's glossary: read by everybody of the tenant, written by its admins."""

from __future__ import annotations

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from governance import rls

WRITES = f"((SELECT chancery.has_role('tenant_admin')) OR {rls.SYSTEM})"


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0014_by_collection")]

    operations = [
        migrations.CreateModel(
            name="GlossaryTerm",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("term", models.CharField(max_length=80)),
                ("key", models.CharField(max_length=160)),
                (
                    "meanings",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), size=None),
                ),
                ("created_by", models.UUIDField(null=True)),
                ("changed_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "glossary_term",
                "constraints": [models.UniqueConstraint(fields=["tenant", "key"], name="glossary_term_once")],
            },
        ),
        rls.isolate("glossary_term", write=WRITES),
    ]
