"""A run keeps the key that began it, and how often a question came to nothing; a set outlives documents that were narrow."""

from __future__ import annotations

from django.db import migrations, models

from governance import rls

# What speaks of a document that only some might read stays for those alone once the document is erased, whoever erases it: a
# question that names it, by its id or any name it had, and what came of one that names it or whose answer cites it, by its id
# where policy cut the name; out of what else came of the collection's questions, its name goes. A run that is at a question now
# loses its worker, and asks that question again: what is being written down may stand on what goes.
# What changes a set, begins a run or erases takes one lock of the collection before others, until its commit: of two that took
# questions and runs by turns, one would be undone. In Python it is `sets.one_at_a_time`.
NARROWED = """
WITH RECURSIVE up AS (
    SELECT d.id AS about, d.id, d.parent_id, d.is_restricted, d.label FROM public.document d
    WHERE d.tenant_id = mine AND d.id = ANY (gone)
    UNION ALL
    SELECT up.about, p.id, p.parent_id, p.is_restricted, p.label
    FROM up JOIN public.document p ON p.tenant_id = mine AND p.id = up.parent_id
), narrow AS (
    SELECT d.collection_id, ARRAY[d.id::text, d.name::text] || d.former_names::text[] AS names,
        coalesce((SELECT max(up.label) FROM up WHERE up.about = d.id), c.label) AS label,
        coalesce((SELECT jsonb_agg(coalesce(
            (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('person', r.person_id, 'group', r.group_id))
                              ORDER BY r.person_id, r.group_id)
             FROM public.document_reader r WHERE r.tenant_id = mine AND r.document_id = up.id), '[]') ORDER BY up.id)
            FROM up WHERE up.about = d.id AND up.is_restricted), '[]') AS readers
    FROM public.document d JOIN public.collection c ON c.tenant_id = mine AND c.id = d.collection_id
    WHERE d.tenant_id = mine AND d.id = ANY (gone) AND c.purged_at IS NULL
)
SELECT n.collection_id, jsonb_build_object('label', n.label, 'readers', n.readers) AS mark, array_agg(DISTINCT one) AS names
FROM narrow n CROSS JOIN LATERAL unnest(n.names) one
WHERE n.label > 0 OR n.readers <> '[]'
GROUP BY n.collection_id, n.label, n.readers ORDER BY n.collection_id
"""
ERASED = f"""
DECLARE
    mine CONSTANT uuid := chancery.tenant();
    kept record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(held.collection_id::text, 5)) FROM (
        SELECT DISTINCT d.collection_id FROM public.document d
        WHERE d.tenant_id = mine AND d.id = ANY (gone)
          AND (EXISTS (SELECT FROM public.set_question q WHERE q.tenant_id = mine AND q.collection_id = d.collection_id)
               OR EXISTS (SELECT FROM public.set_run r WHERE r.tenant_id = mine AND r.collection_id = d.collection_id))
        ORDER BY d.collection_id) held;
    FOR kept IN {NARROWED} LOOP
        UPDATE public.set_question q SET kept_for = q.kept_for || kept.mark
        WHERE q.tenant_id = mine AND q.collection_id = kept.collection_id AND q.documents && kept.names
          AND NOT EXISTS (SELECT FROM jsonb_array_elements(q.kept_for) k WHERE k = kept.mark);
        UPDATE public.set_run r SET lease = NULL, lease_until = NULL, answer = NULL
        WHERE r.tenant_id = mine AND r.collection_id = kept.collection_id AND r.state = 'running';
        UPDATE public.set_asked a SET kept_for = a.kept_for || kept.mark
        FROM public.set_run r
        WHERE r.tenant_id = mine AND r.collection_id = kept.collection_id AND a.tenant_id = mine AND a.run_id = r.id
          AND ((a.line -> 'documents') ?| kept.names OR (a.told -> 'relevant') ?| kept.names
               OR (a.told #> '{{answered,cited}}') ?| kept.names
               OR (a.told #> '{{answered,stands_on}}') ?| kept.names)
          AND NOT EXISTS (SELECT FROM jsonb_array_elements(a.kept_for) k WHERE k = kept.mark);
        UPDATE public.set_asked a SET told = jsonb_set(a.told, '{{ranked}}', (
            SELECT jsonb_object_agg(ways.way, (
                SELECT coalesce(jsonb_agg(ranked.name ORDER BY ranked.place), '[]')
                FROM jsonb_array_elements_text(ways.ranking) WITH ORDINALITY ranked(name, place)
                WHERE ranked.name <> ALL (kept.names)))
            FROM jsonb_each(a.told -> 'ranked') ways(way, ranking)))
        FROM public.set_run r
        WHERE r.tenant_id = mine AND r.collection_id = kept.collection_id AND a.tenant_id = mine AND a.run_id = r.id
          AND NOT EXISTS (SELECT FROM jsonb_array_elements(a.kept_for) k WHERE k = kept.mark)
          AND EXISTS (SELECT FROM jsonb_each(a.told -> 'ranked') ways(way, ranking) WHERE ways.ranking ?| kept.names);
    END LOOP;
    UPDATE public.set_run r SET changed_at = clock_timestamp()
    WHERE r.tenant_id = mine AND r.id IN (
        SELECT DISTINCT ON (s.collection_id) s.id FROM public.set_run s
        WHERE s.tenant_id = mine AND s.collection_id IN (
            SELECT d.collection_id FROM public.document d WHERE d.tenant_id = mine AND d.id = ANY (gone))
        ORDER BY s.collection_id, s.created_at DESC);
END
"""
GRANTS = """
GRANT SELECT, UPDATE (kept_for, told) ON set_asked TO chancery_door;
GRANT UPDATE (kept_for) ON set_question TO chancery_door;
GRANT UPDATE (lease, lease_until, answer, changed_at) ON set_run TO chancery_door;
"""

