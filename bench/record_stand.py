"""Processes beside a bench of the record: a Postgres that keeps its promises, the sealer, its witness, and the web.

    record_stand.prepare()               before anything of Django is imported
    with record_stand.sealing(): ...     a real sealer with a role and a key of its own, and a real witness
    with record_stand.serving("a"): ...  a web process and a worker for answers, with a scripted model

`CHANCERY_BENCH_RECORD` (./var/bench-record) holds it all: remove it to begin anew.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psycopg

from assistant.local import environment, ports, readiness, testing
from bench import demo_database

if TYPE_CHECKING:
    from governance.scope import Scope

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
READY_MOST_S = 120.0
RUNNING: dict[str, int] = {}  # process numbers by name, while they run
STOPPED_MOST_S = 20.0


def prepare(connections: int = 8) -> None:
    """`connections` that a process may have open at once."""
    os.environ["CHANCERY_BENCH_HOME"] = os.environ.get("CHANCERY_BENCH_RECORD") or str(ROOT / "var" / "bench-record")
    os.environ["CHANCERY_DB_POOL"] = str(connections)
    demo_database.prepare(durable=True)


def as_superuser() -> psycopg.Connection[tuple[object, ...]]:
    """Who sees every tenant's rows: what is counted must not depend on what is measured."""
    services = testing.services()
    return psycopg.connect(services.superuser_url, dbname=demo_database.DATABASE, autocommit=True)


def postmaster() -> int:
    """The number of the database server's first process."""
    with as_superuser() as database:
        row = database.execute("SHOW data_directory").fetchone()
    assert row is not None
    return int((Path(str(row[0])) / "postmaster.pid").read_text().split()[0])


@contextmanager
def sealing() -> Iterator[None]:
    home, services = Path(os.environ["CHANCERY_HOME"]), testing.services()
    place = psycopg.conninfo.conninfo_to_dict(services.superuser_url)
    port = ports.choose(home, "bench-witness")
    url = f"postgresql://chancery_sealer:{services.secrets.postgres_sealer}@{place['host']}:{place['port']}"
    told = {"CHANCERY_SEALER_URL": f"{url}/{demo_database.DATABASE}", "CHANCERY_WITNESS_URL": f"http://{HOST}:{port}"}
    with ExitStack() as running:
        witness = ["manage.py", "witness", "--host", HOST, "--port", str(port)]
        running.enter_context(process("witness", witness, environment.NOBODYS))
        await_that(readiness.of_http(f"http://{HOST}:{port}/health"), "the witness")
        began = time.time()
        running.enter_context(process("sealer", ["manage.py", "sealer"], environment.NOBODYS | told))
        alive = home / "sealer" / "alive"
        await_that(lambda: alive.exists() and alive.stat().st_mtime > began, "the sealer")
        yield


@contextmanager
def serving(
    name: str, web: str, celery: str, broker: int, chat: str = "inference.runners.scripted.ScriptedChat"
) -> Iterator[str]:
    """The address. `web` and `celery` are the modules that are served, `broker` the number of Valkey's database, `chat` the
    model's adapter; the one of the settings where it is empty.
    """
    home = Path(os.environ["CHANCERY_HOME"])
    port = ports.choose(home, f"bench-{name}")
    told = {
        "CHANCERY_EMBEDDING_RUNNER": "inference.runners.scripted.ScriptedEmbedder",
        "REDIS_URL": f"{testing.services().valkey_url}/{broker}",
    } | ({"CHANCERY_CHAT_RUNNER": chat} if chat else {})
    argv = ["-m", "uvicorn", web, "--host", HOST, "--port", str(port), "--lifespan", "off", "--no-access-log"]
    worker = ["-m", "celery", "-A", celery, "worker", "-Q", "answers", "-n", f"{name}@%h", "-P", "threads", "-c", "8"]
    with (
        process(f"{name}-web", argv, told),
        process(f"{name}-answers", [*worker, "--without-gossip", "--without-mingle", "-l", "ERROR"], told),
    ):
        await_that(readiness.of_http(f"http://{HOST}:{port}/healthz"), f"the web of {name}")
        await_that(readiness.of_worker(name, told["REDIS_URL"]), f"the worker of {name}")
        yield f"http://{HOST}:{port}"


@contextmanager
def process(name: str, argv: list[str], told: dict[str, str]) -> Iterator[None]:
    log = Path(os.environ["CHANCERY_HOME"]) / "log"
    log.mkdir(exist_ok=True)
    with (log / f"bench-{name}.log").open("wb") as out:
        started = subprocess.Popen([sys.executable, *argv], cwd=ROOT, env=os.environ | told, stdout=out, stderr=out)
    RUNNING[name] = started.pid
    try:
        yield
    finally:
        del RUNNING[name]
        started.terminate()
        try:
            started.wait(STOPPED_MOST_S)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def await_that(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + READY_MOST_S
    while not holds():
        if time.monotonic() > until:
            raise SystemExit(f"{what} did not get ready: see the logs in {os.environ['CHANCERY_HOME']}/log.")
        time.sleep(0.2)


def caller(url: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=120.0, trust_env=False)


def shelve(scope: Scope, shelf: uuid.UUID, texts: Sequence[str]) -> None:
    """A document for each text, read here and now by a scripted embedder."""
    from django.conf import settings

    from inference import runners
    from ingestion import pipeline
    from ingestion.documents import uploads

    backend = {"BACKEND": "inference.runners.scripted.ScriptedEmbedder", "OPTIONS": {}}
    settings.CHANCERY_RUNNERS = settings.CHANCERY_RUNNERS | {"embedding": backend}
    runners.reset()
    for number, text in enumerate(texts):
        document = uploads.upload(scope, shelf, f"rule-{number}.md", io.BytesIO(text.encode()))
        assert document.latest_id is not None
        pipeline.ingest(scope.tenant, document.latest_id)
