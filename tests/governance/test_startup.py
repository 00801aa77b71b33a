"""What must hold before a process serves anyone: see assistant/processes/startup.py. Real processes, at real connections."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured

from assistant.local import testing
from assistant.processes import startup
from tests.conftest import ROOT
from tests.governance.database import as_role, as_superuser

WEB = [sys.executable, "-c", "import assistant.asgi"]
WORKER = [sys.executable, "-m", "celery", "-A", "assistant.celery", "worker", "--pool", "solo", "--loglevel", "error"]
COMMAND = [sys.executable, "manage.py", "create_tenant", "never", "Never", "--admin", "a@example.com"]


def test_as_the_application_with_its_secrets_all_is_well() -> None:
    assert startup.faults() == []
    startup.verify()


@pytest.mark.parametrize(
    ("connect", "why"),
    [
        (as_superuser, "is a superuser"),
        (lambda: as_role("chancery_owner"), "owns tables"),
    ],
)
def test_a_connection_that_could_lift_isolation_is_refused(
    connect: Any, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect() as other:
        monkeypatch.setattr(startup, "connection", other)
        with pytest.raises(ImproperlyConfigured, match=f"{why}: tenants would not be kept apart"):
            startup.verify()


@pytest.mark.parametrize(
    ("attributes", "grant", "why"),
    [("BYPASSRLS", "", "bypasses row-level security"), ("", "chancery_owner", "owns"), ("", "chancery_door", "owns")],
)
def test_a_role_that_may_become_one_is_refused_too(
    attributes: str, grant: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role of the whole server, so it lives in a transaction that is rolled back."""
    with as_superuser() as other, other.transaction(force_rollback=True):
        other.execute(f"CREATE ROLE chancery_trial NOLOGIN {attributes}")
        if grant:
            other.execute(f"GRANT {grant} TO chancery_trial")
        other.execute("SET LOCAL ROLE chancery_trial")
        monkeypatch.setattr(startup, "connection", other)
        with pytest.raises(ImproperlyConfigured, match=why):
            startup.verify()


def test_a_role_of_the_least_rights_is_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    with as_superuser() as other, other.transaction(force_rollback=True):
        other.execute("CREATE ROLE chancery_trial NOLOGIN")
        other.execute("SET LOCAL ROLE chancery_trial")
        monkeypatch.setattr(startup, "connection", other)
        startup.verify()


def test_only_a_command_that_migrates_may_connect_as_the_owner(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_role("chancery_owner") as owner:
        monkeypatch.setattr(startup, "connection", owner)
        assert [found.id for found in startup.before_commands()] == ["chancery.E002"]
        settings.MIGRATING = True
        assert startup.before_commands() == []
        with pytest.raises(ImproperlyConfigured):
            startup.verify()


def test_without_its_secrets_nothing_starts(settings: Any) -> None:
    settings.SECRET_KEY = "not-a-secret"
    settings.RECORD_KEY = b"short"
    with pytest.raises(ImproperlyConfigured, match=r"DJANGO_SECRET_KEY.*CHANCERY_RECORD_KEY"):
        startup.verify()


def address(role: str) -> str:
    services = testing.services()
    place = urlsplit(os.environ["DATABASE_URL"])
    if role == "superuser":
        return urlsplit(services.superuser_url)._replace(path=place.path).geturl()
    return f"postgresql://chancery_owner:{services.secrets.postgres_owner}@{place.hostname}:{place.port}{place.path}"


@pytest.mark.parametrize(
    ("command", "migrating"), [(WEB, "1"), (WORKER, "1"), (COMMAND, "")], ids=["web", "worker", "command"]
)
@pytest.mark.parametrize("role", ["superuser", "owner"])
def test_no_process_starts_so_and_migrating_excuses_none_that_serves(
    command: list[str], migrating: str, role: str
) -> None:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": address(role), "CHANCERY_MIGRATING": migrating},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0
    assert "tenants would not be kept apart" in done.stderr + done.stdout
