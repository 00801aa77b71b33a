"""The suite runs on real Postgres and Valkey, as the application's own role.

The owner migrates a template once a session; each xdist worker clones it. Tests take a fresh tenant each and commit for
real: nothing is flushed, because the app role may not truncate, and isolation is only shown on real commits.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from assistant.local import roles, testing

if TYPE_CHECKING:
    from tests import cast

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "chancery_template"


def pytest_configure(config: pytest.Config) -> None:
    """Before Django reads its settings: where everything is."""
    services = testing.services()
    secrets = services.secrets
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    os.environ |= {
        "CHANCERY_HOME": services.home,
        "DJANGO_SETTINGS_MODULE": "assistant.settings",
        "DJANGO_SECRET_KEY": secrets.django_key,
        "CHANCERY_RECORD_KEY": secrets.record_key,
        "CHANCERY_MODEL_KEY": secrets.model_key,
        "CHANCERY_HOSTS": "localhost,127.0.0.1,testserver",
        "CHANCERY_CHAT_RUNNER": "inference.runners.scripted.ScriptedChat",
        "CHANCERY_EMBEDDING_RUNNER": "inference.runners.scripted.ScriptedEmbedder",
        "DATABASE_URL": _address(services.superuser_url, "chancery_app", secrets.postgres_app, f"chancery_{worker}"),
        "REDIS_URL": f"{services.valkey_url}/{int(re.sub(r'[^0-9]', '', worker) or 0)}",
    }
    if not hasattr(config, "workerinput"):
        _migrate_template(services)
    _clone(services, f"chancery_{worker}")
    django.setup()
    # A hundred test people a minute: their passwords need not be slow to guess.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _address(superuser_url: str, role: str, password: str, database: str) -> str:
    place = psycopg.conninfo.conninfo_to_dict(superuser_url)
    return f"postgresql://{role}:{password}@{place['host']}:{place['port']}/{database}"


def _migrate_template(services: testing.Services) -> None:
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(TEMPLATE)))
    roles.prepare(services.superuser_url, services.secrets, [TEMPLATE])
    owner = _address(services.superuser_url, "chancery_owner", services.secrets.postgres_owner, TEMPLATE)
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": owner, "CHANCERY_MIGRATING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.exit(f"the migrations failed:\n{done.stdout}{done.stderr}", returncode=3)


def _clone(services: testing.Services, name: str) -> None:
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER chancery_owner").format(
                sql.Identifier(name), sql.Identifier(TEMPLATE)
            )
        )
        # A clone carries the template's tables, not what was granted on the database itself.
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO chancery_app").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is there already."""


@pytest.fixture(autouse=True)
def _real_commits(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def house() -> cast.House:
    """A fresh tenant with its people: see tests/cast.py."""
    from tests import cast

    return cast.house(f"t{uuid.uuid4().hex[:12]}")


@pytest.fixture
def neighbour() -> cast.House:
    """Another tenant, whose rows nobody of `house` may ever see."""
    from tests import cast

    return cast.house(f"n{uuid.uuid4().hex[:12]}")
