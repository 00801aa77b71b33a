"""Access that ends, roles of a tenant's own, and the history of what access rests on.

The history is written by triggers, in the transaction that changes the row: whoever changes it, by whichever way, a cascade
too. The application reads it and writes none of it. A change counts from when its transaction began.
"""

from __future__ import annotations

from django.db import migrations

from governance import rls

# table: what of a row is remembered. Ids, times and names of roles and groups; nobody's name or address.
REMEMBERED = {
    "tenant": "switched_off_at",
    "person": "is_active",
    "role_assignment": "person_id, role, ends_at, given_by",
    "custom_role": "name, actions",
    "custom_role_assignment": "role_id, person_id, group_id, ends_at, given_by",
    "group": "name",
    "membership": "group_id, person_id, source, held_by",
    "resource": "kind, retired_at",
    "grant": "resource_id, person_id, group_id, level, denies, ends_at, granted_by, source",
    "api_key": "person_id, scopes, expires_at, revoked_at",
}

REMEMBER = """
CREATE FUNCTION chancery.remember() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $door$
DECLARE
    before jsonb; after jsonb; one jsonb; of_tenant uuid; of_row uuid;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        one := to_jsonb(OLD);
        SELECT jsonb_object_agg(e.key, e.value) INTO before FROM jsonb_each(one) e WHERE e.key = ANY (TG_ARGV);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        one := to_jsonb(NEW);
        SELECT jsonb_object_agg(e.key, e.value) INTO after FROM jsonb_each(one) e WHERE e.key = ANY (TG_ARGV);
    END IF;
    IF before IS NOT DISTINCT FROM after THEN
        RETURN NULL;
    END IF;
    of_row := (one ->> 'id')::uuid;
    of_tenant := coalesce((one ->> 'tenant_id')::uuid, of_row);
    IF TG_OP <> 'INSERT' THEN
        UPDATE public.access_history SET ended_at = greatest(now(), since)
            WHERE tenant_id = of_tenant AND kind = TG_TABLE_NAME AND "row" = of_row AND ended_at IS NULL;
    END IF;
    IF after IS NOT NULL THEN
        INSERT INTO public.access_history
            (id, created_at, tenant_id, kind, "row", person, "group", resource, said, since)
        SELECT gen_random_uuid(), now(), of_tenant, TG_TABLE_NAME, of_row,
            CASE TG_TABLE_NAME WHEN 'person' THEN of_row ELSE (after ->> 'person_id')::uuid END,
            (after ->> 'group_id')::uuid,
            CASE TG_TABLE_NAME WHEN 'resource' THEN of_row ELSE (after ->> 'resource_id')::uuid END, after,
            greatest(now(), (SELECT max(h.ended_at) FROM public.access_history h
                             WHERE h.tenant_id = of_tenant AND h.kind = TG_TABLE_NAME AND h."row" = of_row));
    END IF;
    RETURN NULL;
END
$door$;
REVOKE ALL ON FUNCTION chancery.remember() FROM PUBLIC;
ALTER FUNCTION chancery.remember() OWNER TO chancery_door;
"""


def _triggers() -> str:
    made = []
    for table, kept in REMEMBERED.items():
        arguments = ", ".join(f"'{one.strip()}'" for one in kept.split(","))
        made.append(
            f'CREATE TRIGGER remembered AFTER INSERT OR DELETE OR UPDATE OF {kept} ON public."{table}"'
            f" FOR EACH ROW EXECUTE FUNCTION chancery.remember({arguments});"
        )
    return "\n".join(made)


def _beginning() -> str:
    """What there is today is where the history begins. Read by the door, since a migration sees no rows of a tenant."""
    parts = []
    for table, kept in REMEMBERED.items():
        said = ", ".join(f"'{one.strip()}', t.{one.strip()}" for one in kept.split(","))
        tenant = "t.id" if table == "tenant" else "t.tenant_id"
        found = ", ".join(
            "t.id" if table == one != "group" else f"t.{one}_id" if f"{one}_id" in kept else "NULL"
            for one in ("person", "group", "resource")
        )
        parts.append(
            "INSERT INTO public.access_history"
            ' (id, created_at, tenant_id, kind, "row", person, "group", resource, said, since)'
            f" SELECT gen_random_uuid(), now(), {tenant}, '{table}', t.id, {found}, jsonb_build_object({said}), now()"
            f' FROM public."{table}" t;'
        )
    body = "\n".join(parts)
    return f"""
    CREATE FUNCTION chancery.begin_history() RETURNS void LANGUAGE sql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $door$ {body} $door$;
    ALTER FUNCTION chancery.begin_history() OWNER TO chancery_door;
    SELECT chancery.begin_history();
    DROP FUNCTION chancery.begin_history();
    """


