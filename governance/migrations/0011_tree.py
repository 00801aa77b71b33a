"""The tree over the record's events, and payloads beside the events so that they can end before them.

A leaf is the event's bytes; its hash, its place and a running hash are written once by the sealer. Stored beside the leaves are
the hashes of complete subtrees of 256, 65,536 … and every head that was signed. Nothing of it can be changed afterwards.
"""

from __future__ import annotations

from django.db import migrations

from governance import rls

PAYLOADS = """
CREATE TABLE audit.payload (
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    ciphertext bytea NOT NULL,
    PRIMARY KEY (tenant_id, event_id)
);
GRANT SELECT, INSERT, DELETE ON audit.payload TO chancery_door;
GRANT SELECT ON audit.payload TO chancery_backup;
-- As chancery_door, who sees the rows of every tenant.
SET LOCAL ROLE chancery_door;
INSERT INTO audit.payload SELECT tenant_id, id, ciphertext FROM audit.event WHERE ciphertext IS NOT NULL;
RESET ROLE;
ALTER TABLE audit.event DROP COLUMN ciphertext;

-- A payload may end before its event: through the door that retention goes through, and no other way.
CREATE FUNCTION audit.refuse_but_retention() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' AND current_user = 'chancery_door' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the record is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.payload
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_but_retention();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.payload EXECUTE FUNCTION audit.refuse();
ALTER TABLE audit.payload ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit.payload ENABLE ALWAYS TRIGGER append_only_truncate;
"""

TREE = """
-- Which events a sealer that has seen everything below some transaction has not seen yet.
ALTER TABLE audit.event ADD COLUMN transaction xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX event_by_transaction ON audit.event (transaction);

-- `chain` is SHA-256 of the chain before and the hash: a root says that something was changed, this says where.
CREATE TABLE audit.leaf (
    tenant_id uuid NOT NULL,
    index bigint NOT NULL CHECK (index >= 0),
    event_id uuid NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    chain bytea NOT NULL CHECK (length(chain) = 32),
    PRIMARY KEY (tenant_id, index),
    UNIQUE (tenant_id, event_id)
);
-- Complete subtrees of 2 ^ level leaves; the level is a multiple of 8.
CREATE TABLE audit.node (
    tenant_id uuid NOT NULL,
    level smallint NOT NULL CHECK (level > 0 AND level % 8 = 0),
    index bigint NOT NULL CHECK (index >= 0),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (tenant_id, level, index)
);
-- `note` is the signed head as text, with the witness's line where there is one.
CREATE TABLE audit.checkpoint (
    tenant_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    is_witnessed boolean NOT NULL,
    PRIMARY KEY (tenant_id, number)
);
CREATE INDEX checkpoint_by_size ON audit.checkpoint (tenant_id, size);
"""


def fixed(table: str) -> str:
    return f"""
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.{table} FOR EACH ROW EXECUTE FUNCTION audit.refuse();
    CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.{table} EXECUTE FUNCTION audit.refuse();
    ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only;
    ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only_truncate;
    GRANT SELECT, INSERT ON audit.{table} TO chancery_sealer;
    GRANT SELECT ON audit.{table} TO chancery_door, chancery_backup;
    """


