"""What migrations use to put a table under row-level security, and to make keys composite.

Every policy reads the transaction's settings through `(SELECT …)`, so that Postgres asks once a statement and not once a row.
"""

from __future__ import annotations

from django.db.migrations import RunSQL

TENANT = "tenant_id = (SELECT chancery.tenant())"
SYSTEM = "(SELECT chancery.is_system())"
OWN = f"(person_id = (SELECT chancery.person()) OR {SYSTEM})"


def readable(column: str, level: int = 1) -> str:
    """The rows whose collection the person holds at `level` or above."""
    return f"({column} = ANY (ARRAY(SELECT chancery.collections({level}))))"


def isolate(table: str, *, tenant: str = TENANT, read: str = "true", write: str = "true") -> RunSQL:
    """FORCE row-level security on `table`: restrictive by tenant, permissive by `read` and `write`."""
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON {table} AS RESTRICTIVE FOR ALL USING ({tenant}) WITH CHECK ({tenant});
        CREATE POLICY reads ON {table} FOR SELECT USING ({read});
        CREATE POLICY inserts ON {table} FOR INSERT WITH CHECK ({write});
        CREATE POLICY updates ON {table} FOR UPDATE USING ({write}) WITH CHECK ({write});
        CREATE POLICY deletes ON {table} FOR DELETE USING ({write});
        """,
        f"""
        DROP POLICY tenant ON {table}; DROP POLICY reads ON {table}; DROP POLICY inserts ON {table};
        DROP POLICY updates ON {table}; DROP POLICY deletes ON {table};
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def same_tenant(table: str, column: str, target: str, on_delete: str = "RESTRICT") -> RunSQL:
    """A foreign key that cannot cross tenants; `target` needs `addressable`."""
    name = f"{table.strip(chr(34))}_{column}_same_tenant"
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (tenant_id, {column})"
        f" REFERENCES {target} (tenant_id, id) ON DELETE {on_delete} DEFERRABLE INITIALLY IMMEDIATE",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def addressable(table: str) -> RunSQL:
    """UNIQUE (tenant_id, id): what `same_tenant` keys point at."""
    name = f"{table.strip(chr(34))}_of_tenant"
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE (tenant_id, id)",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def door(signature: str, body: str, *, returns: str, language: str = "sql", volatility: str = "STABLE") -> RunSQL:
    """A SECURITY DEFINER function of the NOLOGIN role chancery_door: what must be read before a tenant is known.

    `signature` is the name with its arguments, e.g. `chancery.resolve_key(key_hash text)`.
    """
    return RunSQL(
        f"""
        CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE {language} {volatility} SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp AS $door$ {body} $door$;
        REVOKE ALL ON FUNCTION {signature} FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION {signature} TO chancery_app;
        ALTER FUNCTION {signature} OWNER TO chancery_door;
        """,
        f"DROP FUNCTION {signature}",
    )


def partition_by_tenant(table: str) -> RunSQL:
    """Hand a partitioned table to chancery_door, whose `create_partitions` makes one for each tenant."""
    return RunSQL(
        f"""
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO chancery_app;
        ALTER TABLE {table} OWNER TO chancery_door;
        SELECT chancery.create_partitions(id) FROM public.tenant;
        """,
        f"ALTER TABLE {table} OWNER TO chancery_owner",
    )
