"""Who is read next is the database's choice: turns of tenants by what their documents weigh, lanes within a tenant, pauses."""

from __future__ import annotations

from django.db import migrations, models

from governance import rls

# A lane is what one person brings into one collection: within a tenant nobody's thousand files hold up another's one.
COLUMNS = """
ALTER TABLE version ADD COLUMN lane uuid
    GENERATED ALWAYS AS (md5(collection_id::text || coalesce(uploaded_by::text, ''))::uuid) STORED;
CREATE INDEX version_line ON version (tenant_id, lane, is_bulk, created_at, id)
    WHERE status IN ('queued', 'processing');
CREATE INDEX version_lane_taken ON version (tenant_id, lane, taken_at) WHERE taken_at IS NOT NULL;
GRANT UPDATE (status, lease, lease_until, attempts, taken_at) ON version TO chancery_door;
GRANT SELECT ON collection TO chancery_door;
"""
BACK = """
REVOKE SELECT ON collection FROM chancery_door;
REVOKE UPDATE (status, lease, lease_until, attempts, taken_at) ON version FROM chancery_door;
DROP INDEX version_lane_taken, version_line;
ALTER TABLE version DROP COLUMN lane;
"""

# `credit` in bytes; the greater `place`, the later in the round the tenant comes.
TURNS = """
CREATE TABLE ingest_turn (
    tenant_id uuid PRIMARY KEY REFERENCES tenant (id) ON DELETE CASCADE,
    credit bigint NOT NULL,
    place bigint NOT NULL
);
REVOKE INSERT, UPDATE, DELETE ON ingest_turn FROM chancery_app;
GRANT SELECT, INSERT, UPDATE ON ingest_turn TO chancery_door;
"""

# The first of each lane that can be taken now. The lanes are found by leaps along the index, so that what a lane holds
# behind its first does not count.
HEADS = """
CREATE FUNCTION chancery.version_heads() RETURNS TABLE (
    tenant_id uuid, id uuid, size bigint, is_bulk boolean, created_at timestamptz, last_taken timestamptz
) LANGUAGE sql STABLE AS $heads$
WITH RECURSIVE lanes AS (
    (SELECT v.tenant_id, v.lane FROM public.version v WHERE v.status IN ('queued', 'processing')
     ORDER BY v.tenant_id, v.lane LIMIT 1)
    UNION ALL
    SELECT further.tenant_id, further.lane FROM lanes, LATERAL (
        SELECT v.tenant_id, v.lane FROM public.version v
        WHERE v.status IN ('queued', 'processing') AND (v.tenant_id, v.lane) > (lanes.tenant_id, lanes.lane)
        ORDER BY v.tenant_id, v.lane LIMIT 1
    ) further
)
SELECT lanes.tenant_id, head.id, head.size, head.is_bulk, head.created_at, (
    SELECT max(t.taken_at) FROM public.version t
    WHERE t.tenant_id = lanes.tenant_id AND t.lane = lanes.lane AND t.taken_at IS NOT NULL
)
FROM lanes CROSS JOIN LATERAL (
    SELECT v.id, v.size, v.is_bulk, v.created_at, v.collection_id FROM public.version v
    WHERE v.tenant_id = lanes.tenant_id AND v.lane = lanes.lane
      AND ((v.status = 'queued' AND (v.lease_until IS NULL OR v.lease_until < now()))
        OR (v.status = 'processing' AND v.lease_until < now()))
    ORDER BY v.is_bulk, v.created_at, v.id LIMIT 1
) head
JOIN public.collection c ON c.tenant_id = lanes.tenant_id AND c.id = head.collection_id
WHERE c.deleted_at IS NULL AND c.paused_at IS NULL
$heads$;
REVOKE ALL ON FUNCTION chancery.version_heads() FROM PUBLIC;
ALTER FUNCTION chancery.version_heads() OWNER TO chancery_door;
"""

