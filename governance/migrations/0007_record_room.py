"""The record as a working room: more ways to ask it, paging both ways, counts, and what an event came to or speaks of.

`outcome` and `mentions` are worked out of the leaf by Postgres itself, for old events too, so that they cannot say another
thing than what is hashed.
"""

from __future__ import annotations

from django.db import migrations

from governance import rls

COLUMNS = r"""
CREATE FUNCTION audit.outcome_of(event_leaf bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog AS $$
DECLARE fields jsonb := convert_from(event_leaf, 'UTF8')::jsonb;
BEGIN
    RETURN CASE fields->>'action'
        WHEN 'policy.decided' THEN fields#>>'{facts,action}'
        WHEN 'answer.segment' THEN CASE WHEN fields#>>'{facts,was_redacted}' = 'true' THEN 'redact' END
        WHEN 'answer.finished' THEN fields#>>'{facts,status}'
        WHEN 'access.denied' THEN 'denied'
        WHEN 'session.refused' THEN 'denied'
        WHEN 'prompt.refused' THEN 'denied'
        WHEN 'document.refused' THEN 'denied'
    END;
END $$;

-- The collections and documents that an event speaks of.
CREATE FUNCTION audit.mentions_of(event_leaf bytea) RETURNS uuid[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog AS $$
DECLARE fields jsonb := convert_from(event_leaf, 'UTF8')::jsonb;
BEGIN
    RETURN (
        SELECT array_agg(DISTINCT said::uuid) FROM (
            SELECT fields#>>'{resource,id}' AS said
            UNION ALL SELECT fields#>>'{facts,collection}'
            UNION ALL SELECT hit#>>'{}' FROM jsonb_path_query(fields, 'lax $.facts.collections[*]') AS hit
            UNION ALL SELECT hit#>>'{}' FROM jsonb_path_query(fields, 'lax $.facts.passages[*].document') AS hit
        ) AS told WHERE said ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    );
END $$;

ALTER TABLE audit.event
    ADD COLUMN outcome text GENERATED ALWAYS AS (audit.outcome_of(leaf)) STORED,
    ADD COLUMN mentions uuid[] GENERATED ALWAYS AS (audit.mentions_of(leaf)) STORED;
CREATE INDEX event_by_outcome ON audit.event (tenant_id, outcome, recorded_at DESC) WHERE outcome IS NOT NULL;
CREATE INDEX event_by_mention ON audit.event USING gin (mentions);
CREATE INDEX event_by_event_time ON audit.event (tenant_id, at DESC);
"""

UNDO = """
DROP INDEX audit.event_by_event_time;
ALTER TABLE audit.event DROP COLUMN mentions, DROP COLUMN outcome;
DROP FUNCTION audit.mentions_of(bytea);
DROP FUNCTION audit.outcome_of(bytea);
"""

# Only what was asked for becomes a condition: a filter that is absent costs nothing, and each gets its own plan.
CONDITION = """
CREATE FUNCTION audit.condition(wanted jsonb) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
    said text := format('e.tenant_id = %L::uuid', chancery.tenant());
    clock text := CASE WHEN wanted->>'clock' = 'event' THEN 'e.at' ELSE 'e.recorded_at' END;
    template text;
    name text;
BEGIN
    FOR name, template IN VALUES
        ('id', 'e.id = %L::uuid'),
        ('interaction', 'e.interaction = %L::uuid'),
        ('person', 'e.actor_id = %L::uuid'),
        ('about', '%1$L::uuid IN (e.actor_id, e.subject_id, e.resource_id)'),
        ('resource', 'e.resource_id = %L::uuid'),
        ('mentions', 'e.mentions @> ARRAY[%L::uuid]'),
        ('action', '(e.action = %1$L OR starts_with(e.action, %1$L || ''.''))'),
        ('since', clock || ' >= %L::timestamptz'),
        ('until', clock || ' < %L::timestamptz'),
        ('but_readings_of', 'NOT (e.actor_id IS NOT DISTINCT FROM %L::uuid AND e.action = ''record.read'')')
    LOOP
        IF wanted->>name IS NOT NULL THEN
            said := said || ' AND ' || format(template, wanted->>name);
        END IF;
    END LOOP;
    FOR name IN VALUES ('action'), ('outcome') LOOP
        IF wanted ? (name || 's') THEN
            said := said || format(' AND e.%I = ANY (%L::text[])', name,
                                   ARRAY(SELECT jsonb_array_elements_text(wanted->(name || 's'))));
        END IF;
    END LOOP;
    IF wanted->>'before_at' IS NOT NULL THEN
        said := said || format(' AND (e.recorded_at, e.id) < (%L::timestamptz, %L::uuid)',
                               wanted->>'before_at', wanted->>'before_id');
    END IF;
    IF wanted->>'after_at' IS NOT NULL THEN
        said := said || format(' AND (e.recorded_at, e.id) > (%L::timestamptz, %L::uuid)',
                               wanted->>'after_at', wanted->>'after_id');
    END IF;
    RETURN said;
END $$;
REVOKE ALL ON FUNCTION audit.condition(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.condition(jsonb) TO chancery_door;
"""

