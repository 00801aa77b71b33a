"""What the roles of the database may do, from the one script that every installation runs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from assistant.local import postgres, roles, testing
from assistant.local.testing import Services


@pytest.fixture(scope="module")
def services() -> Services:
    return testing.services()


@pytest.fixture(scope="module")
def database(services: Services) -> Iterator[str]:
    name = f"roles_{uuid4().hex[:8]}"
    roles.prepare(services.superuser_url, services.secrets, [name])
    yield name
    drop(services, name)


def drop(services: Services, name: str) -> None:
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def connect(services: Services, database: str, role: str, password: str) -> psycopg.Connection:
    return psycopg.connect(services.superuser_url, dbname=database, user=role, password=password)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (n int)",
        "CREATE TEMPORARY TABLE mine (n int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "CREATE EXTENSION pg_trgm",
        "SET ROLE chancery_door",
        "SET ROLE chancery_owner",
        "ALTER ROLE chancery_app BYPASSRLS",
    ],
)
def test_app_may_not(services: Services, database: str, statement: str) -> None:
    connection = connect(services, database, "chancery_app", services.secrets.postgres_app)
    with connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_app_owns_nothing_and_bypasses_nothing(services: Services, database: str) -> None:
    with connect(services, database, "chancery_app", services.secrets.postgres_app) as connection:
        found = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
        owned = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = to_regrole('chancery_app')"
        ).fetchone()
    assert found == (False,) * 5
    assert owned == (0,)


def test_owner_hands_a_function_to_the_door_and_the_app_reads_through_it(services: Services, database: str) -> None:
    with connect(services, database, "chancery_owner", services.secrets.postgres_owner) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("ALTER TABLE kept ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        connection.execute("ALTER TABLE kept OWNER TO chancery_door")
        connection.execute("INSERT INTO kept SELECT 1 WHERE false")
        connection.execute(
            "CREATE FUNCTION count_kept() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
            " SET search_path = pg_catalog RETURN (SELECT count(*) FROM public.kept)"
        )
        connection.execute("ALTER FUNCTION count_kept() OWNER TO chancery_door")
    with connect(services, database, "chancery_app", services.secrets.postgres_app) as connection:
        assert connection.execute("SELECT public.count_kept()").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM kept")


def test_backup_reads_everything_and_writes_nothing(services: Services, database: str) -> None:
    with psycopg.connect(services.superuser_url, dbname=database) as connection:
        connection.execute("CREATE TABLE public.secret_rows (n int)")
        connection.execute("INSERT INTO public.secret_rows VALUES (1)")
        connection.execute("ALTER TABLE public.secret_rows ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    with connect(services, database, "chancery_backup", services.secrets.postgres_backup) as connection:
        assert connection.execute("SELECT n FROM public.secret_rows").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM public.secret_rows")
        connection.rollback()
        connection.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM public.secret_rows")


@pytest.mark.parametrize("role", ["chancery_door", "chancery_reader"])
def test_nobody_signs_in_as(services: Services, database: str, role: str) -> None:
    with pytest.raises(psycopg.OperationalError):
        connect(services, database, role, services.secrets.postgres_app)


def test_vectors_can_be_stored_at_once(services: Services, database: str) -> None:
    with connect(services, database, "chancery_owner", services.secrets.postgres_owner) as connection:
        found = connection.execute("SELECT '[1,0]'::vector <=> '[0,1]'::vector").fetchone()
    assert found == (1.0,)


def test_script_runs_in_psql_as_an_operator_would_run_it_twice(services: Services) -> None:
    name = f"roles_{uuid4().hex[:8]}"
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        roles.create_database(connection, name)
        roles.create_database(connection, name)
    # The passwords that this server has already, for other tests use them beside this one.
    known = services.secrets
    given = {"owner": known.postgres_owner, "app": known.postgres_app}
    given |= {"sealer": known.postgres_sealer, "backup": known.postgres_backup}
    url = services.superuser_url.rpartition("/")[0] + f"/{name}"
    try:
        for _ in range(2):
            done = subprocess.run(
                [
                    *(
                        str(postgres.find_install() / "bin" / "psql"),
                        "-X",
                        "-v",
                        "ON_ERROR_STOP=1",
                        "-d",
                        url,
                    ),
                    *(part for role, password in given.items() for part in ("-v", f"{role}_password={password}")),
                    *("-f", str(roles.SCRIPT)),
                ],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
        with connect(services, name, "chancery_app", known.postgres_app) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (name,)
    finally:
        drop(services, name)