# Deficit round robin (Shreedhar and Varghese, 1995) without its loop: a tenant whose first document costs more than its
# credit needs so many rounds, and whoever needs the fewest is next, in the order of the round. Each that was passed on the
# way got its share as often. Who has nothing to be read has no credit to keep. One choice at a time: it is short.
TAKE = """
#variable_conflict use_column
DECLARE
    share CONSTANT bigint := 131072;  -- bytes of credit a round
    overhead CONSTANT bigint := 65536;  -- of a document beside its size
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('chancery.take_version', 0));
    RETURN QUERY
    WITH latest AS (
        SELECT coalesce(max(t.place), 0) AS place FROM public.ingest_turn t
    ), fronts AS (
        SELECT DISTINCT ON (h.tenant_id) h.* FROM chancery.version_heads() h
        WHERE among IS NULL OR h.tenant_id = ANY (among)
        ORDER BY h.tenant_id, h.is_bulk, h.last_taken NULLS FIRST, h.created_at, h.id
    ), able AS (
        SELECT f.tenant_id, f.id, overhead + f.size AS cost, coalesce(t.credit, 0) AS credit,
               coalesce(t.place, 0) AS place,
               row_number() OVER (ORDER BY coalesce(t.place, 0), f.created_at, f.tenant_id) AS ring,
               count(*) OVER () AS tenants
        FROM fronts f LEFT JOIN public.ingest_turn t ON t.tenant_id = f.tenant_id
        WHERE (SELECT count(*) FROM public.version v WHERE v.tenant_id = f.tenant_id AND v.status = 'processing'
               AND v.lease_until >= now()) < at_once
    ), due AS (
        SELECT able.*, CASE
            WHEN able.place = latest.place AND able.place > 0 AND able.credit >= able.cost THEN 0  -- its turn goes on
            ELSE greatest(1, ceil((able.cost - able.credit)::numeric / share))
        END::bigint AS rounds
        FROM able, latest
    ), won AS (
        SELECT * FROM due ORDER BY rounds, ring LIMIT 1
    ), forfeited AS (
        UPDATE public.ingest_turn t SET credit = 0
        WHERE t.credit <> 0 AND (among IS NULL OR t.tenant_id = ANY (among))
          AND t.tenant_id NOT IN (SELECT fronts.tenant_id FROM fronts)
    ), passed AS (
        INSERT INTO public.ingest_turn (tenant_id, credit, place)
        SELECT due.tenant_id,
               due.credit
               + share * CASE WHEN won.rounds = 0 OR due.ring <= won.ring THEN won.rounds ELSE won.rounds - 1 END
               - CASE WHEN due.id = won.id THEN won.cost ELSE 0 END,
               CASE
                   WHEN won.rounds > 1 THEN latest.place + 1 + (due.ring - won.ring - 1 + due.tenants) % due.tenants
                   WHEN won.rounds = 1 AND due.ring <= won.ring THEN latest.place + due.ring
                   ELSE due.place
               END
        FROM due, won, latest
        WHERE due.id = won.id OR won.rounds > 1 OR (won.rounds = 1 AND due.ring < won.ring)
        ON CONFLICT (tenant_id) DO UPDATE SET credit = excluded.credit, place = excluded.place
    )
    UPDATE public.version v
    SET status = 'processing', lease = taker, lease_until = clock_timestamp() + lasting, attempts = v.attempts + 1,
        taken_at = clock_timestamp()
    FROM won
    WHERE v.tenant_id = won.tenant_id AND v.id = won.id
      AND (v.status = 'queued' OR (v.status = 'processing' AND v.lease_until < now()))
    RETURNING v.tenant_id, v.id;
END
"""


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0004_flags")]

    operations = [
        migrations.AddField("collection", "paused_at", models.DateTimeField(null=True)),
        migrations.AddField("version", "taken_at", models.DateTimeField(null=True)),
        migrations.AddField("version", "is_bulk", models.BooleanField(default=False)),
        migrations.RunSQL(COLUMNS, BACK),
        migrations.RunSQL(TURNS, "DROP TABLE ingest_turn"),
        rls.isolate("ingest_turn", read=rls.SYSTEM, write=rls.SYSTEM),
        migrations.RunSQL(HEADS, "DROP FUNCTION chancery.version_heads()"),
        rls.door(
            "chancery.take_version(taker uuid, lasting interval, at_once integer, among uuid[])",
            TAKE,
            returns="TABLE (tenant_id uuid, id uuid)",
            language="plpgsql",
            volatility="VOLATILE",
        ),
        rls.door("chancery.versions_wait()", "SELECT EXISTS (SELECT FROM chancery.version_heads())", returns="boolean"),
        migrations.RunSQL("DROP FUNCTION chancery.due_versions(integer)", migrations.RunSQL.noop),
    ]
