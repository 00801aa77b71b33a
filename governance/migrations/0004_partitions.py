"""A tenant's partitions, made without standing in anybody's way, and by nobody but `create_tenant`."""

from __future__ import annotations

from django.db import migrations

# CREATE TABLE … PARTITION OF locks the parent against readers and writers; while it then waits for the table that a
# foreign key points at, a writer who holds that one may wait for the parent, and Postgres has to pick a victim. A table
# of its own that is attached afterwards takes no lock on the parent that reading or writing would meet.
BODY = """
DECLARE parent record; part text;
BEGIN
    FOR parent IN
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'p' AND n.nspname = 'public' AND c.relowner = 'chancery_door'::regrole
        ORDER BY c.relname
    LOOP
        part := parent.relname || '_' || replace(new_tenant::text, '-', '');
        IF to_regclass('public.' || quote_ident(part)) IS NULL THEN
            EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                           part, parent.relname);
            EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
            EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
            -- No policy and no grant: a partition is reached through its parent or not at all.
            EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, chancery_app', part);
            EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES IN (%L)',
                           parent.relname, part, new_tenant);
        END IF;
    END LOOP;
END
"""

SIGNATURE = "chancery.create_partitions(new_tenant uuid)"


class Migration(migrations.Migration):
    dependencies = [("governance", "0003_record")]

    operations = [
        migrations.RunSQL(
            f"""
            CREATE OR REPLACE FUNCTION {SIGNATURE} RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp AS $door$ {BODY} $door$;
            REVOKE ALL ON FUNCTION {SIGNATURE} FROM chancery_app;
            """,
            f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO chancery_app;",
        )
    ]