# The time, writer and number that Postgres gives an event stand in the leaf too: `accepted` sorts before every other name,
# so that the bytes stay what RFC 8785 wants.
APPEND = """
CREATE OR REPLACE FUNCTION audit.append(event_leaf bytea, event_ciphertext bytea) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$
DECLARE
    fields jsonb := convert_from(event_leaf, 'UTF8')::jsonb;
    its_tenant uuid := (fields->>'tenant')::uuid;
    its_writer uuid := nullif(current_setting('chancery.writer', true), '')::uuid;
    its_number bigint;
    its_time timestamptz := clock_timestamp();
    whole bytea;
BEGIN
    -- Outside a tenant only the installation's own log may be written.
    IF its_tenant IS DISTINCT FROM coalesce(chancery.tenant(), '00000000-0000-0000-0000-000000000000'::uuid) THEN
        RAISE EXCEPTION 'the event names another tenant' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (event_ciphertext IS NULL) <> (fields->'payload' IS NULL)
       OR fields#>>'{payload,sha256}' IS DISTINCT FROM encode(sha256(event_ciphertext), 'hex') THEN
        RAISE EXCEPTION 'the leaf does not carry the hash of its payload' USING ERRCODE = 'data_exception';
    END IF;
    IF fields ? 'accepted' OR substring(event_leaf FROM 1 FOR 2) <> '{"'::bytea THEN
        RAISE EXCEPTION 'the leaf says when it was accepted' USING ERRCODE = 'data_exception';
    END IF;
    -- A setting of the session, taken back with a rollback: after an unknown outcome there is a new writer.
    IF its_writer IS NULL THEN
        its_writer := gen_random_uuid();
        PERFORM set_config('chancery.writer', its_writer::text, false);
    END IF;
    INSERT INTO audit.writer AS w (tenant_id, id, last) VALUES (its_tenant, its_writer, 1)
        ON CONFLICT (tenant_id, id) DO UPDATE SET last = w.last + 1 RETURNING w.last INTO its_number;
    whole := convert_to(
        format('{"accepted":{"at":"%s","number":%s,"writer":"%s"},',
               to_char(its_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), its_number, its_writer),
        'UTF8') || substring(event_leaf FROM 2);
    INSERT INTO audit.event (tenant_id, id, writer, number, recorded_at, leaf, at, action, actor_id,
                             subject_id, interaction, resource_id)
    VALUES (its_tenant, (fields->>'id')::uuid, its_writer, its_number, its_time, whole,
            (fields->>'at')::timestamptz, fields->>'action', (fields#>>'{actor,id}')::uuid,
            (fields#>>'{payload,subject}')::uuid, (fields->>'interaction')::uuid, (fields#>>'{resource,id}')::uuid);
    IF event_ciphertext IS NOT NULL THEN
        INSERT INTO audit.payload VALUES (its_tenant, (fields->>'id')::uuid, event_ciphertext);
    END IF;
    RETURN its_number;
END $door$;
"""

READ = """
DECLARE direction text := CASE WHEN wanted->>'after_at' IS NULL THEN 'DESC' ELSE 'ASC' END;
BEGIN
    IF NOT (chancery.is_system() OR chancery.has_role('compliance_officer')) THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT e.id, e.recorded_at, e.leaf, p.ciphertext, l.index FROM audit.event e'
        ' LEFT JOIN audit.payload p ON p.tenant_id = e.tenant_id AND p.event_id = e.id'
        ' LEFT JOIN audit.leaf l ON l.tenant_id = e.tenant_id AND l.event_id = e.id'
        ' WHERE %s ORDER BY e.recorded_at %s, e.id %s LIMIT %s',
        audit.condition(wanted), direction, direction, least(greatest(amount, 1), 1000));
END
"""

# By place in the tree, whatever is there: a row without an event, an event without its payload.
STRETCH = """
SELECT l.index, l.event_id, l.hash, l.chain, e.leaf, e.writer, e.number, e.recorded_at, e.at, e.action, e.actor_id,
       e.subject_id, e.interaction, e.resource_id, e.outcome, e.mentions, sha256(p.ciphertext)
FROM audit.leaf l
LEFT JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
LEFT JOIN audit.payload p ON p.tenant_id = l.tenant_id AND p.event_id = l.event_id
WHERE l.tenant_id = chancery.tenant()
  AND (chancery.is_system() OR chancery.has_role('compliance_officer'))
  AND l.index >= first AND l.index < first + least(greatest(amount, 1), 10000)
ORDER BY l.index
"""
STRETCHED = """TABLE (index bigint, event_id uuid, hash bytea, chain bytea, leaf bytea, writer uuid, number bigint,
    recorded_at timestamptz, at timestamptz, action text, actor_id uuid, subject_id uuid, interaction uuid,
    resource_id uuid, outcome text, mentions uuid[], payload_hash bytea)"""

UNSEALED = """
SELECT e.id, e.leaf, e.writer, e.number, e.recorded_at FROM audit.event e
WHERE e.tenant_id = chancery.tenant()
  AND (chancery.is_system() OR chancery.has_role('compliance_officer'))
  AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)
ORDER BY e.recorded_at, e.id LIMIT least(greatest(amount, 1), 10000)
"""

WRITERS = """
SELECT w.id, w.last FROM audit.writer w
WHERE w.tenant_id = chancery.tenant()
  AND (chancery.is_system() OR chancery.has_role('compliance_officer'))
"""

