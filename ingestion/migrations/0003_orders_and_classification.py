"""What the policy said of orders in a chunk, and how far a collection's documents may go."""

from __future__ import annotations

from django.db import migrations, models

from governance import rls

# The partitioned tables belong to chancery_door. What a chunk says is written once; only its standing is changed, and
# that by the tenant's background work and by who runs its collection.
COLUMNS = """
SET LOCAL ROLE chancery_door;
ALTER TABLE chunk ADD COLUMN orders jsonb NOT NULL DEFAULT '{}', ADD COLUMN is_quarantined boolean NOT NULL DEFAULT false;
REVOKE UPDATE ON chunk FROM chancery_app;
GRANT UPDATE (orders, is_quarantined) ON chunk TO chancery_app;
DROP POLICY updates ON chunk;
CREATE POLICY updates ON chunk FOR UPDATE USING (%(may)s) WITH CHECK (%(may)s);
RESET ROLE;
"""
BACK = """
SET LOCAL ROLE chancery_door;
DROP POLICY updates ON chunk;
CREATE POLICY updates ON chunk FOR UPDATE USING (%(system)s) WITH CHECK (%(system)s);
REVOKE UPDATE (orders, is_quarantined) ON chunk FROM chancery_app;
GRANT UPDATE ON chunk TO chancery_app;
ALTER TABLE chunk DROP COLUMN orders, DROP COLUMN is_quarantined;
RESET ROLE;
"""
MAY = f"({rls.readable('collection_id', 3)} OR (SELECT chancery.has_role('tenant_admin')) OR {rls.SYSTEM})"
SAYS = {"may": MAY, "system": rls.SYSTEM}


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0002_isolation"), ("governance", "0004_partitions")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(COLUMNS % SAYS, BACK % SAYS)],
            state_operations=[
                migrations.AddField("chunk", "orders", models.JSONField(default=dict)),
                migrations.AddField("chunk", "is_quarantined", models.BooleanField(default=False)),
            ],
        ),
        migrations.AddField(
            "collection",
            "classification",
            models.CharField(
                choices=[("internal", "Internal"), ("restricted", "Restricted")], default="internal", max_length=20
            ),
        ),
    ]
