"""What operators see of the tenants: names, limits and numbers. No title, no document's name, no text passes these doors."""

from __future__ import annotations

from django.db import migrations

from governance import rls

TENANTS = """
SELECT t.id, t.slug::text, t.name::text, coalesce(t.domain, '')::text, t.created_at, t.switched_off_at, t.is_demo,
       (SELECT count(*) FROM public.person p WHERE p.tenant_id = t.id AND p.is_active),
       (SELECT count(*) FROM public.document d WHERE d.tenant_id = t.id),
       (SELECT count(*) FROM public.answer a WHERE a.tenant_id = t.id),
       (SELECT coalesce(sum(coalesce(r.used, r.reserved)), 0)::bigint FROM public.reservation r
        WHERE r.tenant_id = t.id AND r.created_at >= date_trunc('day', now(), 'UTC'))
FROM public.tenant t WHERE only_one IS NULL OR t.id = only_one ORDER BY t.name, t.slug
"""

QUEUES = """
SELECT 'answers', a.status::text, count(*), min(coalesce(a.started_at, a.created_at))
FROM public.answer a WHERE a.status IN ('queued', 'running') GROUP BY a.status
UNION ALL
SELECT 'ingest', CASE v.status WHEN 'processing' THEN 'running' ELSE 'queued' END, count(*), min(v.created_at)
FROM public.version v WHERE v.status IN ('queued', 'processing') GROUP BY v.status
UNION ALL
SELECT 'housekeeping', 'queued', count(*), min(d.created_at) FROM public.discarded d HAVING count(*) > 0
"""

# By the codes of the error family and the parsers, never by what a message says.
FAULTS = """
SELECT 'answer', a.status::text, a.fault::text, count(*), max(a.finished_at) FROM public.answer a
WHERE a.status IN ('failed', 'interrupted') AND a.finished_at >= since GROUP BY a.status, a.fault
UNION ALL
SELECT 'document', v.status::text, v.error_code::text, count(*), max(v.created_at) FROM public.version v
WHERE v.status IN ('failed', 'rejected', 'quarantined') AND v.created_at >= since GROUP BY v.status, v.error_code
ORDER BY 4 DESC, 1, 2, 3
"""

PACE = """
SELECT count(*), coalesce(sum((a.capsule#>>'{usage,completion_tokens}')::bigint), 0)::bigint,
       coalesce(sum(extract(epoch FROM a.finished_at - a.started_at)), 0)::double precision
FROM public.answer a WHERE a.status = 'answered' AND a.finished_at >= since AND a.started_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0005_turns"),
        ("governance", "0008_operators"),
        ("ingestion", "0002_isolation"),
    ]

    operations = [
        migrations.RunSQL(
            "GRANT SELECT ON document, discarded TO chancery_door",
            "REVOKE SELECT ON document, discarded FROM chancery_door",
        ),
        rls.door(
            "chancery.tenant_figures(only_one uuid)",
            TENANTS,
            returns="TABLE (id uuid, slug text, name text, domain text, created_at timestamptz,"
            " switched_off_at timestamptz, is_demo boolean, people bigint, documents bigint, answers bigint,"
            " tokens_today bigint)",
        ),
        rls.door(
            "chancery.queue_figures()",
            QUEUES,
            returns="TABLE (queue text, status text, amount bigint, oldest timestamptz)",
        ),
        rls.door(
            "chancery.fault_figures(since timestamptz)",
            FAULTS,
            returns="TABLE (kind text, status text, code text, amount bigint, latest timestamptz)",
        ),
        rls.door(
            "chancery.answer_figures(since timestamptz)",
            PACE,
            returns="TABLE (answers bigint, tokens bigint, seconds double precision)",
        ),
    ]
