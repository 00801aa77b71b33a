"""Policy as versions: sets of rules with a hash, of which one is in force. The rules that tenants have become their first.

What was published cannot be changed or deleted, whoever writes: replay and receipts point at it.
"""

from __future__ import annotations

import hashlib
import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import rfc8785
from django.db import migrations, models
from django.utils import timezone

from governance import rls

ADMINS = f"({rls.SYSTEM} OR (SELECT chancery.has_role('tenant_admin')))"
READERS = f"(state = 'published' OR {ADMINS} OR (SELECT chancery.has_role('compliance_officer')))"

FIXED = """
CREATE FUNCTION chancery.keep_policy_version() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.state <> 'draft' AND (
        (NEW.rules, NEW.sha256, NEW.number, NEW.note, NEW.based_on, NEW.restores, NEW.authors)
            IS DISTINCT FROM
        (OLD.rules, OLD.sha256, OLD.number, OLD.note, OLD.based_on, OLD.restores, OLD.authors)
        OR (NEW.tenant_id, NEW.made_by, NEW.submitted_by, NEW.submitted_at, NEW.published_by, NEW.published_at)
            IS DISTINCT FROM
        (OLD.tenant_id, OLD.made_by, OLD.submitted_by, OLD.submitted_at, OLD.published_by, OLD.published_at)
        OR (NEW.state <> OLD.state AND (OLD.state, NEW.state) <> ('published', 'superseded'))
    )) THEN
        RAISE EXCEPTION 'a version of the policy that is no draft stays as it is' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON policy_version
    FOR EACH ROW EXECUTE FUNCTION chancery.keep_policy_version();
ALTER TABLE policy_version ENABLE ALWAYS TRIGGER keep;
"""
RELEASED = "DROP TRIGGER keep ON policy_version; DROP FUNCTION chancery.keep_policy_version()"

# The owner sees every tenant's rows only while row-level security is not forced on it.
OPEN = "ALTER TABLE policy_rule NO FORCE ROW LEVEL SECURITY"


def convert(apps, schema_editor):
    rules, versions = apps.get_model("governance", "PolicyRule"), apps.get_model("governance", "PolicyVersion")
    found = {}
    for row in rules.objects.order_by("tenant_id", "name"):
        found.setdefault(row.tenant_id, []).append(document(row))
    for tenant, documents in found.items():
        versions.objects.create(
            tenant_id=tenant,
            number=1,
            state="published",
            rules=documents,
            sha256=hashlib.sha256(rfc8785.dumps({"v": 1, "rules": documents})).hexdigest(),
            published_at=timezone.now(),
        )
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def document(row):
    """A rule as it is stored and hashed from now on."""
    return {
        "name": row.name,
        "stages": sorted(row.stages),
        "detector": row.detector,
        "options": row.options,
        "threshold": row.threshold,
        "action": row.action,
        "message": row.message,
        "scope": {"collections": [], "groups": []},
        "on_failure": None,
        "is_enabled": row.is_enabled,
        "fixtures": [],
    }


class Migration(migrations.Migration):
    dependencies = [("governance", "0018_verification")]

    operations = [
        migrations.AddField("tenant", "policy_needs_second", models.BooleanField(default=False, db_default=False)),
        migrations.RenameField("policydecision", "rule_version", "policy_version"),
        migrations.AddField("policydecision", "policy_sha256", models.CharField(default="", max_length=64)),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("number", models.PositiveIntegerField()),
                ("state", models.CharField(max_length=20)),
                ("rules", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("based_on", models.PositiveIntegerField(null=True)),
                ("restores", models.PositiveIntegerField(null=True)),
                ("made_by", models.UUIDField(null=True)),
                (
                    "authors",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("submitted_by", models.UUIDField(null=True)),
                ("submitted_at", models.DateTimeField(null=True)),
                ("published_by", models.UUIDField(null=True)),
                ("published_at", models.DateTimeField(null=True)),
                ("superseded_at", models.DateTimeField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "policy_version",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "number"), name="policy_version_number_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "published")),
                        fields=("tenant",),
                        name="policy_version_one_published",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")), fields=("tenant",), name="policy_version_one_draft"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["draft", "published", "superseded", "discarded"])),
                        name="policy_version_state_is_known",
                    ),
                ],
            },
        ),
        migrations.RunSQL(OPEN, migrations.RunSQL.noop),
        migrations.RunPython(convert, migrations.RunPython.noop),
        migrations.DeleteModel("PolicyRule"),
        rls.isolate("policy_version", read=READERS, write=ADMINS),
        migrations.RunSQL(FIXED, RELEASED),
    ]
