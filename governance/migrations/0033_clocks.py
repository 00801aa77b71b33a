"""A clock that was set back hides no event from whoever asks how far behind the record is, and keeps no head from being signed.

Times of the record are those of Postgres' machine, and a machine's clock is set. What waits for its place is looked for behind
the earlier of two moments: the last leaf's and now.
"""

from __future__ import annotations

from django.db import migrations

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
      AND e.recorded_at
          > coalesce(least((SELECT last.recorded_at FROM last), clock_timestamp()) - interval '15 minutes', '-infinity')
      AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)
)
SELECT unsealed.amount, unsealed.since, coalesce((
    SELECT e.recorded_at FROM audit.leaf l JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
    WHERE l.tenant_id = chancery.tenant() AND l.index = coalesce((SELECT head.size FROM head), 0)), unsealed.since)
FROM unsealed
"""

PULSE = """
SELECT count(*), coalesce(sum(unsealed.amount), 0)::bigint, min(unsealed.since),
       max(head.at) FILTER (WHERE head.at <= clock_timestamp()), count(*) FILTER (WHERE NOT head.is_witnessed)
FROM (SELECT DISTINCT w.tenant_id FROM audit.writer w) AS log
LEFT JOIN LATERAL (
    SELECT e.recorded_at FROM audit.leaf l JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
    WHERE l.tenant_id = log.tenant_id ORDER BY l.index DESC LIMIT 1) AS last ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS amount, min(e.recorded_at) AS since FROM audit.event e
    WHERE e.tenant_id = log.tenant_id
      AND e.recorded_at > coalesce(least(last.recorded_at, clock_timestamp()) - interval '15 minutes', '-infinity')
      AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)) AS unsealed ON true
LEFT JOIN LATERAL (
    SELECT c.at, c.is_witnessed FROM audit.checkpoint c WHERE c.tenant_id = log.tenant_id
    ORDER BY c.number DESC LIMIT 1) AS head ON true
"""

# A head of a time that is still to come would not grow old until then.
UNSIGNED = """
SELECT log.tenant_id FROM (SELECT DISTINCT w.tenant_id FROM audit.writer w) AS log
CROSS JOIN LATERAL (
    SELECT l.index + 1 AS size FROM audit.leaf l WHERE l.tenant_id = log.tenant_id ORDER BY l.index DESC LIMIT 1) AS tree
LEFT JOIN LATERAL (
    SELECT c.size, c.at FROM audit.checkpoint c WHERE c.tenant_id = log.tenant_id ORDER BY c.number DESC LIMIT 1) AS head ON true
WHERE head.size IS NULL OR head.size <> tree.size
   OR head.at NOT BETWEEN clock_timestamp() - older AND clock_timestamp() + interval '1 minute'
"""


def replaced(signature: str, returns: str, body: str) -> migrations.RunSQL:
    """A door that is there, with another body: its owner and who may use it stay."""
    return migrations.RunSQL(
        f"CREATE OR REPLACE FUNCTION {signature} RETURNS {returns} LANGUAGE sql STABLE SECURITY DEFINER"
        f" SET search_path = pg_catalog, pg_temp AS $door$ {body} $door$",
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("governance", "0032_one_append")]

    operations = [
        replaced(
            "audit.lag()", "TABLE (unsealed bigint, unsealed_since timestamptz, unwitnessed_since timestamptz)", LAG
        ),
        replaced(
            "audit.pulse()",
            "TABLE (logs bigint, unsealed bigint, unsealed_since timestamptz, head_at timestamptz, unwitnessed bigint)",
            PULSE,
        ),
        replaced("audit.unsigned(older interval)", "TABLE (tenant_id uuid)", UNSIGNED),
    ]
