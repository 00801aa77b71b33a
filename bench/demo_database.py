"""The demo's tenants in a database of the benches' own, read by the real embedder. It is kept between runs.

    demo_database.prepare()     before anything of Django is imported
    demo_database.fill(print)   seeds what is missing and reads it here, without a worker

`CHANCERY_BENCH_HOME` (./var/bench) holds Postgres and Valkey: remove it to begin anew. `CHANCERY_MODELS` names the
models' folder, and `MODEL_URL` with `CHANCERY_MODEL_KEY` a model server, where a bench wants one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import django
import psycopg

from assistant.local import roles, testing

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "chancery"


def prepare(*, durable: bool = False) -> None:
    """Postgres and Valkey run until this process ends; the schema is the tree's. `durable` ones write through."""
    home = Path(os.environ.get("CHANCERY_BENCH_HOME") or ROOT / "var" / "bench")
    services = testing.services(home, durable=durable)
    secrets = services.secrets
    roles.prepare(services.superuser_url, secrets, [DATABASE])
    os.environ |= {
        "CHANCERY_HOME": services.home,
        "DJANGO_SETTINGS_MODULE": "assistant.settings",
        "DJANGO_SECRET_KEY": secrets.django_key,
        "CHANCERY_RECORD_KEY": secrets.record_key,
        "CHANCERY_LOG_LEVEL": "ERROR",
        "DATABASE_URL": _address(services.superuser_url, "chancery_app", secrets.postgres_app),
        "REDIS_URL": f"{services.valkey_url}/0",
    }
    os.environ.setdefault("CHANCERY_MODEL_KEY", secrets.model_key)
    os.environ.setdefault("CHANCERY_API_PER_MINUTE", "0")  # a bench asks faster than any person
    as_owner(services, "migrate", "--verbosity", "0")
    django.setup()


def as_owner(services: testing.Services, *command: str) -> None:
    """A command of manage.py, by the role that owns the tables. Raises CalledProcessError."""
    owner = _address(services.superuser_url, "chancery_owner", services.secrets.postgres_owner)
    environment = os.environ | {"DATABASE_URL": owner, "CHANCERY_MIGRATING": "1"}
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)


def fill(tell: Callable[[str], None]) -> None:
    """Both tenants and the licences, uploaded and ready."""
    from assistant.demo import seeding
    from ingestion import pipeline

    seeding.seed(tell)
    waiting = _waiting()
    for tenant, version in waiting:
        pipeline.ingest(tenant, version)
    for tenant in _tenants():
        recount(tenant)
    tell(f"{len(waiting)} documents were read.")


def recount(tenant: uuid.UUID) -> None:
    """A database is kept between runs: what another version of the analysis counted there is counted by this one."""
    from ingestion.search import rewriting

    while rewriting.stretch(tenant):
        pass


def _waiting() -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(tenant, version) of what no worker has finished."""
    from governance.scope import Scope
    from ingestion import models

    found = []
    for tenant in _tenants():
        with Scope.system(tenant).transaction():
            rows = models.Version.objects.exclude(status__in=models.FINAL).order_by("created_at")
            found += [(tenant, version) for version in rows.values_list("id", flat=True)]
    return found


def _tenants() -> list[uuid.UUID]:
    """The demo's, as far as they are there."""
    from assistant.demo import material
    from governance import tenants

    return [found.id for told in material.TENANTS if (found := tenants.find_for_login(told.slug)) is not None]


def _address(superuser_url: str, role: str, password: str) -> str:
    place = psycopg.conninfo.conninfo_to_dict(superuser_url)
    return f"postgresql://{role}:{password}@{place['host']}:{place['port']}/{DATABASE}"
