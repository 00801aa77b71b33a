"""What a narrowed document hides, Postgres hides: the document, its versions, passages, vectors and words."""

from __future__ import annotations

from django.db import migrations

from governance import rls

# Of the documents in collections that the person may read, those which they may not: asked once a statement, and of nothing
# that stands in others' collections. A document with neither a restriction nor a label of its own is not looked at, unless
# its collection's own label is above what the person is cleared for. What came within a document is as narrow as that one.
HIDDEN = """
DECLARE
    mine CONSTANT uuid := chancery.tenant();
    reads uuid[];
    most integer;
    over uuid[];
BEGIN
    IF mine IS NULL OR chancery.is_system() THEN
        RETURN;
    END IF;
    SELECT array_agg(c) INTO reads FROM chancery.collections(1) c;
    most := chancery.clearance();
    SELECT array_agg(c.id) INTO over FROM public.collection c
    WHERE c.tenant_id = mine AND c.id = ANY (reads) AND c.label > most;
    IF over IS NULL AND NOT EXISTS (
        SELECT FROM public.document d WHERE d.tenant_id = mine AND d.collection_id = ANY (reads)
          AND (d.is_restricted OR d.label IS NOT NULL)
    ) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH RECURSIVE shut AS (
        SELECT d.id FROM public.document d
        WHERE d.tenant_id = mine AND d.collection_id = ANY (reads) AND (d.is_restricted OR d.label IS NOT NULL)
          AND (d.label > most OR (d.is_restricted AND NOT EXISTS (
              SELECT FROM public.document_reader r
              WHERE r.tenant_id = mine AND r.document_id = d.id AND (
                  r.person_id = chancery.person()
                  OR r.group_id IN (SELECT m.group_id FROM public.membership m
                                    WHERE m.tenant_id = mine AND m.person_id = chancery.person())))))
        UNION
        SELECT d.id FROM public.document d
        WHERE d.tenant_id = mine AND d.collection_id = ANY (over) AND d.label IS NULL AND d.parent_id IS NULL
        UNION
        SELECT part.id FROM shut JOIN public.document part ON part.tenant_id = mine AND part.parent_id = shut.id
    )
    SELECT shut.id FROM shut;
END
"""
HIDDEN_VERSIONS = """
SELECT v.id FROM chancery.hidden_documents() h
JOIN public.version v ON v.tenant_id = (SELECT chancery.tenant()) AND v.document_id = h
"""

# Whoever runs a collection sees of what is kept from them that it is there, by its name, in a transaction that has said so,
# and takes it back or names other readers. They do not see its words.
SEES = f"""
CREATE FUNCTION chancery.restrictions_are_open() RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT coalesce(current_setting('chancery.restrictions', true), '') = 'open' $$;
CREATE POLICY narrowed ON document AS RESTRICTIVE FOR SELECT USING (
    id NOT IN (SELECT chancery.hidden_documents())
    OR ((SELECT chancery.restrictions_are_open()) AND {rls.readable("collection_id", 3)}));
CREATE POLICY narrowed ON version AS RESTRICTIVE FOR SELECT
    USING (document_id NOT IN (SELECT chancery.hidden_documents()));
SET LOCAL ROLE chancery_door;
CREATE POLICY narrowed ON chunk AS RESTRICTIVE FOR SELECT
    USING (document_id NOT IN (SELECT chancery.hidden_documents()));
CREATE POLICY narrowed ON embedding AS RESTRICTIVE FOR SELECT
    USING (version_id NOT IN (SELECT chancery.hidden_versions()));
CREATE POLICY narrowed ON posting AS RESTRICTIVE FOR SELECT
    USING (version_id NOT IN (SELECT chancery.hidden_versions()));
RESET ROLE;
"""
SEES_ALL = """
DROP POLICY narrowed ON document; DROP POLICY narrowed ON version;
SET LOCAL ROLE chancery_door;
DROP POLICY narrowed ON chunk; DROP POLICY narrowed ON embedding; DROP POLICY narrowed ON posting;
RESET ROLE;
DROP FUNCTION chancery.restrictions_are_open();
"""
MANAGED = f"({rls.readable('collection_id', 3)} OR {rls.SYSTEM})"


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0022_narrowed")]

    operations = [
        rls.same_tenant("document_reader", "collection_id", "collection", "CASCADE"),
        rls.same_tenant("document_reader", "document_id", "document", "CASCADE"),
        rls.same_tenant("document_reader", "person_id", "person", "CASCADE"),
        rls.same_tenant("document_reader", "group_id", '"group"', "CASCADE"),
        rls.isolate("document_reader", read=MANAGED, write=MANAGED),
        migrations.RunSQL(
            "GRANT SELECT ON document_reader, document, collection, version TO chancery_door",
            "REVOKE SELECT ON document_reader FROM chancery_door",
        ),
        rls.door("chancery.hidden_documents()", HIDDEN, returns="SETOF uuid", language="plpgsql"),
        rls.door("chancery.hidden_versions()", HIDDEN_VERSIONS, returns="SETOF uuid"),
        migrations.RunSQL(SEES, SEES_ALL),
    ]
