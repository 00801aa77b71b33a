"""The whole of Chancery beside a bench: a model worker with stamps, the recording proxy before it, and `manage.py up`.

Its folder (`CHANCERY_BENCH_STACK`, ./var/bench-stack) is kept between runs: remove it to begin anew. `CHANCERY_MODELS`
names the models' folder, which has to hold the chat model already.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django
import httpx

from assistant.local import environment, ports
from bench.tape import Recorder

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
TENANT = "halden"
ASKERS = ("ada", "ben", "grace", "margaret", "yusuf", "omar")
READY_MOST_S = 900.0
STOPPED_MOST_S = 60.0


@dataclass
class Stack:
    """`url` is the app's and `worker` the model worker's, which `model_key` opens; `recorder` stands between them."""

    home: Path
    url: str
    worker: str
    model_key: str
    recorder: Recorder
    askers: dict[int, tuple[str, httpx.Client]] = field(default_factory=dict)

    def asker(self, stream: int) -> tuple[str, httpx.Client]:
        """A person of the demo for each stream: the share that the model worker knows them by, and a client with a key.

        A person may have four answers under way. More streams than people are further people of the staff.
        """
        if stream not in self.askers:
            self.askers[stream] = self._admit(ASKERS[stream] if stream < len(ASKERS) else f"stream{stream}")
        return self.askers[stream]

    def _admit(self, name: str) -> tuple[str, httpx.Client]:
        from assistant.demo import seeding
        from governance import groups, keys, people
        from governance.scope import Scope

        email, system = f"{name}@halden.example", Scope.system(_tenant())
        if people.find_by_email(system, email) is None:
            person = people.create(system, email, name, password=secrets.token_hex(16))
            staff = next(group for group in groups.listed(system) if group.name == "Staff")
            groups.add(system, staff.pk, person)
        scope = seeding.scope_for(TENANT, email)
        key = keys.issue(scope, scope.person, "bench", ["all"], 1)
        headers = {"Authorization": f"Bearer {key}"}
        client = httpx.Client(base_url=self.url, headers=headers, timeout=600.0, trust_env=False)
        return f"{scope.tenant}/{scope.person}", client


@contextmanager
def running(model: str = "") -> Iterator[Stack]:
    """Everything up, the demo seeded and read. `model` is a catalogue's name or a GGUF file; empty is the default."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whatever ends the bench, what it started ends with it
    home = Path(os.environ.get("CHANCERY_BENCH_STACK") or ROOT / "var" / "bench-stack")
    (home / "log").mkdir(parents=True, exist_ok=True)
    web, worker, tape = (ports.choose(home, f"bench-{name}") for name in ("web", "worker", "tape"))
    key = secrets.token_hex(16)
    told = os.environ | {
        "CHANCERY_MODEL_KEY": key,
        "CHANCERY_HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        "CHANCERY_API_PER_MINUTE": "0",
    }
    told.setdefault("CHANCERY_MODELS", str(home / "models"))
    at_worker, at_web = f"http://{HOST}:{worker}", f"http://{HOST}:{web}"
    serve = ["model_worker", "--host", HOST, "--port", str(worker), "--stamps", *(["--model", model] if model else [])]
    with process(serve, told, home / "log" / "bench-worker.log") as serving:
        await_that(lambda: is_served(at_worker), serving)
        with Recorder(tape, at_worker) as recorder:
            log = home / "log" / "bench-up.log"
            told |= {"MODEL_URL": recorder.url, "CHANCERY_PORT": str(web)}
            with process(["up"], told, log) as up:
                await_that(lambda: "Ready after" in log.read_text("utf-8"), up)
                os.environ |= told | environment.read(home) | {"DJANGO_SETTINGS_MODULE": "assistant.settings"}
                django.setup()
                await_that(lambda: not _unread(), up)
                yield Stack(home, at_web, at_worker, key, recorder)


def load() -> str:
    """What the machine does at this moment: a figure without it says little."""
    one, five, _ = os.getloadavg()
    return f"{time.strftime('%Y-%m-%d %H:%M')}, {len(os.sched_getaffinity(0))} cores, load {one:.1f} {five:.1f}"


@contextmanager
def process(argv: list[str], told: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command of manage.py, ended with Ctrl-C's signal."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *argv], cwd=ROOT, env=told, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOPPED_MOST_S)
        except subprocess.TimeoutExpired:
            process.kill()


def await_that(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_MOST_S
    while not holds():
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"{process.args!r} did not get ready: see the logs in the bench's folder.")
        time.sleep(0.3)


def is_served(worker: str) -> bool:
    try:
        return httpx.get(f"{worker}/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _tenant() -> uuid.UUID:
    from governance import tenants

    found = tenants.find_for_login(TENANT)
    if found is None:
        raise SystemExit("The demo is not seeded: remove the bench's folder and begin anew.")
    return found.id


def _unread() -> int:
    from governance.scope import Scope
    from ingestion import models

    with Scope.system(_tenant()).transaction():
        return models.Version.objects.exclude(status__in=models.FINAL).count()
