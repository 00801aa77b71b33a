"""How sealing goes on over all tenants, in numbers: for whoever runs the installation, who reads no tenant's record."""

from __future__ import annotations

from django.db import migrations

from governance import rls

# As `audit.lag`, tenant by tenant: each is a few steps down an index.
PULSE = """
SELECT count(*), coalesce(sum(unsealed.amount), 0)::bigint, min(unsealed.since), max(head.at),
       count(*) FILTER (WHERE NOT head.is_witnessed)
FROM (SELECT DISTINCT w.tenant_id FROM audit.writer w) AS log
LEFT JOIN LATERAL (
    SELECT e.recorded_at FROM audit.leaf l JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
    WHERE l.tenant_id = log.tenant_id ORDER BY l.index DESC LIMIT 1) AS last ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS amount, min(e.recorded_at) AS since FROM audit.event e
    WHERE e.tenant_id = log.tenant_id AND e.recorded_at > coalesce(last.recorded_at - interval '15 minutes', '-infinity')
      AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)) AS unsealed ON true
LEFT JOIN LATERAL (
    SELECT c.at, c.is_witnessed FROM audit.checkpoint c WHERE c.tenant_id = log.tenant_id
    ORDER BY c.number DESC LIMIT 1) AS head ON true
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0014_forward_isolation")]

    operations = [
        rls.door(
            "audit.pulse()",
            PULSE,
            returns="TABLE (logs bigint, unsealed bigint, unsealed_since timestamptz, head_at timestamptz, unwitnessed bigint)",
        ),
    ]
