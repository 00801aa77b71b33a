"""Pages of the record for verification in the same time wherever they stand: each row's event and payload are looked up by
their keys. Joined as sets, every page reads all payloads of the tenant.
"""

from __future__ import annotations

from django.db import migrations

ROWS = """TABLE (index bigint, event_id uuid, hash bytea, chain bytea, leaf bytea, writer uuid, number bigint,
    recorded_at timestamptz, at timestamptz, action text, actor_id uuid, subject_id uuid, interaction uuid,
    resource_id uuid, outcome text, mentions uuid[], payload_hash bytea)"""

# `OFFSET 0` keeps the planner from making joins of sets of the lookups.
STRETCH = f"""
CREATE OR REPLACE FUNCTION audit.stretch(first bigint, amount integer) RETURNS {ROWS}
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$
DECLARE me uuid := chancery.tenant();
BEGIN
    IF NOT (chancery.is_system() OR chancery.has_role('compliance_officer')) THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT l.index, l.event_id, l.hash, l.chain, e.leaf, e.writer, e.number, e.recorded_at, e.at, e.action, e.actor_id,
               e.subject_id, e.interaction, e.resource_id, e.outcome, e.mentions, sha256(p.ciphertext)
        FROM audit.leaf l
        LEFT JOIN LATERAL (SELECT * FROM audit.event one WHERE one.tenant_id = me AND one.id = l.event_id OFFSET 0) e ON true
        LEFT JOIN LATERAL (
            SELECT * FROM audit.payload one WHERE one.tenant_id = me AND one.event_id = l.event_id OFFSET 0) p ON true
        WHERE l.tenant_id = me AND l.index >= first AND l.index < first + least(greatest(amount, 1), 10000)
        ORDER BY l.index;
END $door$;
"""

LOOSE = f"""
CREATE OR REPLACE FUNCTION audit.loose(after uuid, amount integer) RETURNS {ROWS}
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$
DECLARE me uuid := chancery.tenant();
BEGIN
    IF NOT (chancery.is_system() OR chancery.has_role('compliance_officer')) THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT NULL::bigint, e.id, NULL::bytea, NULL::bytea, e.leaf, e.writer, e.number, e.recorded_at, e.at, e.action,
               e.actor_id, e.subject_id, e.interaction, e.resource_id, e.outcome, e.mentions, sha256(p.ciphertext)
        FROM (
            SELECT * FROM audit.event waiting
            WHERE waiting.tenant_id = me AND waiting.id > after AND NOT EXISTS (
                SELECT FROM audit.leaf l WHERE l.tenant_id = me AND l.event_id = waiting.id)
            ORDER BY waiting.id LIMIT least(greatest(amount, 1), 10000)
        ) e
        LEFT JOIN LATERAL (
            SELECT * FROM audit.payload one WHERE one.tenant_id = me AND one.event_id = e.id OFFSET 0) p ON true
        ORDER BY e.id;
END $door$;
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0022_officers_isolation")]

    operations = [migrations.RunSQL(STRETCH), migrations.RunSQL(LOOSE)]
