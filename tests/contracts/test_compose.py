"""compose.yaml runs what `make run` runs, and hands no secret to whom it does not concern."""

from __future__ import annotations

import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql

from assistant.local import postgres, processes, testing
from inference.worker import serving

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
JOBS = {name for name, service in SERVICES.items() if service["restart"] == "no"}
PLACES = {"CHANCERY_RECORD_KEYS", "CHANCERY_SEALER_KEY"}  # where keys are kept, not keys
RUN = "/var/lib/chancery/run"
COMMANDS = {
    command.name: command
    for command in (
        processes.web("0.0.0.0", processes.WEB_PORT),
        processes.model_worker("0.0.0.0", processes.MODEL_PORT),
        processes.sealer(),
        processes.witness("0.0.0.0", processes.WITNESS_PORT),
        *processes.workers(RUN),
    )
}


def test_it_has_the_processes_of_the_one_machine_its_services_and_the_migration() -> None:
    assert set(SERVICES) == {*COMMANDS, "postgres", "valkey", "migrate", "models"}
    assert {"migrate", "models"} == JOBS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_command_is_that_of_the_supervisor(name: str) -> None:
    assert tuple(SERVICES[name]["command"]) == COMMANDS[name].argv


@pytest.mark.parametrize("name", sorted(set(SERVICES) - JOBS))
def test_service_says_how_it_is_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_whoever_answers_is_given_longer_to_stop_than_the_model_that_it_waits_for() -> None:
    graces = [int(SERVICES[name]["stop_grace_period"].removesuffix("s")) for name in ("model", "answers")]
    assert serving.Order.drain_s < graces[0] < graces[1]


def test_no_secret_has_a_default_or_stands_in_the_file() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert set(secret) == {"environment"}, name
    for service in SERVICES.values():
        for variable, value in (service.get("environment") or {}).items():
            if variable in PLACES:
                assert value.startswith("/var/lib/"), variable
            elif re.search("PASSWORD|SECRET|KEY|DATABASE_URL|REDIS_URL", variable):
                assert variable.endswith("_FILE"), variable
                assert not value or value.startswith("/run/secrets/"), variable
    assert not re.search(r"\$\{\w*(PASSWORD|KEY|SECRET|_URL)\w*:?-", TEXT)


def test_secrets_that_are_named_are_declared_and_mounted_where_they_are_read() -> None:
    for name, service in SERVICES.items():
        mounted = set(service.get("secrets", []))
        assert mounted <= set(COMPOSE["secrets"])
        read = set(
            re.findall(r"/run/secrets/(\w+)", yaml.safe_dump([service.get("environment"), service.get("command")]))
        )
        assert read <= mounted, name


def test_only_the_migration_holds_the_owners_password_and_only_postgres_the_superusers() -> None:
    def holders(secret: str) -> set[str]:
        return {name for name, service in SERVICES.items() if secret in service.get("secrets", [])}

    assert holders("owner_url") == {"migrate"}
    assert holders("owner_password") == holders("superuser_password") == {"postgres"}
    assert "model" not in holders("database_url") | holders("record_key")


def test_the_records_own_processes_hold_nothing_of_the_applications_and_share_no_folder_but_public_keys() -> None:
    assert SERVICES["sealer"]["secrets"] == ["sealer_url"]
    assert SERVICES["witness"]["secrets"] == []
    folders = {name: {one.split(":")[0] for one in service.get("volumes", [])} for name, service in SERVICES.items()}
    for name in ("sealer", "witness"):
        assert folders[name] == {name, "public-keys"}
        assert [other for other in folders if name in folders[other]] == [name]
    assert "public-keys:/var/lib/record-keys:ro" in SERVICES["web"]["volumes"]


def test_nothing_but_the_web_is_reached_from_outside_and_that_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_processes_wait_for_the_migration_and_the_migration_for_postgres() -> None:
    for name in set(COMMANDS) - {"model", "witness"}:
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_processes_wait_for_the_model_files() -> None:
    for name in set(COMMANDS) - {"sealer", "witness"}:
        assert SERVICES[name]["depends_on"]["models"]["condition"] == "service_completed_successfully"


def test_the_model_worker_is_told_what_the_operator_sets_of_it() -> None:
    for name in ("CHANCERY_MODEL", *(f"CHANCERY_MODEL_{one}" for one in ("THREADS", "SLOTS", "WINDOW", "MEMORY_MIB"))):
        assert SERVICES["model"]["environment"][name] == f"${{{name}:-}}"


def test_files_that_are_mounted_or_built_from_are_in_the_tree() -> None:
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).is_file()
    dockerfile = (ROOT / SERVICES["web"]["build"]["dockerfile"]).read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        assert all((ROOT / source).exists() for source in line.split()), line


def test_every_secret_is_written_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "compose.env"
    command = ["sh", str(ROOT / "deploy" / "compose_env.sh"), str(file)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    written = dict(line.split("=", 1) for line in file.read_text(encoding="ascii").splitlines())

    assert {secret["environment"] for secret in COMPOSE["secrets"].values()} == set(written)
    assert all(len(value) >= 40 for value in written.values())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    assert file.read_text(encoding="ascii").splitlines() == [f"{name}={value}" for name, value in written.items()]


def test_script_of_the_images_first_start_runs_in_psql(tmp_path: Path) -> None:
    services = testing.services()
    known = services.secrets
    given = {"owner": known.postgres_owner, "app": known.postgres_app}
    given |= {"sealer": known.postgres_sealer, "backup": known.postgres_backup}
    for role, password in given.items():
        (tmp_path / f"{role}_password").write_text(password + "\n", encoding="ascii")
    script = (ROOT / "deploy" / "postgres" / "init.sql").read_text(encoding="utf-8")
    script = script.replace("/run/secrets", str(tmp_path)).replace("/etc/chancery", str(ROOT / "deploy" / "postgres"))
    name = f"compose_{tmp_path.name.replace('-', '_')[-20:]}"
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            done = subprocess.run(
                [
                    *(postgres.find_install() / "bin" / "psql", "-X", "-v", "ON_ERROR_STOP=1", "-d"),
                    services.superuser_url.rpartition("/")[0] + f"/{name}",
                ],
                input=script,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            found = psycopg.connect(
                services.superuser_url, dbname=name, user="chancery_app", password=known.postgres_app
            )
            found.close()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
