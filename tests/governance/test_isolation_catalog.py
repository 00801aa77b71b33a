"""What pg_catalog says of isolation. A new table, index or door fails here until somebody has thought about it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from psycopg import sql

from tests.cast import House
from tests.governance.database import as_role, as_superuser

# Tables without a tenant, and why each may be.
EXEMPT = {
    "public.django_migrations": "which migrations ran; the app may only read it",
    "public.django_content_type": "names of models, the same for all",
    "public.auth_permission": "Django's own permissions, which nothing here asks",
    "public.auth_group": "Django's own groups, which nothing here fills",
    "public.auth_group_permissions": "Django's own groups, which nothing here fills",
    "public.django_session": "found by a random key before a tenant is known; holds a person's id and no more",
    "public.operator": "runs the installation and belongs to no tenant",
    **dict.fromkeys(
        (
            "public.account_emailaddress",
            "public.account_emailconfirmation",
            "public.socialaccount_socialaccount",
            "public.socialaccount_socialapp",
            "public.socialaccount_socialtoken",
        ),
        "django-allauth's, for one site and one set of providers: they stay empty, and the app may not write them",
    ),
}
UNIQUE_WITHOUT_TENANT = {
    "public.tenant": "a short name and an e-mail domain lead to one tenant",
    "public.operator": "belongs to no tenant",
}
# What hides rows from people who may read the rest of a table, beside the tenant's own policy.
HIDING = {
    # What the upload policy keeps back of a document, what was deleted, and what is narrower than its collection.
    "public.chunk": {"kept_back", "narrowed"},
    "public.document": {"bin", "narrowed"},
    "public.embedding": {"narrowed"},
    "public.posting": {"narrowed"},
    "public.version": {"narrowed"},
}
# Each bypasses row-level security as far as its body goes; whoever adds one adds it here.
DOORS = {
    "audit.append",
    "audit.behind",
    "audit.covering",
    "audit.extent",
    "audit.figures",
    "audit.hashes",
    "audit.heads",
    "audit.holds_on",
    "audit.lag",
    "audit.let_go",
    "audit.looked_at",
    "audit.loose",
    "audit.own",
    "audit.own_tally",
    "audit.models",
    "audit.place",
    "audit.pulse",
    "audit.read",
    "audit.signed",
    "audit.rules",
    "audit.signed_after",
    "audit.stretch",
    "audit.support_looked_at_mine",
    "audit.support_looks",
    "audit.tally",
    "audit.unsealed",
    "audit.unsent_since",
    "audit.unsigned",
    "audit.waiting",
    "audit.would_let_go",
    "audit.writers",
    "chancery.answer_figures",
    "chancery.answers_ahead",
    "chancery.answers_run",
    "chancery.answers_share",
    "chancery.clearance",
    "chancery.close_index",
    "chancery.collections",
    "chancery.conversations_with",
    "chancery.create_partitions",
    "chancery.create_tenant",
    "chancery.due_answers",
    "chancery.gaps",
    "chancery.graphs",
    "chancery.due_ends",
    "chancery.due_forwards",
    "chancery.due_indexes",
    "chancery.asking",
    "chancery.decidable",
    "chancery.due_purges",
    "chancery.due_requests",
    "chancery.due_replays",
    "chancery.due_reservations",
    "chancery.due_sources",
    "chancery.changed_sets",
    "chancery.due_set_runs",
    "chancery.leave_sets",
    "chancery.fault_figures",
    "chancery.forward_figures",
    "chancery.has_role",
    "chancery.hidden_documents",
    "chancery.hidden_versions",
    "chancery.holdings",
    "chancery.narrowings",
    "chancery.open_answers",
    "chancery.open_index",
    "chancery.opens",
    "chancery.queue_figures",
    "chancery.remember",
    "chancery.resolve_directory_token",
    "chancery.resolve_key",
    "chancery.resolve_person",
    "chancery.resolve_support",
    "chancery.shared_answers",
    "chancery.shared_segments",
    "chancery.shared_with_me",
    "chancery.support_collections",
    "chancery.support_document",
    "chancery.support_documents",
    "chancery.support_health",
    "chancery.support_of",
    "chancery.support_open",
    "chancery.support_passages",
    "chancery.support_settings",
    "chancery.support_shelves",
    "chancery.take_answer",
    "chancery.take_version",
    "chancery.tenant_figures",
    "chancery.tenant_for_login",
    "chancery.tenants",
    "chancery.vector_sizes",
    "chancery.versions_wait",
}
SEARCH_PATH = "search_path=pg_catalog, pg_temp"

TABLES = """
SELECT n.nspname || '.' || c.relname AS name, c.relkind, c.relispartition, c.relrowsecurity, c.relforcerowsecurity,
       pg_get_userbyid(c.relowner) AS owner, c.oid
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'audit') AND c.relkind IN ('r', 'p', 'm', 'f') ORDER BY 1
"""


@pytest.fixture
def catalog() -> Iterator[psycopg.Connection[Any]]:
    with as_superuser() as connection:
        connection.row_factory = psycopg.rows.namedtuple_row
        yield connection


@pytest.fixture
def app() -> Iterator[psycopg.Connection[Any]]:
    with as_role("chancery_app") as connection:
        yield connection


def quoted(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split(".", 1))


def tables(catalog: psycopg.Connection[Any]) -> list[Any]:
    found = catalog.execute(TABLES).fetchall()
    assert len(found) > 20
    return found


def test_every_table_is_under_forced_row_level_security_or_has_a_reason(
    house: House, catalog: psycopg.Connection[Any]
) -> None:
    for table in tables(catalog):
        if table.name not in EXEMPT:
            assert (table.name, table.relrowsecurity, table.relforcerowsecurity) == (table.name, True, True)


def test_no_exemption_is_out_of_date(catalog: psycopg.Connection[Any]) -> None:
    there = {table.name: table for table in tables(catalog)}
    assert set(EXEMPT) <= set(there)
    assert not [name for name in EXEMPT if there[name].relrowsecurity]


def test_every_table_has_a_restrictive_policy_by_tenant(house: House, catalog: psycopg.Connection[Any]) -> None:
    for table in tables(catalog):
        if table.name in EXEMPT or table.relispartition:
            continue
        found = catalog.execute(
            "SELECT polpermissive, polcmd, polroles, pg_get_expr(polqual, polrelid) AS reads,"
            " pg_get_expr(polwithcheck, polrelid) AS writes, polname FROM pg_policy"
            " WHERE polrelid = %s AND NOT polpermissive",
            [table.oid],
        ).fetchall()
        assert {one.polname for one in found} == {"tenant"} | HIDING.get(table.name, set()), table.name
        assert all(one.polcmd == "r" for one in found if one.polname != "tenant"), (
            "it hides, and says nothing of writing"
        )
        policy = next(one for one in found if one.polname == "tenant")
        assert policy.polcmd == "*"
        assert policy.polroles == [0]  # every role
        column = "id" if table.name == "public.tenant" else "tenant_id"
        for expression in (policy.reads, policy.writes):
            assert "".join(expression.split()).startswith(f"({column}=(SELECTchancery.tenant()"), table.name


def test_a_partition_is_reached_through_its_parent_or_not_at_all(
    house: House, catalog: psycopg.Connection[Any]
) -> None:
    mine = [table for table in tables(catalog) if table.relispartition and house.tenant.hex in table.name]
    assert {name.removesuffix(f"_{house.tenant.hex}") for name in (table.name for table in mine)} >= {
        "public.chunk",
        "public.embedding",
        "public.posting",
    }
    for table in mine:
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            (may,) = catalog.execute(
                "SELECT has_table_privilege('chancery_app', %s::oid, %s)", [table.oid, privilege]
            ).fetchone()  # type: ignore[misc]
            assert not may, (table.name, privilege)


def test_without_a_scope_there_is_not_a_row(
    house: House, catalog: psycopg.Connection[Any], app: psycopg.Connection[Any]
) -> None:
    for table in tables(catalog):
        if table.name in EXEMPT:
            continue
        count = sql.SQL("SELECT count(*) FROM {}").format(quoted(table.name))
        if table.relispartition or table.name.startswith("audit."):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(count)
        else:
            assert app.execute(count).fetchone() == (0,), table.name


def test_without_a_scope_nothing_can_be_written(
    house: House, catalog: psycopg.Connection[Any], app: psycopg.Connection[Any]
) -> None:
    for table in tables(catalog):
        if table.name not in EXEMPT:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(_insert(catalog, table, house))


def _insert(catalog: psycopg.Connection[Any], table: Any, owner: House) -> sql.Composed:
    """A row of `owner`'s with something in every column that must not be null."""
    columns = catalog.execute(
        "SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute"
        " WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped AND attnotnull AND attidentity = ''",
        [table.oid],
    ).fetchall()
    samples = {
        "uuid": "gen_random_uuid()",
        "boolean": "false",
        "jsonb": "'{}'",
        "bytea": "''",
        "vector": "'[1]'",
        "timestamp with time zone": "now()",
        "date": "now()",
    }
    values = [
        sql.Literal(str(owner.tenant))
        if column.attname == "tenant_id"
        else sql.SQL("'{}'" if column.type.endswith("[]") else samples.get(column.type, "'1'"))
        for column in columns
    ]
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        quoted(table.name),
        sql.SQL(", ").join(sql.Identifier(column.attname) for column in columns),
        sql.SQL(", ").join(values),
    )


