"""Holds, periods and erasures under row-level security; and the one door by which payloads of the record may end.

The door asks again whatever the application has asked: whether the period is over, as the tenant has set it and not below
the least that there is, and whether a hold stands against it. An application that forgot, or was made to, lets nothing go.
"""

from __future__ import annotations

from django.db import migrations

from governance import rls

OFFICERS = f"((SELECT chancery.has_role('compliance_officer')) OR {rls.SYSTEM})"
ADMINS = f"((SELECT chancery.has_role('tenant_admin')) OR {rls.SYSTEM})"
THEIRS = f"({rls.OWN} OR {ADMINS} OR {OFFICERS})"

CLASSES = """
-- The same table as governance.audit.lifecycle.classes; a test compares them.
CREATE FUNCTION audit.class_of(action text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog AS $$
SELECT CASE
    WHEN action = 'policy.decided' THEN 'answers'
    WHEN action IN ('person.erased', 'person.exported') THEN 'reading'
    WHEN split_part(action, '.', 1)
         IN ('answer', 'conversation', 'embedding', 'prompt', 'retrieval', 'search') THEN 'answers'
    WHEN split_part(action, '.', 1) IN ('access', 'session') THEN 'sign_ins'
    WHEN split_part(action, '.', 1) IN ('erasure', 'hold', 'record', 'retention') THEN 'reading'
    ELSE 'administration'
END
$$;
CREATE FUNCTION audit.least_days(class text) RETURNS integer LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS
    $$ SELECT CASE WHEN class IN ('answers', 'sign_ins') THEN 30 ELSE 365 END $$;

GRANT SELECT ON hold, retention_period TO chancery_door;

-- When a period was changed, and what held before, is not the application's to say.
CREATE FUNCTION chancery.date_period() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    NEW.changed_at := now();
    NEW.days_before := NULL;
    IF TG_OP = 'UPDATE' THEN
        NEW.days_before := CASE
            WHEN OLD.changed_at > now() - interval '7 days' AND (OLD.days_before IS NULL OR OLD.days_before > OLD.days)
            THEN OLD.days_before ELSE OLD.days END;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dated BEFORE INSERT OR UPDATE ON retention_period
    FOR EACH ROW EXECUTE FUNCTION chancery.date_period();
ALTER TABLE retention_period ENABLE ALWAYS TRIGGER dated;

-- What is older may go. Nothing may, where no period is set. A period that was made shorter counts from a week later on:
-- until then there is time to place a hold.
CREATE FUNCTION audit.cutoff(class text) RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
SELECT now() - make_interval(days => greatest(audit.least_days(class), CASE
        WHEN p.changed_at > now() - interval '7 days' AND (p.days_before IS NULL OR p.days_before > p.days)
        THEN p.days_before ELSE p.days END))
FROM public.retention_period p
WHERE p.tenant_id = chancery.tenant() AND p.of = class AND p.days IS NOT NULL
  AND (p.days_before IS NOT NULL OR p.changed_at <= now() - interval '7 days')
$$;

-- The events of a class that the record accepted before a time, as a condition on audit.event e; and those of them that a
-- hold keeps.
CREATE FUNCTION audit.due(class text, cutoff timestamptz) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS
$$ SELECT format('e.tenant_id = %L::uuid AND e.recorded_at < %L::timestamptz AND audit.class_of(e.action) = %L',
                 chancery.tenant(), cutoff, class) $$;
CREATE FUNCTION audit.held() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
-- What does not fit a hold must be false, not unknown: an event without an interaction is not held by one.
SELECT coalesce(string_agg('coalesce(' || audit.condition(h.wanted) || ', false)', ' OR '), 'false')
FROM public.hold h WHERE h.tenant_id = chancery.tenant() AND h.lifted_at IS NULL
$$;
REVOKE ALL ON FUNCTION audit.cutoff(text), audit.due(text, timestamptz), audit.held() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.cutoff(text), audit.due(text, timestamptz), audit.held(), audit.class_of(text),
    audit.least_days(text) TO chancery_door;
"""
UNDO = """
DROP TRIGGER dated ON retention_period;
DROP FUNCTION chancery.date_period();
DROP FUNCTION audit.held();
DROP FUNCTION audit.due(text, timestamptz);
DROP FUNCTION audit.cutoff(text);
DROP FUNCTION audit.least_days(text);
DROP FUNCTION audit.class_of(text);
REVOKE SELECT ON hold, retention_period FROM chancery_door;
"""

# How many payloads of a class are older, and how many of those a hold keeps. For numbers alone: also of a period that is
# not set yet.
WOULD_LET_GO = """
BEGIN
    IF NOT (chancery.is_system() OR chancery.has_role('tenant_admin') OR chancery.has_role('compliance_officer')) THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT count(*) FILTER (WHERE NOT (%s)), count(*) FILTER (WHERE %s) FROM audit.event e'
        ' JOIN audit.payload p ON p.tenant_id = e.tenant_id AND p.event_id = e.id WHERE %s',
        audit.held(), audit.held(), audit.due(class, cutoff));
END
"""

