"""Texts to ask with: each person's own, and those that they give to everybody in their organisation."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance import rls

READS = f"({rls.OWN} OR is_shared)"
# An admin may take away what stands before everybody, and no more.
WRITES = f"({rls.OWN} OR (is_shared AND (SELECT chancery.has_role('tenant_admin'))))"


class Migration(migrations.Migration):
    dependencies = [("assistant", "0013_shares"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="SavedPrompt",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=80)),
                ("text", models.TextField()),
                ("is_shared", models.BooleanField(default=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "db_table": "saved_prompt",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "person", "name"), name="saved_prompt_once_a_person")
                ],
            },
        ),
        rls.same_tenant("saved_prompt", "person_id", "person"),
        rls.isolate("saved_prompt", read=READS, write=WRITES),
    ]
