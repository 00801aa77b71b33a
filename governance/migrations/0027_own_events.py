"""One's own events by index, however long the record is; and every way in which an officer sees words counts as a look."""

from __future__ import annotations

from django.db import migrations

from governance import rls

# Most payloads speak of whoever acted: an index of the others alone is small.
INDEX = """
CREATE INDEX event_by_other_subject ON audit.event (tenant_id, subject_id, recorded_at DESC)
    WHERE subject_id IS DISTINCT FROM actor_id;
"""

# What I did, what speaks of me, and what was done to me: each part by its own index, and none of it twice.
MINE = """
    SELECT e.* FROM audit.event e
    WHERE e.tenant_id = (SELECT chancery.tenant()) AND e.actor_id = (SELECT chancery.person()) {more}
    UNION ALL
    SELECT e.* FROM audit.event e
    WHERE e.tenant_id = (SELECT chancery.tenant()) AND e.subject_id = (SELECT chancery.person())
      AND e.subject_id IS DISTINCT FROM e.actor_id {more}
    UNION ALL
    SELECT e.* FROM audit.event e
    WHERE e.tenant_id = (SELECT chancery.tenant()) AND e.resource_id = (SELECT chancery.person())
      AND e.actor_id IS DISTINCT FROM e.resource_id AND e.subject_id IS DISTINCT FROM e.resource_id {more}
"""
PLACED = "AND e.action <> 'record.read' AND (before_at IS NULL OR (e.recorded_at, e.id) < (before_at, before_id))"
OWN = f"""
SELECT m.id, m.recorded_at, m.leaf, p.ciphertext FROM ({MINE.format(more=PLACED)}) m
LEFT JOIN audit.payload p ON p.tenant_id = m.tenant_id AND p.event_id = m.id
ORDER BY m.recorded_at DESC, m.id DESC LIMIT least(greatest(most, 1), 1000)
"""
TALLY = f"SELECT m.action, count(*) FROM ({MINE.format(more='')}) m GROUP BY m.action"

# Looks that name me or one of my interactions or events; and those that opened words by other filters, such as a bundle with
# words or a search for words, where one of my events fitted them.
LOOKED_AT = """
DECLARE
    me CONSTANT uuid := chancery.person();
    one record;
    fits boolean;
    broad uuid[] := '{}';
BEGIN
    FOR one IN
        SELECT e.id, e.recorded_at, told.facts FROM audit.event e
        CROSS JOIN LATERAL (SELECT convert_from(e.leaf, 'UTF8')::jsonb->'facts') AS told (facts)
        WHERE e.tenant_id = chancery.tenant() AND e.actor_id IS DISTINCT FROM me
          AND (e.action = 'record.searched' OR e.action = 'record.exported' AND told.facts->>'is_open' = 'true')
        ORDER BY e.recorded_at DESC LIMIT 500
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM audit.event e WHERE %s AND e.recorded_at < %L::timestamptz'
                       ' AND %L::uuid IN (e.actor_id, e.subject_id))',
                       audit.condition(coalesce(one.facts->'wanted', one.facts)), one.recorded_at, me) INTO fits;
        IF fits THEN
            broad := broad || one.id;
        END IF;
    END LOOP;
    RETURN QUERY
    WITH mine AS MATERIALIZED (
        SELECT e.id, e.interaction FROM audit.event e WHERE e.tenant_id = chancery.tenant() AND e.actor_id = me
        UNION ALL
        SELECT e.id, e.interaction FROM audit.event e WHERE e.tenant_id = chancery.tenant() AND e.subject_id = me
          AND e.subject_id IS DISTINCT FROM e.actor_id
    ), asked AS MATERIALIZED (
        SELECT DISTINCT m.interaction FROM mine m WHERE m.interaction IS NOT NULL
    ), looks AS MATERIALIZED (
        SELECT e.id, e.leaf, e.recorded_at, e.interaction, coalesce(told.facts->'wanted', told.facts) AS named,
               told.facts->>'event' AS event
        FROM audit.event e CROSS JOIN LATERAL (SELECT convert_from(e.leaf, 'UTF8')::jsonb->'facts') AS told (facts)
        WHERE e.tenant_id = chancery.tenant() AND e.actor_id IS DISTINCT FROM me
          AND e.action IN ('record.opened', 'record.read', 'record.exported', 'record.searched')
    )
    SELECT l.id, l.leaf, p.ciphertext FROM looks l
    LEFT JOIN audit.payload p ON p.tenant_id = chancery.tenant() AND p.event_id = l.id
    WHERE l.id = ANY (broad)
       OR l.named->>'person' = me::text OR l.named->>'about' = me::text
       OR l.interaction IN (SELECT a.interaction FROM asked a)
       OR (l.named->>'interaction')::uuid IN (SELECT a.interaction FROM asked a)
       OR l.named->'interactions' ?| ARRAY(SELECT a.interaction::text FROM asked a)
       OR l.event::uuid IN (SELECT m.id FROM mine m)
    ORDER BY l.recorded_at DESC LIMIT least(greatest(most, 1), 500);
END
"""


def replaced(signature: str, returns: str, body: str, language: str = "sql") -> migrations.RunSQL:
    """A door that is there, with another body: its owner and who may use it stay."""
    return migrations.RunSQL(
        f"CREATE OR REPLACE FUNCTION {signature} RETURNS {returns} LANGUAGE {language} STABLE SECURITY DEFINER"
        f" SET search_path = pg_catalog, pg_temp AS $door$ {body} $door$",
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("governance", "0026_figures")]

    operations = [
        migrations.RunSQL(INDEX, "DROP INDEX audit.event_by_other_subject"),
        replaced(
            "audit.own(before_at timestamptz, before_id uuid, most integer)",
            "TABLE (id uuid, recorded_at timestamptz, leaf bytea, ciphertext bytea)",
            OWN,
        ),
        replaced(
            "audit.looked_at(most integer)", "TABLE (id uuid, leaf bytea, ciphertext bytea)", LOOKED_AT, "plpgsql"
        ),
        rls.door("audit.own_tally()", TALLY, returns="TABLE (action text, amount bigint)"),
    ]
