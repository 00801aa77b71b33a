"""Who is asking, as Postgres sees it; row-level security on the ground's tables; the doors."""

from __future__ import annotations

from django.db import migrations

from governance import rls

SETTINGS = """
CREATE SCHEMA chancery;
GRANT USAGE ON SCHEMA chancery TO chancery_app, chancery_door, chancery_sealer, chancery_reader;
GRANT CREATE ON SCHEMA chancery TO chancery_door;
GRANT USAGE, CREATE ON SCHEMA public TO chancery_door;
GRANT USAGE ON SCHEMA public TO chancery_app;

CREATE FUNCTION chancery.tenant() RETURNS uuid LANGUAGE sql STABLE SET search_path = pg_catalog AS
    $$ SELECT nullif(current_setting('chancery.tenant', true), '')::uuid $$;
CREATE FUNCTION chancery.person() RETURNS uuid LANGUAGE sql STABLE SET search_path = pg_catalog AS
    $$ SELECT nullif(current_setting('chancery.person', true), '')::uuid $$;
CREATE FUNCTION chancery.is_system() RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS
    $$ SELECT coalesce(current_setting('chancery.actor_kind', true) = 'system', false)
          AND nullif(current_setting('chancery.tenant', true), '') IS NOT NULL $$;

ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO chancery_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO chancery_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO chancery_backup;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO chancery_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO chancery_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO chancery_backup, chancery_door;
GRANT INSERT ON public.tenant TO chancery_door;
REVOKE INSERT, UPDATE, DELETE ON public.django_migrations FROM chancery_app;
REVOKE INSERT, DELETE ON public.tenant FROM chancery_app;
"""

# The readable set is worked out here and never handed over by the application.
COLLECTIONS = """
WITH holder AS (SELECT chancery.tenant() AS tenant, chancery.person() AS person),
mine AS (
    SELECT g.resource_id, g.level, g.denies FROM public."grant" g, holder h
    WHERE g.tenant_id = h.tenant AND (
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
                 AND p.tenant_id = a.tenant_id AND p.is_active)
"""

# One partition a tenant for every partitioned table that chancery_door owns: the ground need not know which they are.
PARTITIONS = """
DECLARE parent record; part text;
BEGIN
    FOR parent IN
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'p' AND n.nspname = 'public' AND c.relowner = 'chancery_door'::regrole
    LOOP
        part := parent.relname || '_' || replace(new_tenant::text, '-', '');
        IF to_regclass('public.' || quote_ident(part)) IS NULL THEN
            EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES IN (%L)',
                           part, parent.relname, new_tenant);
            EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
            EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
            -- No policy and no grant: a partition is reached through its parent or not at all.
            EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, chancery_app', part);
        END IF;
    END LOOP;
END
"""

CREATE_TENANT = """
BEGIN
    INSERT INTO public.tenant (id, slug, name, domain, created_at, is_demo, answers_running_max, answers_waiting_max,
                               answers_per_person_max, documents_max, tokens_per_day, allows_model_only)
    VALUES (new_tenant, new_slug, new_name, nullif(new_domain, ''), now(), demo, 8, 40, 4, 100000, NULL, true);
    PERFORM chancery.create_partitions(new_tenant);
    RETURN new_tenant;
END
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0001_tables"),
        ("sessions", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(SETTINGS, "DROP SCHEMA chancery CASCADE"),
        rls.door("chancery.collections(minimum integer)", COLLECTIONS, returns="SETOF uuid"),
        rls.door("chancery.has_role(wanted text)", HAS_ROLE, returns="boolean"),
        rls.door(
            "chancery.create_partitions(new_tenant uuid)",
            PARTITIONS,
            returns="void",
            language="plpgsql",
            volatility="VOLATILE",
        ),
        rls.door(
            "chancery.create_tenant(new_tenant uuid, new_slug text, new_name text, new_domain text, demo boolean)",
            CREATE_TENANT,
            returns="uuid",
            language="plpgsql",
            volatility="VOLATILE",
        ),
        rls.door(
            "chancery.tenants()",
            "SELECT id FROM public.tenant ORDER BY created_at",
            returns="SETOF uuid",
        ),
        rls.door(
            "chancery.tenant_for_login(wanted text)",
            "SELECT id, slug::text, name::text FROM public.tenant WHERE slug = lower(wanted) OR domain = lower(wanted)",
            returns="TABLE (id uuid, slug text, name text)",
        ),
        rls.door(
            "chancery.resolve_session_person(wanted uuid)",
            "SELECT tenant_id FROM public.person WHERE id = wanted AND is_active",
            returns="uuid",
        ),
        rls.door(
            "chancery.resolve_key(key_hash text)",
            """
            SELECT k.tenant_id, k.id, k.person_id, k.scopes::text[] FROM public.api_key k
            JOIN public.person p ON p.tenant_id = k.tenant_id AND p.id = k.person_id
            WHERE k.hash = key_hash AND k.revoked_at IS NULL AND k.expires_at > now() AND p.is_active
            """,
            returns="TABLE (tenant_id uuid, id uuid, person_id uuid, scopes text[])",
        ),
        *[rls.addressable(table) for table in ("person", '"group"', "resource")],
        rls.same_tenant("role_assignment", "person_id", "person", "CASCADE"),
        rls.same_tenant("membership", "person_id", "person", "CASCADE"),
        rls.same_tenant("membership", "group_id", '"group"', "CASCADE"),
        rls.same_tenant('"grant"', "person_id", "person", "CASCADE"),
        rls.same_tenant('"grant"', "group_id", '"group"', "CASCADE"),
        rls.same_tenant('"grant"', "resource_id", "resource", "CASCADE"),
        rls.same_tenant("api_key", "person_id", "person", "CASCADE"),
        rls.same_tenant("reservation", "person_id", "person"),
        rls.isolate("tenant", tenant="id = (SELECT chancery.tenant())"),
        *[
            rls.isolate(table)
            for table in ("person", "role_assignment", '"group"', "membership", "resource", '"grant"')
        ],
        rls.isolate(
            "api_key",
            read=rls.OWN + " OR (SELECT chancery.has_role('tenant_admin'))",
            write=rls.OWN + " OR (SELECT chancery.has_role('tenant_admin'))",
        ),
        rls.isolate("policy_rule"),
        rls.isolate("policy_decision"),
        rls.isolate("reservation"),
    ]
