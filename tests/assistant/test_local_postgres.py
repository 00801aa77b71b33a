"""Embedded Postgres comes back from whatever was done to it, and never touches a stranger."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from assistant.local import marks, ports, postgres, secrets
from assistant.local.child import Child
from assistant.local.postgres import Postgres
from governance.errors import Unavailable
from tests.assistant.local_homes import open_home


@pytest.fixture(scope="module")
def made_home() -> Iterator[Path]:
    with open_home() as home:
        yield home


@pytest.fixture
def home(made_home: Path) -> Iterator[Path]:
    yield made_home
    postgres.release((made_home / "postgres").resolve())


def start(home: Path, *, durable: bool = False) -> tuple[Postgres, Child]:
    return postgres.start(home, secrets.load(home), durable=durable)


def rows(database: Postgres) -> int:
    with psycopg.connect(database.superuser_url()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row
    return int(row[0])


def test_rows_and_port_survive_a_stop(home: Path) -> None:
    database, child = start(home)
    before = rows(database)
    child.end()
    assert child.exit_code() == 0
    again, child = start(home)

    assert rows(again) == before + 1
    assert again.port == database.port


def test_a_statement_that_fails_is_logged_without_what_was_in_it(home: Path) -> None:
    database, child = start(home)
    with psycopg.connect(database.superuser_url()) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("CREATE TEMP TABLE said (word text UNIQUE); INSERT INTO said VALUES ('quokka'), ('quokka')")
    child.end()
    log = (home / "log" / "postgres.log").read_text(encoding="utf-8")
    assert "duplicate key" in log
    assert "quokka" not in log


def test_rows_survive_kill_9_of_the_postmaster(home: Path) -> None:
    database, child = start(home, durable=True)
    before = rows(database)
    os.kill(child.pid, signal.SIGKILL)
    assert marks.await_true(lambda: child.exit_code() is not None, 30)
    again, child = start(home)

    assert rows(again) == before + 1


def test_postmaster_that_an_earlier_start_left_is_ended_first(home: Path) -> None:
    _, left = start(home)
    again, child = start(home)

    assert left.exit_code() == 0
    assert child.pid != left.pid
    assert rows(again)


def test_pid_file_that_names_a_stranger_is_not_believed(home: Path) -> None:
    _, child = start(home)
    text = (home / "postgres" / "postmaster.pid").read_text()
    os.kill(child.pid, signal.SIGKILL)
    assert marks.await_true(lambda: child.exit_code() is not None, 30)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        lines = text.splitlines()
        (home / "postgres" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        again, child = start(home)

        assert rows(again)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_taken_port_is_given_up_for_another(home: Path) -> None:
    database, child = start(home)
    child.end()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", database.port))
        taken.listen()
        again, child = start(home)

        assert again.port != database.port
        assert rows(again)
    assert ports.choose(home, "valkey") != again.port


def test_it_listens_on_loopback_alone_and_refuses_who_has_no_password(home: Path) -> None:
    database, _ = start(home)

    with psycopg.connect(database.superuser_url()) as connection:
        told = connection.execute("SELECT current_setting('listen_addresses')").fetchone()
    assert told == ("127.0.0.1",)
    with pytest.raises(psycopg.OperationalError, match="no password"):
        psycopg.connect(database.url("postgres", "", "postgres").replace(":@", "@"), passfile="/dev/null")


def test_secrets_of_another_home_are_told_from_a_slow_start(home: Path, tmp_path: Path) -> None:
    start(home)[1].end()

    with pytest.raises(Unavailable, match="refuses the superuser's password"):
        postgres.start(home, secrets.load(tmp_path), durable=False)


def test_first_start_that_was_killed_leaves_no_half_cluster() -> None:
    with open_home() as home:
        (home / "postgres.new").mkdir()
        (home / "postgres.new" / "PG_VERSION").write_text("18\n")
        database, child = start(home)
        try:
            assert rows(database) == 1
        finally:
            child.end()
        assert not (home / "postgres.new").exists()


def test_data_of_another_major_version_is_left_alone(home: Path) -> None:
    start(home)[1].end()
    stamp = home / "postgres" / "PG_VERSION"
    stamp.write_text("15\n")
    try:
        with pytest.raises(Unavailable, match="made by Postgres 15"):
            start(home)
    finally:
        stamp.write_text("18\n")


def test_program_that_the_operator_names_must_be_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANCERY_PG_BIN", str(home / "nowhere"))

    with pytest.raises(Unavailable, match="CHANCERY_PG_BIN"):
        postgres.find_install()


def test_program_that_the_operator_names_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    install = postgres.find_install()
    monkeypatch.setenv("CHANCERY_PG_BIN", str(install / "bin"))

    assert postgres.find_install() == install.resolve()
