"""How a tenant is, for a support person to whom it was opened: numbers by state and code, and no text."""

from __future__ import annotations

from django.db import migrations

from governance import rls

HEALTH = """
SELECT 'document', v.status::text, v.error_code::text, count(*), max(coalesce(v.ended_at, v.created_at))
FROM chancery.support_open() o
JOIN public.document d ON d.tenant_id = o.tenant_id AND d.deleted_at IS NULL
JOIN public.version v ON v.tenant_id = d.tenant_id AND v.id = d.latest_id
GROUP BY v.status, v.error_code
UNION ALL
SELECT 'answer', a.status::text, a.fault::text, count(*), max(coalesce(a.finished_at, a.created_at))
FROM chancery.support_open() o
JOIN public.answer a ON a.tenant_id = o.tenant_id AND a.created_at > now() - interval '24 hours'
GROUP BY a.status, a.fault
UNION ALL
SELECT 'source', s.state::text, '', count(*), max(s.created_at)
FROM chancery.support_open() o JOIN public.source s ON s.tenant_id = o.tenant_id
GROUP BY s.state
ORDER BY 1, 4 DESC, 2, 3
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0019_idempotent_requests"), ("ingestion", "0025_support")]

    operations = [
        migrations.RunSQL("GRANT SELECT ON source, answer TO chancery_door", migrations.RunSQL.noop),
        rls.door(
            "chancery.support_health()",
            HEALTH,
            returns="TABLE (kind text, status text, code text, amount bigint, latest timestamptz)",
        ),
    ]
