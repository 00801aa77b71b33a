"""The history of access remembers what narrows a document, and what an exchanged key lives by, as well.

Of a tenant, a person and a key more is remembered than before, so that what is known of them begins anew here: from then on
there is a history of labels, restrictions and exchanged keys, and the tenant's own row says since when.
"""

from __future__ import annotations

from django.db import migrations

# table: what of a row is remembered, in the place of what 0039_access_over_time says of it.
MORE = {
    "tenant": "switched_off_at, clearance, allows_personal_keys",
    "person": "is_active, is_service",
    "api_key": "person_id, scopes, expires_at, revoked_at, parent_id",
}
NEW = {
    "service_account": "person_id, acts_for, acts_for_group_id",
    "clearance": "person_id, group_id, rank",
}
# As 0039 has it, but for the resource: of a document's reader the document, of a document its collection.
REMEMBER = """
CREATE OR REPLACE FUNCTION chancery.remember() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
            CASE TG_TABLE_NAME
                WHEN 'resource' THEN of_row
                WHEN 'document_reader' THEN (after ->> 'document_id')::uuid
                ELSE (after ->> 'resource_id')::uuid
            END, after,
            greatest(now(), (SELECT max(h.ended_at) FROM public.access_history h
                             WHERE h.tenant_id = of_tenant AND h.kind = TG_TABLE_NAME AND h."row" = of_row));
    END IF;
    RETURN NULL;
END
$door$;
GRANT SELECT ON service_account, clearance TO chancery_door;
"""


def _triggers() -> str:
    made = []
    for table, kept in (MORE | NEW).items():
        arguments = ", ".join(f"'{one.strip()}'" for one in kept.split(","))
        made.append(
            f'DROP TRIGGER IF EXISTS remembered ON public."{table}";'
            f' CREATE TRIGGER remembered AFTER INSERT OR DELETE OR UPDATE OF {kept} ON public."{table}"'
            f" FOR EACH ROW EXECUTE FUNCTION chancery.remember({arguments});"
        )
    return "\n".join(made)


def _beginning() -> str:
    """Read by the door, since a migration sees no rows of a tenant."""
    kinds = ", ".join(f"'{table}'" for table in MORE)
    parts = [
        f"UPDATE public.access_history SET ended_at = greatest(now(), since) WHERE kind IN ({kinds}) AND ended_at IS NULL;"
    ]
    for table, kept in (MORE | NEW).items():
        said = ", ".join(f"'{one.strip()}', t.{one.strip()}" for one in kept.split(","))
        tenant = "t.id" if table == "tenant" else "t.tenant_id"
        person = "t.id" if table == "person" else "t.person_id" if "person_id" in kept else "NULL"
        group = "t.group_id" if table == "clearance" else "NULL"
        parts.append(
            "INSERT INTO public.access_history"
            ' (id, created_at, tenant_id, kind, "row", person, "group", resource, said, since)'
            f" SELECT gen_random_uuid(), now(), {tenant}, '{table}', t.id, {person}, {group}, NULL,"
            f' jsonb_build_object({said}), now() FROM public."{table}" t;'
        )
    body = "\n".join(parts)
    return f"""
    CREATE FUNCTION chancery.begin_history() RETURNS void LANGUAGE sql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $door$ {body} $door$;
    ALTER FUNCTION chancery.begin_history() OWNER TO chancery_door;
    SELECT chancery.begin_history();
    DROP FUNCTION chancery.begin_history();
    """


class Migration(migrations.Migration):
    dependencies = [("governance", "0053_home_label")]

    operations = [
        migrations.RunSQL(REMEMBER, migrations.RunSQL.noop),
        migrations.RunSQL(_beginning(), migrations.RunSQL.noop),
        migrations.RunSQL(_triggers(), migrations.RunSQL.noop),
    ]
