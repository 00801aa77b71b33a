"""Sources are for those who manage their collection by a grant, and for the tenant's own work; the door to those that are due."""

from __future__ import annotations

from django.db import migrations

from governance import rls

THEIRS = f"({rls.readable('collection_id', 3)} OR {rls.SYSTEM})"

# Tenants in turns, and no more than `amount` at work beside each other, those counted that are at it.
DUE = """
SELECT s.tenant_id, s.id
FROM public.source s
JOIN public.collection c ON c.tenant_id = s.tenant_id AND c.id = s.collection_id
JOIN public.tenant t ON t.id = s.tenant_id
WHERE c.deleted_at IS NULL AND t.switched_off_at IS NULL
  AND (s.lease_until IS NULL OR s.lease_until < now())
  AND (s.run IS NOT NULL OR s.wanted <> '' OR s.state = 'ending' OR (s.state = 'active' AND s.next_run_at <= now()))
ORDER BY row_number() OVER (PARTITION BY s.tenant_id ORDER BY s.next_run_at NULLS FIRST, s.id), s.next_run_at NULLS FIRST
LIMIT greatest(0, least(amount, 1000) - (SELECT count(*) FROM public.source w WHERE w.lease_until >= now()))
"""


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0009_source_tables")]

    operations = [
        rls.addressable("source"),
        rls.same_tenant("source", "collection_id", "collection"),
        *(rls.same_tenant(table, "source_id", "source", "CASCADE") for table in ("source_item", "source_run")),
        *(rls.same_tenant(table, "collection_id", "collection") for table in ("source_item", "source_run")),
        rls.same_tenant("source_item", "document_id", "document", "SET NULL (document_id)"),
        *(rls.isolate(table, read=THEIRS, write=THEIRS) for table in ("source", "source_item", "source_run")),
        migrations.RunSQL("GRANT SELECT ON source TO chancery_door", "REVOKE SELECT ON source FROM chancery_door"),
        rls.door("chancery.due_sources(amount integer)", DUE, returns="TABLE (tenant_id uuid, id uuid)"),
    ]
