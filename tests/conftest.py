"""The suite runs on real Postgres and Valkey, as the application's own role.

The owner migrates a template once a session; each xdist worker clones it. Sessions that run side by side in one tree each
hold a slot, and with it databases of their own. Tests take a fresh tenant each and commit for real: nothing is flushed,
because the app role may not truncate, and isolation is only shown on real commits.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from psycopg import sql

from assistant.local import roles, testing

if TYPE_CHECKING:
    from tests import cast

ROOT = Path(__file__).resolve().parent.parent
SLOTS = 8  # sessions side by side; each has 16 of Valkey's 128 databases


def pytest_configure(config: pytest.Config) -> None:
    """Before Django reads its settings: where everything is."""
    services = testing.services()
    secrets = services.secrets
    slot = _slot(Path(services.home))
    (Path(services.home) / "static").mkdir(exist_ok=True)
    worker = int(re.sub(r"[^0-9]", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
    database, template = f"chancery_s{slot}_w{worker}", f"chancery_s{slot}_template"
    variables = {
        "CHANCERY_HOME": services.home,
        "DJANGO_SETTINGS_MODULE": "assistant.settings",
        "DJANGO_SECRET_KEY": secrets.django_key,
        "CHANCERY_RECORD_KEY": secrets.record_key,
        "CHANCERY_MODEL_KEY": secrets.model_key,
        "CHANCERY_HOSTS": "localhost,127.0.0.1,testserver",
        "CHANCERY_CHAT_RUNNER": "inference.runners.scripted.ScriptedChat",
        "CHANCERY_EMBEDDING_RUNNER": "inference.runners.scripted.ScriptedEmbedder",
        "DATABASE_URL": _address(services.superuser_url, "chancery_app", secrets.postgres_app, database),
        "REDIS_URL": f"{services.valkey_url}/{slot * 16 + worker}",
    }
    if not hasattr(config, "workerinput"):
        _unfinished.append(_migrate(config, services, template, variables))
    if getattr(config.option, "numprocesses", None):
        return  # this process runs no tests, and those that do must not inherit its settings before they have their own
    os.environ |= variables
    _unfinished.append(lambda: _clone(services, template, database))
    django.setup()
    _find_static_files_once()
    # Nothing of a test has to outlast a loss of power, as in Postgres beside it (assistant.local.postgres.CARELESS).
    os.fsync = lambda _: None  # type: ignore[assignment]
    # A hundred test people a minute: their passwords need not be slow to guess.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # A row that row-level security hides from a template would be a blank on the page, which nobody misses.
    ObjectDoesNotExist.silent_variable_failure = False
    # What a witness remembers is of one database: the installation's own log bears the same name in the next.
    settings.WITNESS_HOME = Path(services.home) / "witness" / database
    shutil.rmtree(settings.WITNESS_HOME, ignore_errors=True)


_unfinished: list[Callable[[], None]] = []  # what has to be done before the first test, while tests are being found


def _finish() -> None:
    while _unfinished:
        _unfinished.pop(0)()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished() -> None:
    """The workers have found their tests, and begin with them once the template is there."""
    _finish()


@pytest.fixture(scope="session", autouse=True)
def _database() -> None:
    from tests import partitions

    _finish()
    partitions.watch(os.environ["DATABASE_URL"])


def pytest_unconfigure() -> None:
    """Threads that listen as long as their process lives see the services go, and where they would say so is closed."""
    logging.disable()


def _find_static_files_once() -> None:
    """Of a web process there is one, and each client of a test is another: it would look through all of them anew."""
    from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

    find = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, dict[str, Any]] = {}

    def once(self: WhiteNoiseMiddleware) -> None:
        if self.static_prefix not in found:
            find(self)
            found[self.static_prefix] = dict(self.files)
        self.files |= found[self.static_prefix]

    WhiteNoiseMiddleware.add_files_from_finders = once


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Files are called by their argument: the bytes of one may hold the time, and xdist's workers must agree on names."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None


def _slot(home: Path) -> int:
    """A number no session beside this one has; xdist's workers inherit their session's."""
    if "CHANCERY_TEST_SLOT" not in os.environ:
        for number in range(SLOTS):
            file = (home / f"slot-{number}").open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _held.append(file)
            os.environ["CHANCERY_TEST_SLOT"] = str(number)
            break
        else:
            pytest.exit(f"{SLOTS} sessions run in this tree already; wait for one to end", returncode=3)
    return int(os.environ["CHANCERY_TEST_SLOT"])


_held: list[object] = []  # a lock is held as long as its file is open


def _address(superuser_url: str, role: str, password: str, database: str) -> str:
    place = psycopg.conninfo.conninfo_to_dict(superuser_url)
    return f"postgresql://{role}:{password}@{place['host']}:{place['port']}/{database}"


def _migrate(
    config: pytest.Config, services: testing.Services, template: str, variables: dict[str, str]
) -> Callable[[], None]:
    """Begins with it unless nothing has changed since it was done; what is returned waits for its end."""
    code = _code()
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")  # roles are the server's, and sessions may start at once
        if _is_made_by(connection, template) == code:
            return lambda: None
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(template)))
        roles.prepare(services.superuser_url, services.secrets, [template])
    owner = _address(services.superuser_url, "chancery_owner", services.secrets.postgres_owner, template)
    under_way = subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ | variables | {"DATABASE_URL": owner, "CHANCERY_MIGRATING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    config.add_cleanup(under_way.kill)  # where no test is run: nobody else would end it

    def end() -> None:
        said, _ = under_way.communicate()
        if under_way.returncode:
            pytest.exit(f"the migrations failed:\n{said}", returncode=3)
        with psycopg.connect(services.superuser_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(template), sql.Literal(code))
            )

    return end


def _code() -> str:
    """What a template is made by: all that a migration may call, and the packages that bring migrations of their own."""
    told = hashlib.sha256((ROOT / "requirements-dev.lock").read_bytes() + roles.SCRIPT.read_bytes())
    for package in ("governance", "inference", "ingestion", "assistant"):
        for file in sorted((ROOT / package).rglob("*.py")):
            told.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return told.hexdigest()


def _is_made_by(connection: psycopg.Connection[Any], template: str) -> str:
    found = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [template]
    ).fetchone()
    return (found and found[0]) or ""


def _clone(services: testing.Services, template: str, name: str) -> None:
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER chancery_owner").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        # A clone carries the template's tables, not what was granted on the database itself.
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO chancery_app").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is there already."""


@pytest.fixture(autouse=True)
def _real_commits(django_db_blocker: Any) -> Iterator[None]:
    from tests import partitions

    with django_db_blocker.unblock():
        yield
    partitions.check()


@pytest.fixture
def house() -> cast.House:
    """A fresh tenant with its people: see tests/cast.py."""
    from tests import cast

    return cast.house(f"t{uuid.uuid4().hex[:12]}")


@pytest.fixture(scope="module")
def shared_house(django_db_blocker: Any) -> cast.House:
    """One tenant for all of a module's tests that leave it as it was: a fresh one takes longer than such a test."""
    from tests import cast

    with django_db_blocker.unblock():
        return cast.house(f"s{uuid.uuid4().hex[:12]}")


@pytest.fixture
def neighbour() -> cast.House:
    """Another tenant, whose rows nobody of `house` may ever see."""
    from tests import cast

    return cast.house(f"n{uuid.uuid4().hex[:12]}")
