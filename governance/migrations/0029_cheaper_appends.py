"""What is recorded together is appended by one statement, and a leaf is read once for all that its row says of it."""

from __future__ import annotations

from django.db import migrations

# As they were, of a leaf that has been parsed already. Most events mention nothing, and are not searched for it.
COLUMNS = r"""
DROP INDEX audit.event_by_mention, audit.event_by_resource;
ALTER TABLE audit.event ALTER COLUMN outcome DROP EXPRESSION, ALTER COLUMN mentions DROP EXPRESSION;
DROP FUNCTION audit.outcome_of(bytea);
DROP FUNCTION audit.mentions_of(bytea);
CREATE INDEX event_by_mention ON audit.event USING gin (mentions) WHERE mentions IS NOT NULL;
CREATE INDEX event_by_resource ON audit.event (tenant_id, resource_id, recorded_at DESC) WHERE resource_id IS NOT NULL;

CREATE FUNCTION audit.outcome_of(fields jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog AS $$
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

CREATE FUNCTION audit.mentions_of(fields jsonb) RETURNS uuid[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog AS $$
BEGIN
    IF fields#>'{resource,id}' IS NULL AND NOT coalesce(fields->'facts' ?| ARRAY['collection', 'collections', 'passages'], false)
    THEN
        RETURN NULL;
    END IF;
    RETURN (
        SELECT array_agg(DISTINCT said::uuid) FROM (
            SELECT fields#>>'{resource,id}' AS said
            UNION ALL SELECT fields#>>'{facts,collection}'
            UNION ALL SELECT hit#>>'{}' FROM jsonb_path_query(fields, 'lax $.facts.collections[*]') AS hit
            UNION ALL SELECT hit#>>'{}' FROM jsonb_path_query(fields, 'lax $.facts.passages[*].document') AS hit
        ) AS told WHERE said ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    );
END $$;
"""

APPEND = """
CREATE OR REPLACE FUNCTION audit.append(event_leaf bytea, event_ciphertext bytea) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$
DECLARE
    fields jsonb := convert_from(event_leaf, 'UTF8')::jsonb;
    its_id uuid := (fields->>'id')::uuid;
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
    -- One that a reader of the record stumbles over would hide those beside it: it is refused here, whoever wrote it.
    IF (length(event_leaf) <= 1048576
        AND jsonb_typeof(fields->'facts') = 'object' AND jsonb_typeof(fields->'v') = 'number'
        AND jsonb_typeof(fields#>'{actor,kind}') = 'string' AND jsonb_typeof(fields->'resource') IN ('object', 'null')
        AND fields->>'action' ~ '^[a-z_]+([.][a-z_]+)*$' AND length(fields->>'action') <= 64
        AND fields->>'at' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}[+]00:00$') IS NOT TRUE
        -- Neither a depth nor a number fits into less that JSON's readers give up at.
        OR (length(event_leaf) > 1024 AND (jsonb_path_exists(fields, '$.**{64 to last}') OR jsonb_path_exists(fields,
            '$.** ? (@.type() == "number") ? (@ > 9007199254740991 || @ < -9007199254740991)')))
    THEN
        RAISE EXCEPTION 'these bytes are no event' USING ERRCODE = 'data_exception';
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
                             subject_id, interaction, resource_id, outcome, mentions)
    VALUES (its_tenant, its_id, its_writer, its_number, its_time, whole,
            (fields->>'at')::timestamptz, fields->>'action', (fields#>>'{actor,id}')::uuid,
            (fields#>>'{payload,subject}')::uuid, (fields->>'interaction')::uuid, (fields#>>'{resource,id}')::uuid,
            audit.outcome_of(fields), audit.mentions_of(fields));
    IF event_ciphertext IS NOT NULL THEN
        INSERT INTO audit.payload VALUES (its_tenant, its_id, event_ciphertext);
    END IF;
    RETURN its_number;
END $door$;

-- No door: whoever may not append one may not append many. The first that is refused refuses all.
CREATE FUNCTION audit.append_all(leaves bytea[], ciphertexts bytea[]) RETURNS void LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog AS $$
BEGIN
    IF cardinality(leaves) <> cardinality(ciphertexts) THEN
        RAISE EXCEPTION 'there is not a payload, or none, for each leaf' USING ERRCODE = 'data_exception';
    END IF;
    FOR place IN 1..cardinality(leaves) LOOP
        PERFORM audit.append(leaves[place], ciphertexts[place]);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION audit.append_all(bytea[], bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.append_all(bytea[], bytea[]) TO chancery_app;
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0028_demands_forwarding")]

    operations = [migrations.RunSQL(COLUMNS), migrations.RunSQL(APPEND)]
