"""The record: an append-only schema that the application reaches through two functions."""

from __future__ import annotations

from django.db import migrations

from governance import rls

TABLES = """
CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO chancery_app, chancery_door, chancery_sealer, chancery_reader, chancery_backup;
GRANT CREATE ON SCHEMA audit TO chancery_door;

-- `leaf` is the exact bytes that will be hashed into the tree; the columns beside it are read from it by audit.append,
-- for searching. `writer` and `number` close the window before sealing: a writer is one connection, its number advances
-- on commit only, so a missing number below a writer's last is a missing event.
CREATE TABLE audit.event (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    writer uuid NOT NULL,
    number bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    leaf bytea NOT NULL,
    ciphertext bytea,
    at timestamptz NOT NULL,
    action text NOT NULL,
    actor_id uuid,
    subject_id uuid,
    interaction uuid,
    resource_id uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, writer, number)
);
CREATE INDEX event_by_time ON audit.event (tenant_id, recorded_at DESC, id DESC);
CREATE INDEX event_by_interaction ON audit.event (tenant_id, interaction) WHERE interaction IS NOT NULL;
CREATE INDEX event_by_actor ON audit.event (tenant_id, actor_id, recorded_at DESC);
CREATE INDEX event_by_action ON audit.event (tenant_id, action, recorded_at DESC);
CREATE INDEX event_by_resource ON audit.event (tenant_id, resource_id, recorded_at DESC);

CREATE TABLE audit.writer (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS
    $$ BEGIN RAISE EXCEPTION 'the record is append-only' USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.event FOR EACH ROW EXECUTE FUNCTION audit.refuse();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.event EXECUTE FUNCTION audit.refuse();
ALTER TABLE audit.event ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit.event ENABLE ALWAYS TRIGGER append_only_truncate;

GRANT SELECT, INSERT ON audit.event TO chancery_door;
GRANT SELECT, INSERT, UPDATE ON audit.writer TO chancery_door;
GRANT SELECT ON audit.event, audit.writer TO chancery_sealer, chancery_backup;
"""

# Runs inside the caller's transaction, so an event commits or vanishes together with what it tells of.
APPEND = """
DECLARE
    fields jsonb := convert_from(event_leaf, 'UTF8')::jsonb;
    its_tenant uuid := (fields->>'tenant')::uuid;
    its_writer uuid := nullif(current_setting('chancery.writer', true), '')::uuid;
    its_number bigint;
BEGIN
    -- Outside a tenant only the installation's own log may be written.
    IF its_tenant IS DISTINCT FROM coalesce(chancery.tenant(), '00000000-0000-0000-0000-000000000000'::uuid) THEN
        RAISE EXCEPTION 'the event names another tenant' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (event_ciphertext IS NULL) <> (fields->'payload' IS NULL)
       OR fields#>>'{payload,sha256}' IS DISTINCT FROM encode(sha256(event_ciphertext), 'hex') THEN
        RAISE EXCEPTION 'the leaf does not carry the hash of its payload' USING ERRCODE = 'data_exception';
    END IF;
    -- A setting of the session, taken back with a rollback: after an unknown outcome there is a new writer.
    IF its_writer IS NULL THEN
        its_writer := gen_random_uuid();
        PERFORM set_config('chancery.writer', its_writer::text, false);
    END IF;
    INSERT INTO audit.writer AS w (tenant_id, id, last) VALUES (its_tenant, its_writer, 1)
        ON CONFLICT (tenant_id, id) DO UPDATE SET last = w.last + 1 RETURNING w.last INTO its_number;
    INSERT INTO audit.event (tenant_id, id, writer, number, recorded_at, leaf, ciphertext, at, action, actor_id,
                             subject_id, interaction, resource_id)
    VALUES (its_tenant, (fields->>'id')::uuid, its_writer, its_number, clock_timestamp(), event_leaf, event_ciphertext,
            (fields->>'at')::timestamptz, fields->>'action', (fields#>>'{actor,id}')::uuid,
            (fields#>>'{payload,subject}')::uuid, (fields->>'interaction')::uuid, (fields#>>'{resource,id}')::uuid);
    RETURN its_number;
END
"""

# The role is asked for here as well: whoever is no compliance officer reads nothing, whatever the application forgot.
READ = """
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
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0002_isolation")]

    operations = [
        migrations.RunSQL(TABLES, "DROP SCHEMA audit CASCADE"),
        rls.isolate("audit.event"),
        rls.isolate("audit.writer"),
        rls.door(
            "audit.append(event_leaf bytea, event_ciphertext bytea)",
            APPEND,
            returns="bigint",
            language="plpgsql",
            volatility="VOLATILE",
        ),
        rls.door(
            "audit.read(wanted jsonb, amount integer)",
            READ,
            returns="TABLE (id uuid, recorded_at timestamptz, leaf bytea, ciphertext bytea, writer uuid, number bigint)",
        ),
    ]
