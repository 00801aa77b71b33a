"""Numbers of the record for the officers' overview, and what people are told of searches and bundles that were about them."""

from __future__ import annotations

from django.db import migrations, models

from governance import rls

ASKS = "(chancery.is_system() OR chancery.has_role('compliance_officer'))"

FIGURES = f"""
SELECT (e.recorded_at AT TIME ZONE 'UTC')::date, e.action, coalesce(e.outcome, ''), count(*) FROM audit.event e
WHERE e.tenant_id = chancery.tenant() AND {ASKS} AND e.recorded_at >= since
GROUP BY 1, 2, 3
"""

# Of texts that a rule had something against: the rules that did.
RULES = f"""
SELECT told->>'rule', told->>'action', count(DISTINCT e.id)
FROM audit.event e, jsonb_array_elements(convert_from(e.leaf, 'UTF8')::jsonb#>'{{facts,decisions}}') AS told
WHERE e.tenant_id = chancery.tenant() AND {ASKS} AND e.recorded_at >= since
  AND e.action = 'policy.decided' AND e.outcome <> 'allow' AND told->>'action' <> 'allow'
  AND jsonb_path_exists(convert_from(e.leaf, 'UTF8')::jsonb, '$.facts ? (!exists(@.is_trial))')
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20
"""

# From the time an event was recorded to the first head over it, for the last event of each of the latest heads.
SIGNED_AFTER = f"""
SELECT h.at, extract(epoch FROM h.at - e.recorded_at)::double precision FROM (
    SELECT c.size, min(c.at) AS at FROM audit.checkpoint c
    WHERE c.tenant_id = chancery.tenant() AND c.size > 0 AND {ASKS}
      AND c.number > (SELECT coalesce(max(x.number), 0) FROM audit.checkpoint x
                      WHERE x.tenant_id = chancery.tenant()) - least(greatest(most, 1), 1000)
    GROUP BY c.size
) AS h
JOIN audit.leaf l ON l.tenant_id = chancery.tenant() AND l.index = h.size - 1
JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
ORDER BY h.at DESC
"""

# Who looked at one's own words: openings of one's interactions, of the events that are about one, and filters by one's id:
# of a list, of a search for words, and of a bundle, which says its filters one level below.
LOOKED_AT = """
CREATE OR REPLACE FUNCTION audit.looked_at(most integer) RETURNS TABLE (id uuid, leaf bytea, ciphertext bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$
WITH me AS MATERIALIZED (SELECT chancery.tenant() AS tenant, chancery.person() AS person),
mine AS (
    SELECT e.id, e.interaction FROM me, audit.event e
    WHERE e.tenant_id = me.tenant AND (e.actor_id = me.person OR e.subject_id = me.person)
),
looks AS (
    SELECT e.id, e.recorded_at, e.interaction, e.leaf, convert_from(e.leaf, 'UTF8')::jsonb->'facts' AS facts
    FROM me, audit.event e
    WHERE e.tenant_id = me.tenant
      AND e.action IN ('record.opened', 'record.read', 'record.exported', 'record.searched')
      AND e.actor_id IS DISTINCT FROM me.person
)
SELECT l.id, l.leaf, p.ciphertext FROM me, looks l
LEFT JOIN audit.payload p ON p.tenant_id = chancery.tenant() AND p.event_id = l.id
WHERE l.interaction IN (SELECT m.interaction FROM mine m WHERE m.interaction IS NOT NULL)
   OR (l.facts->>'interaction')::uuid IN (SELECT m.interaction FROM mine m)
   OR (l.facts->>'event')::uuid IN (SELECT m.id FROM mine m)
   OR (l.facts#>>'{wanted,interaction}')::uuid IN (SELECT m.interaction FROM mine m)
   OR EXISTS (SELECT FROM jsonb_array_elements_text(coalesce(l.facts#>'{wanted,interactions}', '[]')) AS held
              WHERE held::uuid IN (SELECT m.interaction FROM mine m))
   OR me.person::text IN (l.facts->>'person', l.facts->>'about', l.facts#>>'{wanted,person}', l.facts#>>'{wanted,about}')
ORDER BY l.recorded_at DESC LIMIT least(greatest(most, 1), 500)
$door$;
"""

KINDS = models.Q(("kind__in", ["interaction", "event", "case"]), ("status__in", ["waiting", "approved", "declined"]))


class Migration(migrations.Migration):
    dependencies = [("governance", "0025_replay")]

    operations = [
        rls.door(
            "audit.figures(since timestamptz)",
            FIGURES,
            returns="TABLE (day date, action text, outcome text, amount bigint)",
        ),
        rls.door("audit.rules(since timestamptz)", RULES, returns="TABLE (rule text, action text, amount bigint)"),
        rls.door(
            "audit.signed_after(most integer)", SIGNED_AFTER, returns="TABLE (at timestamptz, seconds double precision)"
        ),
        migrations.RunSQL(LOOKED_AT, migrations.RunSQL.noop),
        migrations.RemoveConstraint("opening", "record_opening_is_known"),
        migrations.AddConstraint("opening", models.CheckConstraint(condition=KINDS, name="record_opening_is_known")),
    ]