RIGHTS = """
REVOKE INSERT, UPDATE, DELETE ON access_history FROM chancery_app;
GRANT SELECT, INSERT, UPDATE ON access_history TO chancery_door;
GRANT SELECT ON custom_role, custom_role_assignment TO chancery_door;
"""

COLLECTIONS = """
WITH holder AS (SELECT chancery.tenant() AS tenant, chancery.person() AS person),
mine AS (
    SELECT g.resource_id, g.level, g.denies FROM public."grant" g, holder h
    WHERE g.tenant_id = h.tenant AND (g.ends_at IS NULL OR g.ends_at > now()) AND (
        g.person_id = h.person
        OR g.group_id IN (SELECT m.group_id FROM public.membership m
                          WHERE m.tenant_id = h.tenant AND m.person_id = h.person))
)
SELECT r.id FROM public.resource r, holder h
WHERE r.tenant_id = h.tenant AND (
    chancery.is_system()
    OR (r.retired_at IS NULL
        AND EXISTS (SELECT 1 FROM public.person p WHERE p.id = h.person AND p.tenant_id = h.tenant AND p.is_active)
        AND EXISTS (SELECT 1 FROM mine WHERE resource_id = r.id AND NOT denies AND level >= minimum)
        AND NOT EXISTS (SELECT 1 FROM mine WHERE resource_id = r.id AND denies AND level <= minimum)))
"""

HAS_ROLE = """
SELECT EXISTS (SELECT 1 FROM public.role_assignment a JOIN public.person p ON p.id = a.person_id
               WHERE a.tenant_id = chancery.tenant() AND a.person_id = chancery.person() AND a.role = wanted
                 AND (a.ends_at IS NULL OR a.ends_at > now()) AND p.tenant_id = a.tenant_id AND p.is_active)
"""

HELD = """
FROM public.custom_role_assignment a
JOIN public.custom_role r ON r.tenant_id = a.tenant_id AND r.id = a.role_id
WHERE a.tenant_id = p.tenant_id AND (a.ends_at IS NULL OR a.ends_at > now())
  AND (a.person_id = p.id OR a.group_id IN (SELECT m.group_id FROM public.membership m
                                            WHERE m.tenant_id = p.tenant_id AND m.person_id = p.id))
"""

OPENS = f"""
SELECT EXISTS (SELECT 1 FROM public.person p WHERE p.tenant_id = chancery.tenant() AND p.id = chancery.person()
               AND p.is_active AND EXISTS (SELECT 1 {HELD} AND wanted = ANY (r.actions)))
"""

RESOLVE = f"""
SELECT p.tenant_id,
    ARRAY(SELECT r.role::text FROM public.role_assignment r WHERE r.tenant_id = p.tenant_id AND r.person_id = p.id
          AND (r.ends_at IS NULL OR r.ends_at > now())),
    ARRAY(SELECT m.group_id FROM public.membership m WHERE m.tenant_id = p.tenant_id AND m.person_id = p.id),
    k.scopes::text[], coalesce(k.last_used_at < now() - interval '1 minute', true),
    ARRAY(SELECT DISTINCT unnest(r.actions)::text {HELD})
FROM public.person p JOIN public.tenant t ON t.id = p.tenant_id
LEFT JOIN public.api_key k ON k.tenant_id = p.tenant_id AND k.person_id = p.id AND k.id = through
    AND k.revoked_at IS NULL AND k.expires_at > now()
WHERE p.id = wanted AND p.is_active AND t.switched_off_at IS NULL
"""