def test_a_row_of_the_neighbours_is_neither_read_nor_written(
    house: House, neighbour: House, catalog: psycopg.Connection[Any], app: psycopg.Connection[Any]
) -> None:
    app.execute("SELECT set_config('chancery.tenant', %s, false)", [str(house.tenant)])
    app.execute("SELECT set_config('chancery.actor_kind', 'system', false)")
    for table in tables(catalog):
        if table.name in EXEMPT or table.relispartition or table.name.startswith("audit."):
            continue
        column = sql.Identifier("id" if table.name == "public.tenant" else "tenant_id")
        others = sql.SQL("SELECT count(*) FROM {} WHERE {} <> %s").format(quoted(table.name), column)
        assert app.execute(others, [house.tenant]).fetchone() == (0,), table.name
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(_insert(catalog, table, neighbour))


def test_the_application_owns_nothing_and_bypasses_nothing(catalog: psycopg.Connection[Any]) -> None:
    owned = catalog.execute(
        "SELECT classid::regclass::text, objid FROM pg_shdepend WHERE deptype = 'o'"
        " AND refobjid IN ('chancery_app'::regrole, 'chancery_sealer'::regrole, 'chancery_backup'::regrole)"
    ).fetchall()
    assert owned == []
    roles = catalog.execute(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles"
        " WHERE rolname IN ('chancery_app', 'chancery_owner', 'chancery_door') ORDER BY 1"
    ).fetchall()
    assert [tuple(role) for role in roles] == [
        ("chancery_app", False, False, False, False, True),
        ("chancery_door", False, True, False, False, False),
        ("chancery_owner", False, False, False, False, True),
    ]
    assert catalog.execute("SELECT 1 FROM pg_auth_members WHERE member = 'chancery_app'::regrole").fetchall() == []


