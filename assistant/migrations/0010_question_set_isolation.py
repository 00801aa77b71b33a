"""Question sets are for those who manage their collection by a grant, and for the tenant's own work; the doors to what is due."""

from __future__ import annotations

from django.db import migrations

from governance import rls

THEIRS = f"({rls.readable('collection_id', 3)} OR {rls.SYSTEM})"

# Tenants in turns.
DUE = """
SELECT r.tenant_id, r.id
FROM public.set_run r
JOIN public.collection c ON c.tenant_id = r.tenant_id AND c.id = r.collection_id
JOIN public.tenant t ON t.id = r.tenant_id
WHERE r.state = 'running' AND c.deleted_at IS NULL AND t.switched_off_at IS NULL
  AND (r.lease_until IS NULL OR r.lease_until < now())
ORDER BY row_number() OVER (PARTITION BY r.tenant_id ORDER BY r.created_at), r.created_at LIMIT 8
"""

# Something came, went or was asked anew since the last run, nothing is on its way, and it has been so for two minutes.
CHANGED = """
SELECT r.tenant_id, r.id, r.collection_id, r.started_by
FROM (SELECT DISTINCT ON (s.tenant_id, s.collection_id) s.* FROM public.set_run s
      ORDER BY s.tenant_id, s.collection_id, s.created_at DESC) r
JOIN public.collection c ON c.tenant_id = r.tenant_id AND c.id = r.collection_id
JOIN public.tenant t ON t.id = r.tenant_id
CROSS JOIN LATERAL (SELECT greatest(
    (SELECT max(v.ended_at) FROM public.version v WHERE v.tenant_id = r.tenant_id AND v.collection_id = r.collection_id),
    (SELECT max(d.deleted_at) FROM public.document d WHERE d.tenant_id = r.tenant_id AND d.collection_id = r.collection_id),
    (SELECT max(q.created_at) FROM public.set_question q
     WHERE q.tenant_id = r.tenant_id AND q.collection_id = r.collection_id)) AS at) changed
WHERE r.state = 'done' AND c.deleted_at IS NULL AND c.paused_at IS NULL AND t.switched_off_at IS NULL
  AND changed.at > r.looked_at AND changed.at < now() - interval '2 minutes'
  AND NOT EXISTS (SELECT FROM public.version v WHERE v.tenant_id = r.tenant_id AND v.collection_id = r.collection_id
                  AND v.status IN ('queued', 'processing'))
  AND EXISTS (SELECT FROM public.set_question q WHERE q.tenant_id = r.tenant_id AND q.collection_id = r.collection_id)
LIMIT 50
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0009_question_sets")]

    operations = [
        *(rls.same_tenant(table, "collection_id", "collection", "CASCADE") for table in ("set_question", "set_run")),
        *(rls.isolate(table, read=THEIRS, write=THEIRS) for table in ("set_question", "set_run")),
        migrations.RunSQL(
            "GRANT SELECT ON set_question, set_run TO chancery_door",
            "REVOKE SELECT ON set_question, set_run FROM chancery_door",
        ),
        rls.door("chancery.due_set_runs()", DUE, returns="TABLE (tenant_id uuid, id uuid)"),
        rls.door(
            "chancery.changed_sets()",
            CHANGED,
            returns="TABLE (tenant_id uuid, run uuid, collection_id uuid, person uuid)",
        ),
    ]