# As 0010 made it, with the key; of what was taken out nothing is left that would say when, but `changed_at`.
CHANGED = """
SELECT r.tenant_id, r.id, r.collection_id, r.started_by, r.key
FROM (SELECT DISTINCT ON (s.tenant_id, s.collection_id) s.* FROM public.set_run s
      ORDER BY s.tenant_id, s.collection_id, s.created_at DESC) r
JOIN public.collection c ON c.tenant_id = r.tenant_id AND c.id = r.collection_id
JOIN public.tenant t ON t.id = r.tenant_id
CROSS JOIN LATERAL (SELECT greatest(
    (SELECT max(v.ended_at) FROM public.version v WHERE v.tenant_id = r.tenant_id AND v.collection_id = r.collection_id),
    (SELECT max(d.deleted_at) FROM public.document d WHERE d.tenant_id = r.tenant_id AND d.collection_id = r.collection_id),
    (SELECT max(q.created_at) FROM public.set_question q
     WHERE q.tenant_id = r.tenant_id AND q.collection_id = r.collection_id),
    r.changed_at) AS at) changed
WHERE r.state = 'done' AND c.deleted_at IS NULL AND c.paused_at IS NULL AND t.switched_off_at IS NULL
  AND changed.at > r.looked_at AND changed.at < now() - interval '2 minutes'
  AND NOT EXISTS (SELECT FROM public.version v WHERE v.tenant_id = r.tenant_id AND v.collection_id = r.collection_id
                  AND v.status IN ('queued', 'processing'))
  AND EXISTS (SELECT FROM public.set_question q WHERE q.tenant_id = r.tenant_id AND q.collection_id = r.collection_id)
LIMIT 50
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0023_titles_shared"), ("ingestion", "0030_former_names")]

    operations = [
        migrations.AddField("setquestion", "kept_for", models.JSONField(db_default=[], default=list)),
        migrations.AddField("setasked", "kept_for", models.JSONField(db_default=[], default=list)),
        migrations.AddField("setrun", "key", models.UUIDField(null=True)),
        migrations.AddField("setrun", "tries", models.PositiveSmallIntegerField(db_default=0, default=0)),
        migrations.AddField("setrun", "changed_at", models.DateTimeField(null=True)),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
        rls.door("chancery.leave_sets(gone uuid[])", ERASED, returns="void", language="plpgsql", volatility="VOLATILE"),
        migrations.RunSQL("DROP FUNCTION chancery.changed_sets()"),
        rls.door(
            "chancery.changed_sets()",
            CHANGED,
            returns="TABLE (tenant_id uuid, run uuid, collection_id uuid, person uuid, key uuid)",
        ),
    ]