# What somebody holds by grants, as a hash: whether it has changed is all that is asked, of many at once.
HOLDINGS = """
SELECT p.id, md5(coalesce(string_agg(concat_ws(':', g.resource_id, g.level, g.denies), ',' ORDER BY g.id), ''))
FROM public.person p
LEFT JOIN (public."grant" g JOIN public.resource r ON r.tenant_id = g.tenant_id AND r.id = g.resource_id AND r.retired_at IS NULL)
    ON g.tenant_id = p.tenant_id AND (g.ends_at IS NULL OR g.ends_at > now())
    AND (g.person_id = p.id OR g.group_id IN (SELECT m.group_id FROM public.membership m
                                              WHERE m.tenant_id = p.tenant_id AND m.person_id = p.id))
WHERE p.id = ANY (wanted) GROUP BY p.id
"""

# Whoever's access has ended and is still written as if it had not.
DUE = """
SELECT DISTINCT e.tenant_id FROM (
    SELECT tenant_id FROM public."grant" WHERE ends_at <= now()
    UNION ALL SELECT tenant_id FROM public.role_assignment WHERE ends_at <= now()
    UNION ALL SELECT tenant_id FROM public.custom_role_assignment WHERE ends_at <= now()) AS e
"""


def replaced(signature: str, returns: str, body: str) -> migrations.RunSQL:
    """A door that is there, with another body: its owner and who may use it stay."""
    return migrations.RunSQL(
        f"CREATE OR REPLACE FUNCTION {signature} RETURNS {returns} LANGUAGE sql STABLE SECURITY DEFINER"
        f" SET search_path = pg_catalog, pg_temp AS $door$ {body} $door$",
        migrations.RunSQL.noop,
    )


CLAUSES = {"reads": ("USING",), "inserts": ("WITH CHECK",), "updates": ("USING", "WITH CHECK"), "deletes": ("USING",)}


def widened(table: str, policy: str, action: str) -> str:
    """A policy that lets admins through lets those through as well to whom a custom role opens `action`."""
    clauses = " ".join(f"{one} (%1$s OR (SELECT chancery.opens(%2$L)))" for one in CLAUSES[policy])
    return f"""
    DO $$ DECLARE said text; BEGIN
        SELECT '(' || coalesce(qual, with_check) || ')' INTO STRICT said FROM pg_policies
        WHERE schemaname = 'public' AND tablename = '{table}' AND policyname = '{policy}'
          AND coalesce(qual, with_check) LIKE '%tenant_admin%';
        EXECUTE format('ALTER POLICY {policy} ON public.{table} {clauses}', said, '{action}');
    END $$;
    """


class Migration(migrations.Migration):
    dependencies = [("governance", "0038_access_tables")]

    operations = [
        rls.addressable("custom_role"),
        rls.same_tenant("custom_role_assignment", "role_id", "custom_role", "CASCADE"),
        rls.same_tenant("custom_role_assignment", "person_id", "person", "CASCADE"),
        rls.same_tenant("custom_role_assignment", "group_id", '"group"', "CASCADE"),
        rls.isolate("custom_role"),
        rls.isolate("custom_role_assignment"),
        rls.isolate("access_history", write="false"),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
        migrations.RunSQL(REMEMBER, "DROP FUNCTION chancery.remember() CASCADE"),
        migrations.RunSQL(_beginning(), migrations.RunSQL.noop),
        migrations.RunSQL(_triggers(), migrations.RunSQL.noop),
        replaced("chancery.collections(minimum integer)", "SETOF uuid", COLLECTIONS),
        replaced("chancery.has_role(wanted text)", "boolean", HAS_ROLE),
        rls.door("chancery.opens(wanted text)", OPENS, returns="boolean"),
        migrations.RunSQL("DROP FUNCTION chancery.resolve_person(uuid, uuid)", migrations.RunSQL.noop),
        rls.door(
            "chancery.resolve_person(wanted uuid, through uuid)",
            RESOLVE,
            returns="TABLE (tenant_id uuid, roles text[], groups uuid[], key_scopes text[], key_idles boolean, opened text[])",
        ),
        rls.door("chancery.holdings(wanted uuid[])", HOLDINGS, returns="TABLE (person uuid, mark text)"),
        rls.door("chancery.due_ends()", DUE, returns="SETOF uuid"),
        migrations.RunSQL(
            widened("policy_version", "reads", "policy.see")
            + "".join(widened("policy_version", one, "policy.manage") for one in ("inserts", "updates", "deletes"))
            + "".join(widened("retention_period", one, "retention.set") for one in ("inserts", "updates", "deletes")),
            migrations.RunSQL.noop,
        ),
    ]
