"""Replays of a draft policy: rows with a lease, seen by those who see the policy, and a door for the work that is due."""

from __future__ import annotations

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from governance import rls

SEES = (
    f"({rls.SYSTEM} OR (SELECT chancery.has_role('compliance_officer')) OR (SELECT chancery.has_role('tenant_admin')))"
)
DUE = """
SELECT r.tenant_id, r.id FROM public.policy_replay r
WHERE r.status = 'queued' OR (r.status = 'running' AND r.lease_until < now())
ORDER BY r.created_at LIMIT amount
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0024_ledger")]

    operations = [
        migrations.CreateModel(
            name="PolicyReplay",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("person", models.UUIDField()),
                ("draft", models.UUIDField()),
                ("draft_number", models.PositiveIntegerField()),
                ("draft_sha256", models.CharField(max_length=64)),
                ("rules", models.JSONField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                (
                    "stages",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("cancelled", "Cancelled"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=20,
                    ),
                ),
                ("lease", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("seen", models.PositiveIntegerField(default=0)),
                ("place", models.JSONField(default=dict)),
                ("found", models.JSONField(default=dict)),
                ("report", models.BinaryField(null=True)),
                ("report_sha256", models.CharField(default="", max_length=64)),
                ("fault", models.CharField(default="", max_length=40)),
                ("finished_at", models.DateTimeField(null=True)),
                ("signed_by", models.UUIDField(null=True)),
                ("signed_at", models.DateTimeField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "policy_replay",
                "indexes": [
                    models.Index(fields=["tenant", "-created_at"], name="policy_replay_by_time"),
                    models.Index(fields=["status", "lease_until"], name="policy_replay_due"),
                ],
            },
        ),
        migrations.RunSQL("GRANT SELECT ON policy_replay TO chancery_door", migrations.RunSQL.noop),
        rls.isolate("policy_replay", read=SEES, write=SEES),
        rls.door("chancery.due_replays(amount integer)", DUE, returns="TABLE (tenant_id uuid, id uuid)"),
    ]
