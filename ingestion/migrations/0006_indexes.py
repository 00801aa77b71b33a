"""Indexes of a tenant, one an embedder; their vectors in partitions of their own; the door for one that is being built."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models

from governance import rls

# A tenant's vectors are kept apart by index, so that searching one does not read past the other's while that is built, and
# one that is given up leaves its room at once. The first index of a tenant lives in the default partition.
PARTITIONS = """
DECLARE parent record; part text;
BEGIN
    FOR parent IN
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'p' AND NOT c.relispartition AND n.nspname = 'public' AND c.relowner = 'chancery_door'::regrole
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

# Those of today's tenants: each partition becomes the default one of a new partition in its place.
NEST = """
DO $nest$
DECLARE part text; value text;
BEGIN
    FOR part, value IN
        SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.embedding'::regclass AND c.relkind = 'r'
    LOOP
        EXECUTE format('ALTER TABLE public.embedding DETACH PARTITION public.%I', part);
        EXECUTE format('ALTER TABLE public.%I RENAME TO %I', part, part || '_first');
        EXECUTE format('CREATE TABLE public.%I (LIKE public.embedding INCLUDING DEFAULTS INCLUDING CONSTRAINTS)'
                       ' PARTITION BY LIST (index_name)', part);
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, chancery_app', part);
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I DEFAULT', part, part || '_first');
        EXECUTE format('ALTER TABLE public.embedding ATTACH PARTITION public.%I %s', part, value);
    END LOOP;
END
$nest$
"""

ROOM = "'embedding_' || replace(chancery.tenant()::text, '-', '')"
# Room for an index, and the room of one that is given up, both of the scope's own tenant. A lock that is not had in a few
# seconds is given up: a search that waits behind it would wait as long.
OPEN = f"""
DECLARE whole text := {ROOM}; part text := {ROOM} || '_' || left(md5(index_name), 16);
    patience text := current_setting('lock_timeout');
BEGIN
    IF NOT (chancery.is_system() OR chancery.has_role('tenant_admin')) THEN
        RAISE insufficient_privilege USING MESSAGE = 'not yours to change';
    END IF;
    IF to_regclass('public.' || quote_ident(part)) IS NOT NULL
       OR EXISTS (SELECT 1 FROM public.embedding e WHERE e.tenant_id = chancery.tenant() AND e.index_name = $1) THEN
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
CLOSE = f"""
DECLARE part text := {ROOM} || '_' || left(md5(index_name), 16); patience text := current_setting('lock_timeout');
BEGIN
    IF NOT chancery.is_system() THEN
        RAISE insufficient_privilege USING MESSAGE = 'not yours to change';
    END IF;
    PERFORM set_config('lock_timeout', '3s', true);
    EXECUTE format('DROP TABLE IF EXISTS public.%I', part);
    PERFORM set_config('lock_timeout', patience, true);
END
"""
DUE = """
SELECT i.tenant_id, i.id FROM public.search_index i
WHERE i.state IN ('building', 'retiring') AND (i.lease_until IS NULL OR i.lease_until < now())
ORDER BY i.created_at LIMIT amount
"""
WRITES = f"((SELECT chancery.has_role('tenant_admin')) OR {rls.SYSTEM})"


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0005_line"), ("governance", "0028_demands_forwarding")]

    operations = [
        migrations.CreateModel(
            name="Index",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=80)),
                ("dimensions", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("building", "Building"),
                            ("paused", "Paused"),
                            ("ready", "Ready"),
                            ("live", "Live"),
                            ("retiring", "Retiring"),
                            ("retired", "Retired"),
                        ],
                        max_length=20,
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("too_long", models.PositiveIntegerField(default=0)),
                ("place", models.UUIDField(null=True)),
                ("worked_s", models.FloatField(default=0)),
                ("worked", models.PositiveIntegerField(default=0)),
                ("fault", models.CharField(blank=True, max_length=500)),
                ("lease", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("person", models.UUIDField(null=True)),
                ("ready_at", models.DateTimeField(null=True)),
                ("live_at", models.DateTimeField(null=True)),
                ("retired_at", models.DateTimeField(null=True)),
                ("removed", models.PositiveIntegerField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "search_index",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["tenant"], condition=models.Q(state="live"), name="search_index_one_live"
                    ),
                    models.UniqueConstraint(
                        fields=["tenant", "name"],
                        condition=~models.Q(state="retired"),
                        name="search_index_once_an_embedder",
                    ),
                ],
            },
        ),
        migrations.RunSQL("GRANT SELECT ON search_index TO chancery_door", migrations.RunSQL.noop),
        # Everybody who searches asks which one is live; it says nothing of what is in it.
        rls.isolate("search_index", write=WRITES),
        migrations.RunSQL(
            f"""
            SET LOCAL ROLE chancery_door;
            CREATE OR REPLACE FUNCTION chancery.create_partitions(new_tenant uuid) RETURNS void LANGUAGE plpgsql VOLATILE
                SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $door$ {PARTITIONS} $door$;
            {NEST};
            RESET ROLE;
            """,
            migrations.RunSQL.noop,
        ),
        rls.door(
            "chancery.open_index(index_name text)", OPEN, returns="void", language="plpgsql", volatility="VOLATILE"
        ),
        rls.door(
            "chancery.close_index(index_name text)", CLOSE, returns="void", language="plpgsql", volatility="VOLATILE"
        ),
        rls.door("chancery.due_indexes(amount integer)", DUE, returns="TABLE (tenant_id uuid, id uuid)"),
    ]