# Newest first, but after a place: then the ones next to it come first. The role is asked for here as well.
READ = """
CREATE OR REPLACE FUNCTION audit.read(wanted jsonb, amount integer)
    RETURNS TABLE (id uuid, recorded_at timestamptz, leaf bytea, ciphertext bytea, writer uuid, number bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$
DECLARE direction text := CASE WHEN wanted->>'after_at' IS NULL THEN 'DESC' ELSE 'ASC' END;
BEGIN
    IF NOT (chancery.is_system() OR chancery.has_role('compliance_officer')) THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT e.id, e.recorded_at, e.leaf, e.ciphertext, e.writer, e.number FROM audit.event e WHERE %s'
        ' ORDER BY e.recorded_at %s, e.id %s LIMIT %s',
        audit.condition(wanted), direction, direction, least(greatest(amount, 1), 1000));
END $door$;
"""

TALLY = """
BEGIN
    IF NOT (chancery.is_system() OR chancery.has_role('compliance_officer')) THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT t.action, count(*) FROM (SELECT e.action FROM audit.event e WHERE %s LIMIT %s) t GROUP BY t.action',
        audit.condition(wanted), greatest(most, 1));
END
"""

OLD_READ = """
CREATE OR REPLACE FUNCTION audit.read(wanted jsonb, amount integer)
    RETURNS TABLE (id uuid, recorded_at timestamptz, leaf bytea, ciphertext bytea, writer uuid, number bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$
SELECT e.id, e.recorded_at, e.leaf, e.ciphertext, e.writer, e.number FROM audit.event e
WHERE e.tenant_id = chancery.tenant()
  AND (chancery.is_system() OR chancery.has_role('compliance_officer'))
  AND (wanted->>'id' IS NULL OR e.id = (wanted->>'id')::uuid)
  AND (wanted->>'interaction' IS NULL OR e.interaction = (wanted->>'interaction')::uuid)
  AND (wanted->>'person' IS NULL OR e.actor_id = (wanted->>'person')::uuid)
  AND (wanted->>'resource' IS NULL OR e.resource_id = (wanted->>'resource')::uuid)
  AND (wanted->>'action' IS NULL OR e.action = wanted->>'action' OR e.action LIKE (wanted->>'action') || '.%')
  AND (wanted->>'since' IS NULL OR e.recorded_at >= (wanted->>'since')::timestamptz)
  AND (wanted->>'until' IS NULL OR e.recorded_at < (wanted->>'until')::timestamptz)
  AND (wanted->>'before_at' IS NULL
       OR (e.recorded_at, e.id) < ((wanted->>'before_at')::timestamptz, (wanted->>'before_id')::uuid))
ORDER BY e.recorded_at DESC, e.id DESC
LIMIT least(greatest(amount, 1), 1000)
$door$;
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0006_identity_isolation")]

    operations = [
        migrations.RunSQL(COLUMNS, UNDO),
        migrations.RunSQL(CONDITION, "DROP FUNCTION audit.condition(jsonb)"),
        migrations.RunSQL(READ, OLD_READ),
        rls.door(
            "audit.tally(wanted jsonb, most integer)",
            TALLY,
            returns="TABLE (action text, amount bigint)",
            language="plpgsql",
        ),
    ]