# At most `most` at a time, the oldest first. Returns the cut-off that held, and how many went; no row where nothing may.
LET_GO = """
DECLARE
    its_cutoff timestamptz;
    its_amount bigint;
BEGIN
    IF NOT chancery.is_system() THEN
        RAISE EXCEPTION 'only the tenant''s own background work lets go' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(chancery.tenant()::text, 4));  -- a hold is placed before it, or after
    its_cutoff := audit.cutoff(class);
    IF its_cutoff IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format(
        'DELETE FROM audit.payload p USING (SELECT e.id FROM audit.event e'
        ' JOIN audit.payload q ON q.tenant_id = e.tenant_id AND q.event_id = e.id'
        ' WHERE %s AND NOT (%s) ORDER BY e.recorded_at LIMIT %s) gone'
        ' WHERE p.tenant_id = %L::uuid AND p.event_id = gone.id',
        audit.due(class, its_cutoff), audit.held(), greatest(most, 1), chancery.tenant());
    GET DIAGNOSTICS its_amount = ROW_COUNT;
    RETURN QUERY SELECT its_cutoff, its_amount;
END
"""

# The holds that stand against erasing a person: one on an event of theirs is one on them.
HOLDS_ON = """
DECLARE
    one record;
    is_theirs boolean;
BEGIN
    FOR one IN
        SELECT h.id, h.wanted FROM public.hold h WHERE h.tenant_id = chancery.tenant() AND h.lifted_at IS NULL
        ORDER BY h.created_at
    LOOP
        is_theirs := coalesce(one.wanted->>'about' = its_person::text OR one.wanted->>'person' = its_person::text, false);
        IF NOT is_theirs THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM audit.event e WHERE %s'
                           ' AND %L::uuid IN (e.actor_id, e.subject_id, e.resource_id))',
                           audit.condition(one.wanted), its_person) INTO is_theirs;
        END IF;
        IF is_theirs THEN
            RETURN NEXT one.id;
        END IF;
    END LOOP;
END
"""

# Who looked at one's own words: openings of one's interactions, of the events that are about one, and filters by one's id.
LOOKED_AT = """
WITH me AS MATERIALIZED (SELECT chancery.tenant() AS tenant, chancery.person() AS person),
mine AS (
    SELECT e.id, e.interaction FROM me, audit.event e
    WHERE e.tenant_id = me.tenant AND (e.actor_id = me.person OR e.subject_id = me.person)
)
SELECT e.id, e.leaf, p.ciphertext FROM me, audit.event e
LEFT JOIN audit.payload p ON p.tenant_id = e.tenant_id AND p.event_id = e.id
WHERE e.tenant_id = me.tenant AND e.action IN ('record.opened', 'record.read', 'record.exported')
  AND e.actor_id IS DISTINCT FROM me.person
  AND (e.interaction IN (SELECT m.interaction FROM mine m WHERE m.interaction IS NOT NULL)
       OR (convert_from(e.leaf, 'UTF8')::jsonb#>>'{facts,interaction}')::uuid IN (SELECT m.interaction FROM mine m)
       OR (convert_from(e.leaf, 'UTF8')::jsonb#>>'{facts,event}')::uuid IN (SELECT m.id FROM mine m)
       OR convert_from(e.leaf, 'UTF8')::jsonb#>>'{facts,person}' = me.person::text
       OR convert_from(e.leaf, 'UTF8')::jsonb#>>'{facts,about}' = me.person::text)
ORDER BY e.recorded_at DESC LIMIT least(greatest(most, 1), 500)
"""

# One's own events with their payloads, the newest before a place: what one takes away of the record.
OWN = """
SELECT e.id, e.recorded_at, e.leaf, p.ciphertext FROM audit.event e
LEFT JOIN audit.payload p ON p.tenant_id = e.tenant_id AND p.event_id = e.id
WHERE e.tenant_id = chancery.tenant() AND e.action <> 'record.read'
  AND (e.actor_id = chancery.person() OR e.subject_id = chancery.person())
  AND (before_at IS NULL OR (e.recorded_at, e.id) < (before_at, before_id))
ORDER BY e.recorded_at DESC, e.id DESC LIMIT least(greatest(most, 1), 1000)
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0016_lifecycle_tables")]

    operations = [
        rls.same_tenant("erasure", "person_id", "person"),
        rls.isolate("hold", read=OFFICERS, write=OFFICERS),
        rls.isolate("retention_period", write=ADMINS),
        rls.isolate("erasure", read=THEIRS, write=THEIRS),
        migrations.RunSQL(CLASSES, UNDO),
        rls.door(
            "audit.would_let_go(class text, cutoff timestamptz)",
            WOULD_LET_GO,
            returns="TABLE (goes bigint, held bigint)",
            language="plpgsql",
        ),
        rls.door(
            "audit.let_go(class text, most integer)",
            LET_GO,
            returns="TABLE (before timestamptz, amount bigint)",
            language="plpgsql",
            volatility="VOLATILE",
        ),
        rls.door("audit.holds_on(its_person uuid)", HOLDS_ON, returns="SETOF uuid", language="plpgsql"),
        rls.door("audit.looked_at(most integer)", LOOKED_AT, returns="TABLE (id uuid, leaf bytea, ciphertext bytea)"),
        rls.door(
            "audit.own(before_at timestamptz, before_id uuid, most integer)",
            OWN,
            returns="TABLE (id uuid, recorded_at timestamptz, leaf bytea, ciphertext bytea)",
        ),
    ]
