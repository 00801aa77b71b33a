"""A deleted collection can come back for a while, and is then erased with a certificate that outlives it."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models

from governance import rls

SEES = (
    f"((SELECT chancery.has_role('tenant_admin')) OR (SELECT chancery.has_role('compliance_officer')) OR {rls.SYSTEM})"
)


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0015_glossary")]

    operations = [
        migrations.AddField("collection", "deleted_by", models.UUIDField(null=True)),
        migrations.AddField("collection", "purged_at", models.DateTimeField(null=True)),
        migrations.AddField("collection", "purged_by", models.UUIDField(null=True)),
        migrations.AddField("discarded", "collection", models.UUIDField(null=True)),
        migrations.CreateModel(
            name="Deletion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("collection", models.UUIDField()),
                ("name", models.CharField(max_length=200)),
                ("deleted_at", models.DateTimeField()),
                ("deleted_by", models.UUIDField(null=True)),
                ("purged_at", models.DateTimeField()),
                ("purged_by", models.UUIDField(null=True)),
                ("before", models.JSONField(default=dict)),
                ("contents", models.JSONField(default=dict)),
                ("erased_at", models.DateTimeField(null=True)),
                ("event", models.UUIDField(null=True)),
                ("certificate", models.JSONField(default=dict)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "collection_deletion",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "collection"), name="collection_deletion_once")
                ],
            },
        ),
        rls.isolate("collection_deletion", read=SEES, write=rls.SYSTEM),
    ]
