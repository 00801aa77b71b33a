"""What the processes are told, and what they are not."""

from __future__ import annotations

import io
import os
import stat
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from assistant.local import environment, secrets
from assistant.local.child import Process
from assistant.local.console import Console
from assistant.local.postgres import Postgres
from assistant.local.secrets import Secrets
from assistant.local.valkey import Valkey

REPLACED = ("DATABASE_URL", "REDIS_URL", "MODEL_URL", "DJANGO_SECRET_KEY", "CHANCERY_RECORD_KEY", "CHANCERY_MODEL_KEY")


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*REPLACED, "CHANCERY_DEMO_LOGINS", "CHANCERY_OWNER_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


@pytest.fixture
def known(tmp_path: Path) -> Secrets:
    return secrets.load(tmp_path)


def embedded(home: Path, known: Secrets) -> dict[str, str]:
    idle = Process("idle", [], {}, None)
    postgres = Postgres(5433, known, idle, home / "postgres", ())
    return environment.build(home, known, postgres, Valkey(6380, known.valkey, idle), "http://127.0.0.1:8801/v1")


def test_processes_are_told_the_apps_password_and_no_other_role_of_the_database(tmp_path: Path, known: Secrets) -> None:
    told = embedded(tmp_path, known)

    assert told["DATABASE_URL"] == f"postgresql://chancery_app:{known.postgres_app}@127.0.0.1:5433/chancery"
    others = {f.name for f in fields(Secrets) if f.name.startswith("postgres_")} - {"postgres_app"}
    assert not any(getattr(known, name) in value for name in others for value in told.values())
    assert told["CHANCERY_DEMO_LOGINS"] == "1"


def test_variable_of_the_operator_is_left_to_stand(
    tmp_path: Path, known: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in REPLACED:
        monkeypatch.setenv(name, "postgresql://theirs@db/chancery" if name == "DATABASE_URL" else "theirs")

    assert environment.build(tmp_path, known, None, None, "theirs") == {
        "CHANCERY_HOME": str(tmp_path),
        "CHANCERY_DEMO_LOGINS": "0",
    }


def test_demo_logins_are_refused_with_a_database_that_is_not_embedded(
    tmp_path: Path, known: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANCERY_DEMO_LOGINS", "1")

    told = environment.build(tmp_path, known, None, None, "")
    assert environment.of_processes(told)["CHANCERY_DEMO_LOGINS"] == "0"


def test_demo_logins_can_be_turned_off(tmp_path: Path, known: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANCERY_DEMO_LOGINS", "no")

    assert embedded(tmp_path, known)["CHANCERY_DEMO_LOGINS"] == "0"


def test_migrations_need_the_owner_and_are_left_out_where_nobody_named_it(
    known: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environment.of_migrations(known, None) is None

    monkeypatch.setenv("CHANCERY_OWNER_URL", "postgresql://owner@db/chancery")
    found = environment.of_migrations(known, None)
    assert found
    assert found["DATABASE_URL"] == "postgresql://owner@db/chancery"
    assert found["DATABASE_URL_FILE"] == ""


def test_shell_reads_back_what_was_written_for_it(tmp_path: Path, known: Secrets) -> None:
    told = embedded(tmp_path, known) | {"ODD": "a 'quoted' $(value) with spaces"}
    file = environment.write(tmp_path, told)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    script = f"set -a; . {file}; exec env -0"
    shown = subprocess.run(["sh", "-c", script], env={}, capture_output=True, text=True, check=True).stdout
    assert told.items() <= dict(pair.split("=", 1) for pair in shown.rstrip("\0").split("\0")).items()
    assert environment.read(tmp_path) == told


def test_step_is_one_line_and_progress_one_line_every_tenth() -> None:
    out = io.StringIO()
    with Console(out).step("Model") as step:
        for done in range(101):
            step.progress(done * 1_000_000, 100_000_000, "from the publisher")
        step.note = "ready"

    lines = out.getvalue().splitlines()
    assert len(lines) == 12
    assert lines[5].split() == ["Model", "50", "%", "50", "of", "100", "MB", "from", "the", "publisher"]
    assert lines[-1].startswith("Model")
    assert lines[-1].endswith("s  ready")


def test_step_that_failed_says_so() -> None:
    out = io.StringIO()
    with pytest.raises(OSError, match="disk"), Console(out).step("Model"):
        raise OSError("disk")

    assert "did not succeed" in out.getvalue()


def test_a_command_typed_by_hand_finds_the_stack_and_what_is_set_wins(
    tmp_path: Path, known: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = embedded(tmp_path, known)
    environment.write(tmp_path, told)
    monkeypatch.delenv("CHANCERY_HOME", raising=False)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ["REDIS_URL"] = "redis://theirs"

    environment.adopt(["create_operator", "it@example.org"], tmp_path)

    assert os.environ["DATABASE_URL"] == told["DATABASE_URL"]
    assert os.environ["CHANCERY_RECORD_KEY"] == told["CHANCERY_RECORD_KEY"]
    assert os.environ["REDIS_URL"] == "redis://theirs"


@pytest.mark.parametrize(("argv", "database"), [(["up"], None), (["migrate"], "postgresql://theirs@db/chancery")])
def test_no_stack_is_adopted_by_up_nor_beside_a_database_that_was_named(
    tmp_path: Path, known: Secrets, monkeypatch: pytest.MonkeyPatch, argv: list[str], database: str | None
) -> None:
    environment.write(tmp_path, embedded(tmp_path, known))
    monkeypatch.delenv("CHANCERY_HOME", raising=False)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    if database:
        os.environ["DATABASE_URL"] = database
    before = dict(os.environ)

    environment.adopt(argv, tmp_path)

    assert dict(os.environ) == before
