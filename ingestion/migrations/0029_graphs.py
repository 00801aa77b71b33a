"""Which collections have a graph of their vectors that may stand in for the exact scan, and how much stands where."""

from __future__ import annotations

from django.db import migrations

from governance import rls

# Of the collections asked for, those that the caller reads and from whose documents nothing is kept from them: a graph leads
# past all that stands in it. `dimensions` are the vectors', `chunks` as many as Postgres last counted.
GRAPHS = """
WITH shut AS MATERIALIZED (
    SELECT DISTINCT d.collection_id FROM chancery.hidden_documents() h
    JOIN public.document d ON d.tenant_id = (SELECT chancery.tenant()) AND d.id = h
)
SELECT c, a.atttypmod, g.reltuples::bigint FROM chancery.collections(1) c
JOIN pg_catalog.pg_class g ON g.relnamespace = 'public'::regnamespace
    AND g.relname = ('graph_' || replace(c::text, '-', '') || '_' || left(md5(index_name), 16))::name
JOIN pg_catalog.pg_index i ON i.indexrelid = g.oid AND i.indisvalid
JOIN pg_catalog.pg_attribute a ON a.attrelid = g.oid AND a.attnum = 1
WHERE c = ANY (wanted) AND NOT EXISTS (SELECT FROM shut WHERE shut.collection_id = c)
"""

# Of every tenant, or of one. A row takes more than 100 bytes: what is too small for `fewest` of them is not read,
# nor locked.
SIZES = """
DECLARE part record;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relispartition
          AND starts_with(c.relname, 'embedding_') AND pg_relation_size(c.oid) >= fewest * 100
          AND (of_tenant IS NULL OR strpos(c.relname, replace(of_tenant::text, '-', '')) > 0)
    LOOP
        RETURN QUERY EXECUTE format(
            'SELECT %L::text, e.index_name::text, e.collection_id, e.amount,
                 (SELECT public.vector_dims(o.vector) FROM public.%I o
                  WHERE o.index_name = e.index_name AND o.collection_id = e.collection_id LIMIT 1)
             FROM (SELECT i.index_name, i.collection_id, count(*) AS amount,
                          sum(count(*)) OVER (PARTITION BY i.index_name) AS whole
                   FROM public.%I i GROUP BY i.index_name, i.collection_id) e
             WHERE e.whole >= $1', part.relname, part.relname, part.relname) USING fewest;
    END LOOP;
END
"""
# The owner's alone, who inherits it from chancery_door: it tells of all tenants.
NOT_THE_APPS = "REVOKE ALL ON FUNCTION chancery.vector_sizes(bigint, uuid) FROM chancery_app"


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0028_weighing")]

    operations = [
        rls.door(
            "chancery.graphs(index_name text, wanted uuid[])",
            GRAPHS,
            returns="TABLE (collection uuid, dimensions integer, chunks bigint)",
        ),
        rls.door(
            "chancery.vector_sizes(fewest bigint, of_tenant uuid)",
            SIZES,
            returns="TABLE (place text, index_name text, collection uuid, chunks bigint, dimensions integer)",
            language="plpgsql",
        ),
        migrations.RunSQL(NOT_THE_APPS, migrations.RunSQL.noop),
    ]
