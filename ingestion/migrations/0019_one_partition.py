"""What one tenant does locks and plans one tenant's partitions, however many tenants there are beside."""

from __future__ import annotations

from django.db import migrations

# Policies stand on partitioned tables and never on their partitions: asking for those reads a few hundred rows, where
# pg_class holds twenty for each tenant. Otherwise it is as 0006 made it.
PARTITIONS = """
DECLARE parent record; part text;
BEGIN
    FOR parent IN
        SELECT c.relname FROM pg_class c
        WHERE c.oid IN (SELECT polrelid FROM pg_policy) AND c.relkind = 'p' AND NOT c.relispartition
          AND c.relnamespace = 'public'::regnamespace AND c.relowner = 'chancery_door'::regrole
        ORDER BY c.relname
    LOOP
        part := parent.relname || '_' || replace(new_tenant::text, '-', '');
        IF to_regclass('public.' || quote_ident(part)) IS NULL THEN
            -- A table of its own that is attached afterwards takes no lock on the parent that reading or writing would meet.
            EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) %s',
                           part, parent.relname,
                           CASE parent.relname WHEN 'embedding' THEN 'PARTITION BY LIST (index_name)' ELSE '' END);
            -- No policy and no grant: a partition is reached through its parent or not at all.
            EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
            EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
            EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, chancery_app', part);
            IF parent.relname = 'embedding' THEN
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I DEFAULT', part || '_first', part);
                EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part || '_first');
                EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part || '_first');
                EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, chancery_app', part || '_first');
            END IF;
            EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES IN (%L)',
                           parent.relname, part, new_tenant);
        END IF;
    END LOOP;
END
"""

# The tenant is a value of the statement that asks whether there are vectors already. By chancery.tenant(), which is worked
# out as it runs, Postgres had locked the embedding partitions of all tenants to look at one of them. Else as in 0006.
OPEN = """
DECLARE mine uuid := chancery.tenant(); whole text := 'embedding_' || replace(mine::text, '-', '');
    part text := whole || '_' || left(md5(index_name), 16); patience text := current_setting('lock_timeout'); is_there boolean;
BEGIN
    IF NOT (chancery.is_system() OR chancery.has_role('tenant_admin')) THEN
        RAISE insufficient_privilege USING MESSAGE = 'not yours to change';
    END IF;
    EXECUTE 'SELECT EXISTS (SELECT 1 FROM public.embedding e WHERE e.tenant_id = $1 AND e.index_name = $2)'
        INTO is_there USING mine, index_name;
    IF is_there OR to_regclass('public.' || quote_ident(part)) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('lock_timeout', '3s', true);
    EXECUTE format('CREATE TABLE public.%I (LIKE public.embedding INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, chancery_app', part);
    EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES IN (%L)', whole, part, index_name);
    PERFORM set_config('lock_timeout', patience, true);
END
"""

FORWARD = f"""
SET LOCAL ROLE chancery_door;
CREATE OR REPLACE FUNCTION chancery.create_partitions(new_tenant uuid) RETURNS void LANGUAGE plpgsql VOLATILE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$ {PARTITIONS} $door$;
CREATE OR REPLACE FUNCTION chancery.open_index(index_name text) RETURNS void LANGUAGE plpgsql VOLATILE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$ {OPEN} $door$;
RESET ROLE;
"""

# Where a version goes, a key takes its chunks, vectors and postings along, by a statement that each connection keeps
# prepared. Its sixth run tries a plan for any tenant, and to make that one locks the partitions of all.
KEYS = """
CREATE FUNCTION chancery.plan_for_one() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('plan_cache_mode', 'force_custom_plan', true);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION chancery.plan_for_one() FROM PUBLIC;
CREATE TRIGGER plans_for_one BEFORE DELETE ON version FOR EACH STATEMENT
    EXECUTE FUNCTION chancery.plan_for_one();
"""
NO_KEYS = "DROP TRIGGER plans_for_one ON version; DROP FUNCTION chancery.plan_for_one()"


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0018_bound")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop), migrations.RunSQL(KEYS, NO_KEYS)]