# Hashes and heads are no secret inside their tenant: whoever holds an answer of it may show that it is in the tree.
HASHES = """
SELECT found.hash FROM (
    SELECT l.index, l.hash FROM audit.leaf l
    WHERE its_level = 0 AND l.tenant_id = chancery.tenant() AND l.index >= first AND l.index < first + amount
    UNION ALL
    SELECT n.index, n.hash FROM audit.node n
    WHERE n.level = its_level AND n.tenant_id = chancery.tenant() AND n.index >= first AND n.index < first + amount
) AS found ORDER BY found.index
"""
HEADS = """
SELECT c.number, c.at, c.size, c.root, c.note, c.is_witnessed FROM audit.checkpoint c
WHERE c.tenant_id = chancery.tenant() AND c.number < below
ORDER BY c.number DESC LIMIT least(greatest(amount, 1), 1000)
"""
PLACE = "SELECT l.index FROM audit.leaf l WHERE l.tenant_id = chancery.tenant() AND l.event_id = event"

# Which tenants have events that are in no tree; `since` is a transaction below which there are none. Rows that a backup brought
# may bear transactions that this server has not come to yet: they are looked at once, from 0 on.
WAITING = """
SELECT e.tenant_id, count(*) FROM audit.event e
WHERE e.transaction >= since AND (since = '0'::xid8 OR e.transaction < pg_snapshot_xmax(pg_current_snapshot()))
  AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)
GROUP BY e.tenant_id
"""

# Which trees are not as their last head says, or have a head that is older than that.
UNSIGNED = """
SELECT log.tenant_id FROM (SELECT DISTINCT w.tenant_id FROM audit.writer w) AS log
CROSS JOIN LATERAL (
    SELECT l.index + 1 AS size FROM audit.leaf l WHERE l.tenant_id = log.tenant_id ORDER BY l.index DESC LIMIT 1) AS tree
LEFT JOIN LATERAL (
    SELECT c.size, c.at FROM audit.checkpoint c WHERE c.tenant_id = log.tenant_id ORDER BY c.number DESC LIMIT 1) AS head ON true
WHERE head.size IS NULL OR head.size <> tree.size OR head.at < clock_timestamp() - older
"""

FOR_THE_SEALER = """
REVOKE ALL ON FUNCTION audit.waiting(xid8), audit.unsigned(interval) FROM chancery_app;
GRANT EXECUTE ON FUNCTION audit.waiting(xid8), audit.unsigned(interval) TO chancery_sealer;
GRANT EXECUTE ON FUNCTION audit.append(bytea, bytea) TO chancery_sealer;
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0010_invitation_isolation")]

    operations = [
        migrations.RunSQL(PAYLOADS),
        migrations.RunSQL(TREE),
        *(migrations.RunSQL(fixed(table)) for table in ("leaf", "node", "checkpoint")),
        *(rls.isolate(f"audit.{table}") for table in ("payload", "leaf", "node", "checkpoint")),
        migrations.RunSQL(APPEND),
        migrations.RunSQL("DROP FUNCTION audit.read(jsonb, integer)"),
        rls.door(
            "audit.read(wanted jsonb, amount integer)",
            READ,
            returns="TABLE (id uuid, recorded_at timestamptz, leaf bytea, ciphertext bytea, index bigint)",
            language="plpgsql",
        ),
        rls.door("audit.stretch(first bigint, amount integer)", STRETCH, returns=STRETCHED),
        rls.door(
            "audit.unsealed(amount integer)",
            UNSEALED,
            returns="TABLE (id uuid, leaf bytea, writer uuid, number bigint, recorded_at timestamptz)",
        ),
        rls.door("audit.writers()", WRITERS, returns="TABLE (id uuid, last bigint)"),
        rls.door("audit.hashes(its_level integer, first bigint, amount bigint)", HASHES, returns="SETOF bytea"),
        rls.door(
            "audit.heads(below bigint, amount integer)",
            HEADS,
            returns="TABLE (number bigint, at timestamptz, size bigint, root bytea, note text, is_witnessed boolean)",
        ),
        rls.door("audit.place(event uuid)", PLACE, returns="bigint"),
        rls.door("audit.waiting(since xid8)", WAITING, returns="TABLE (tenant_id uuid, events bigint)"),
        rls.door("audit.unsigned(older interval)", UNSIGNED, returns="TABLE (tenant_id uuid)"),
        migrations.RunSQL(FOR_THE_SEALER),
    ]
