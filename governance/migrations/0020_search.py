"""More ways to ask the record: by the collection that an answer was given passages of, by model, and for words."""

from __future__ import annotations

from django.db import migrations

from governance import rls

INDEXED = """
CREATE FUNCTION audit.model_of(event_leaf bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog AS $$
BEGIN
    RETURN convert_from(event_leaf, 'UTF8')::jsonb#>>'{facts,model,name}';
END $$;

-- The collections of the passages that a model was given, or that policy withheld from it.
CREATE FUNCTION audit.given_of(event_leaf bytea) RETURNS uuid[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog AS $$
DECLARE fields jsonb := convert_from(event_leaf, 'UTF8')::jsonb;
BEGIN
    RETURN (
        SELECT array_agg(DISTINCT said::uuid) FROM (
            SELECT hit#>>'{}' AS said FROM jsonb_path_query(fields, 'lax $.facts.passages[*].collection') AS hit
            UNION ALL SELECT hit#>>'{}' FROM jsonb_path_query(fields, 'lax $.facts.withheld[*].collection') AS hit
        ) AS told WHERE said ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    );
END $$;
CREATE INDEX event_by_given ON audit.event USING gin (audit.given_of(leaf)) WHERE action = 'retrieval.performed';
CREATE INDEX event_by_model ON audit.event (tenant_id, audit.model_of(leaf)) WHERE action = 'answer.finished';
"""

UNDO = """
DROP INDEX audit.event_by_model, audit.event_by_given;
DROP FUNCTION audit.model_of(bytea), audit.given_of(bytea);
"""

# Each asks for the interactions of which one event says so: a filter finds the whole of them, and not that event alone.
# Before the collection stood beside each passage there was its document alone: which of them a collection has or had is told by
# the record itself, so that deleted ones are found too.
CONDITION = """
CREATE FUNCTION audit.interactions_condition(wanted jsonb) RETURNS text LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog AS $$
DECLARE
    said text := '';
    name text;
    template text;
BEGIN
    FOR name, template IN VALUES
        ('touched', 'f.action = ''retrieval.performed'' AND (audit.given_of(f.leaf) @> ARRAY[%1$L::uuid] OR f.mentions && ARRAY('
                    'SELECT d.resource_id FROM audit.event d WHERE d.tenant_id = %2$L::uuid'
                    ' AND d.mentions @> ARRAY[%1$L::uuid] AND d.resource_id IS NOT NULL'
                    ' AND starts_with(d.action, ''document.'')))'),
        ('model', 'f.action = ''answer.finished'' AND audit.model_of(f.leaf) = %1$L')
    LOOP
        IF wanted->>name IS NOT NULL THEN
            said := said || ' AND e.interaction IN (SELECT f.interaction FROM audit.event f WHERE f.tenant_id = '
                || quote_literal(chancery.tenant()) || '::uuid AND '
                || format(template, wanted->>name, chancery.tenant()) || ')';
        END IF;
    END LOOP;
    IF wanted ? 'interactions' THEN
        said := said || format(' AND e.interaction = ANY (%L::uuid[])',
                               ARRAY(SELECT jsonb_array_elements_text(wanted->'interactions')));
    END IF;
    -- Words that are not an officer's own: those of a search would be found by the next one.
    IF wanted ? 'searchable' THEN
        said := said || ' AND e.subject_id IS NOT NULL'
            ' AND NOT (starts_with(e.action, ''record.'') OR starts_with(e.action, ''case.''))';
    END IF;
    RETURN said;
END $$;
REVOKE ALL ON FUNCTION audit.interactions_condition(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.interactions_condition(jsonb) TO chancery_door;
"""

# The filters of before go on as they are; these come behind them.
WRAPPED = """
ALTER FUNCTION audit.condition(jsonb) RENAME TO events_condition;
CREATE FUNCTION audit.condition(wanted jsonb) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS
    $$ SELECT audit.events_condition(wanted) || audit.interactions_condition(wanted) $$;
REVOKE ALL ON FUNCTION audit.condition(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.condition(jsonb) TO chancery_door;
"""
UNWRAPPED = """
DROP FUNCTION audit.condition(jsonb);
ALTER FUNCTION audit.events_condition(jsonb) RENAME TO condition;
"""

MODELS = """
SELECT DISTINCT audit.model_of(e.leaf) FROM audit.event e
WHERE e.tenant_id = chancery.tenant() AND e.action = 'answer.finished' AND audit.model_of(e.leaf) IS NOT NULL
  AND (chancery.is_system() OR chancery.has_role('compliance_officer'))
ORDER BY 1 LIMIT 200
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0019_policy_versions")]

    operations = [
        migrations.RunSQL(INDEXED, UNDO),
        migrations.RunSQL(CONDITION, "DROP FUNCTION audit.interactions_condition(jsonb)"),
        migrations.RunSQL(WRAPPED, UNWRAPPED),
        rls.door("audit.models()", MODELS, returns="SETOF text"),
    ]
