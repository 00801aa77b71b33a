"""A tenant may demand that its record is witnessed, and how far sealing and witnessing lag behind can be asked."""

from __future__ import annotations

from django.db import migrations, models

from governance import rls

# What is not in the tree yet is newer than its last leaf, but for a transaction that took its time: a quarter of an hour.
LAG = """
WITH head AS (
    SELECT c.size FROM audit.checkpoint c WHERE c.tenant_id = chancery.tenant() AND c.is_witnessed
    ORDER BY c.number DESC LIMIT 1
), last AS (
    SELECT e.recorded_at FROM audit.leaf l JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
    WHERE l.tenant_id = chancery.tenant() ORDER BY l.index DESC LIMIT 1
), unsealed AS (
    SELECT count(*) AS amount, min(e.recorded_at) AS since FROM audit.event e
    WHERE e.tenant_id = chancery.tenant()
      AND e.recorded_at > coalesce((SELECT last.recorded_at FROM last) - interval '15 minutes', '-infinity')
      AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)
)
SELECT unsealed.amount, unsealed.since, coalesce((
    SELECT e.recorded_at FROM audit.leaf l JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
    WHERE l.tenant_id = chancery.tenant() AND l.index = coalesce((SELECT head.size FROM head), 0)), unsealed.since)
FROM unsealed
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0011_tree")]

    operations = [
        migrations.AddField("tenant", "demands_witness", models.BooleanField(default=False, db_default=False)),
        rls.door(
            "audit.lag()",
            LAG,
            returns="TABLE (unsealed bigint, unsealed_since timestamptz, unwitnessed_since timestamptz)",
        ),
    ]
