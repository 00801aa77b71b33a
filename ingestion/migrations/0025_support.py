"""What a support person sees of the documents of collections that were opened to them: the only way, since they read no table.

A document that is narrower than its collection is not among them, nor what the policy keeps back, nor what lies in the bin.
"""

from __future__ import annotations

from django.db import migrations

from governance import rls

# Neither restricted, nor under a label above what everybody is cleared for, nor within one that is; nor of a conversation.
PLAIN = """
d.deleted_at IS NULL AND NOT EXISTS (
    SELECT FROM public.collection b
    WHERE b.tenant_id = d.tenant_id AND b.id = d.collection_id AND b.bound_to IS NOT NULL
) AND NOT EXISTS (
    WITH RECURSIVE up AS (
        SELECT d.parent_id, d.is_restricted, d.label
        UNION ALL
        SELECT p.parent_id, p.is_restricted, p.label FROM up
        JOIN public.document p ON p.tenant_id = d.tenant_id AND p.id = up.parent_id
    )
    SELECT FROM up JOIN public.tenant t ON t.id = d.tenant_id
    JOIN public.collection c ON c.tenant_id = d.tenant_id AND c.id = d.collection_id
    WHERE up.is_restricted OR up.label > t.clearance
       OR (up.label IS NULL AND up.parent_id IS NULL AND c.label > t.clearance))
"""
OPEN = "d.tenant_id = (SELECT o.tenant_id FROM chancery.support_open() o)"
COLLECTIONS = f"""
SELECT c.id, c.name::text, count(d.id), count(d.id) FILTER (WHERE v.status IN ('queued', 'processing')),
    count(d.id) FILTER (WHERE v.status NOT IN ('queued', 'processing', 'ready')), c.paused_at
FROM public.collection c
LEFT JOIN public.document d ON d.tenant_id = c.tenant_id AND d.collection_id = c.id AND {PLAIN}
LEFT JOIN public.version v ON v.tenant_id = d.tenant_id AND v.id = d.latest_id
WHERE c.tenant_id = (SELECT o.tenant_id FROM chancery.support_open() o)
  AND c.id = ANY (ARRAY(SELECT chancery.support_collections(2))) AND c.deleted_at IS NULL
  AND c.bound_to IS NULL
GROUP BY c.id, c.name, c.paused_at ORDER BY c.name, c.id
"""
DOCUMENTS = f"""
SELECT d.id, d.name::text, v.number, v.media_type::text, v.size, v.status::text, v.stage::text, v.error_code::text,
    v.created_at, v.ended_at, v.chunks, count(*) OVER ()
FROM public.document d JOIN public.version v ON v.tenant_id = d.tenant_id AND v.id = d.latest_id
WHERE {OPEN} AND d.collection_id = shelf AND d.collection_id = ANY (ARRAY(SELECT chancery.support_collections(2)))
  AND {PLAIN}
ORDER BY d.name, d.id LIMIT least(greatest(most, 1), 200) OFFSET greatest(before, 0)
"""
# Who uploaded it is told to the record, for that person to find, and not to whoever looks.
DOCUMENT = f"""
SELECT d.id, d.name::text, d.collection_id, c.name::text, d.created_by, d.created_at,
    coalesce((SELECT x.number FROM public.version x WHERE x.tenant_id = d.tenant_id AND x.id = d.current_id), 0),
    (SELECT jsonb_agg(jsonb_build_object(
        'number', v.number, 'media_type', v.media_type, 'size', v.size, 'status', v.status, 'stage', v.stage,
        'done', v.done, 'total', v.total, 'attempts', v.attempts, 'error_code', v.error_code, 'error', v.error,
        'remedy', v.remedy, 'pages', v.pages, 'chunks', v.chunks, 'flags', v.flags, 'uploaded_at', v.created_at,
        'ended_at', v.ended_at, 'skipped', jsonb_array_length(v.skipped),
        'timeline', (SELECT coalesce(jsonb_agg(mark - 'by'), '[]') FROM jsonb_array_elements(v.timeline) AS mark))
        ORDER BY v.number DESC)
     FROM public.version v WHERE v.tenant_id = d.tenant_id AND v.document_id = d.id)
FROM public.document d JOIN public.collection c ON c.tenant_id = d.tenant_id AND c.id = d.collection_id
WHERE {OPEN} AND d.id = wanted AND d.collection_id = ANY (ARRAY(SELECT chancery.support_collections(2)))
  AND c.deleted_at IS NULL AND {PLAIN}
"""
# The tenant stands in the statement itself, so that Postgres plans and locks its one partition.
PASSAGES = f"""
DECLARE
    mine uuid;
BEGIN
    SELECT o.tenant_id INTO mine FROM chancery.support_open() o;
    IF mine IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($q$
        SELECT k.ordinal, k.heading_path, k.locator, k.text, count(*) OVER ()
        FROM public.document d
        JOIN public.chunk k ON k.tenant_id = %1$L AND k.version_id = d.current_id AND NOT k.is_kept_back
        WHERE d.tenant_id = %1$L AND d.id = $1
          AND d.collection_id = ANY (ARRAY(SELECT chancery.support_collections(3))) AND {PLAIN}
        ORDER BY k.ordinal LIMIT least(greatest($3, 1), 100) OFFSET greatest($2, 0) $q$, mine)
    USING wanted, before, most;
END
"""


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0024_narrowed_asked_once"), ("governance", "0047_support")]

    operations = [
        migrations.RunSQL("GRANT SELECT ON document, collection, version TO chancery_door", migrations.RunSQL.noop),
        rls.door(
            "chancery.support_shelves()",
            COLLECTIONS,
            returns="TABLE (id uuid, name text, documents bigint, waiting bigint, failed bigint, paused_at timestamptz)",
        ),
        rls.door(
            "chancery.support_documents(shelf uuid, before integer, most integer)",
            DOCUMENTS,
            returns="TABLE (id uuid, name text, number integer, media_type text, size bigint, status text, stage text,"
            " error_code text, uploaded_at timestamptz, ended_at timestamptz, chunks integer, amount bigint)",
        ),
        rls.door(
            "chancery.support_document(wanted uuid)",
            DOCUMENT,
            returns="TABLE (id uuid, name text, collection_id uuid, collection text, created_by uuid, created_at timestamptz,"
            " current integer, versions jsonb)",
        ),
        rls.door(
            "chancery.support_passages(wanted uuid, before integer, most integer)",
            PASSAGES,
            returns="TABLE (ordinal integer, heading_path jsonb, locator jsonb, text text, amount bigint)",
            language="plpgsql",
        ),
    ]