def test_the_application_makes_no_tables_and_empties_none(
    catalog: psycopg.Connection[Any], app: psycopg.Connection[Any]
) -> None:
    for schema in ("public", "audit", "chancery"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(sql.SQL("CREATE TABLE {} (x int)").format(sql.Identifier(schema, "trojan")))
    for table in tables(catalog):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(sql.SQL("TRUNCATE {} CASCADE").format(quoted(table.name)))


def test_no_two_tenants_share_a_name(house: House, catalog: psycopg.Connection[Any]) -> None:
    """A unique index that does not start with the tenant would tell one of the other's rows."""
    found = catalog.execute(
        """
        SELECT n.nspname || '.' || c.relname AS name, pg_get_indexdef(i.indexrelid, 1, true) AS first, i.indexrelid
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('public', 'audit') AND i.indisunique AND NOT i.indisprimary
        """
    ).fetchall()
    assert found
    for index in found:
        if index.name not in UNIQUE_WITHOUT_TENANT and index.name not in EXEMPT:
            assert (index.name, index.first) == (index.name, "tenant_id")


def test_every_door_is_on_the_list_and_stands_in_its_frame(catalog: psycopg.Connection[Any]) -> None:
    found = catalog.execute(
        """
        SELECT n.nspname || '.' || p.proname AS name, pg_get_userbyid(p.proowner) AS owner, p.proconfig,
               has_function_privilege('public', p.oid, 'EXECUTE') AS anyones
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        """
    ).fetchall()
    assert {door.name for door in found} == DOORS
    for door in found:
        assert (door.name, door.owner, door.proconfig, door.anyones) == (
            door.name,
            "chancery_door",
            [SEARCH_PATH],
            False,
        )


def test_a_key_between_tables_cannot_cross_tenants(house: House, catalog: psycopg.Connection[Any]) -> None:
    """Every foreign key to a tenant's table leads with tenant_id on both sides."""
    found = catalog.execute(
        """
        SELECT k.conname, k.conrelid::regclass::text AS name, k.confrelid::regclass::text AS target,
               (SELECT attname FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = k.conkey[1]) AS first,
               (SELECT attname FROM pg_attribute WHERE attrelid = k.confrelid AND attnum = k.confkey[1]) AS points_at
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE k.contype = 'f' AND n.nspname IN ('public', 'audit')
        """
    ).fetchall()
    assert found
    for key in found:
        if key.target == "tenant" or f"public.{key.target}" in EXEMPT:
            continue
        assert (key.conname, key.first, key.points_at) == (key.conname, "tenant_id", "tenant_id")


def test_no_migration_is_missing() -> None:
    said = io.StringIO()
    call_command("makemigrations", "--check", "--dry-run", "--skip-checks", stdout=said, verbosity=1)
    assert "No changes detected" in said.getvalue()


def test_allauths_tables_are_empty_and_nobodys_to_write(
    house: House, catalog: psycopg.Connection[Any], app: psycopg.Connection[Any]
) -> None:
    names = [name for name, why in EXEMPT.items() if why.startswith("django-allauth")]
    assert names
    for table in tables(catalog):
        if table.name in names:
            assert app.execute(sql.SQL("SELECT count(*) FROM {}").format(quoted(table.name))).fetchone() == (0,)
            for verb in ("INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    app.execute(sql.SQL(verb).format(quoted(table.name)))
