"""`make run` as a person meets it: real Postgres, Valkey, uvicorn and Celery, around a project in miniature."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from assistant.local import environment, marks, ports, postgres
from tests.assistant.local_homes import ROOT, open_home

pytestmark = pytest.mark.faults

MANAGE = """
import http.server, os, pathlib, sys, time
home, command = pathlib.Path(os.environ["CHANCERY_HOME"]), sys.argv[1]
with (home / "commands").open("a") as file:
    address = os.environ["DATABASE_URL"] or os.environ["CHANCERY_SEALER_URL"] or "nobody://"
    file.write(f"{command} {address.split(':')[1]}\\n")
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
if command == "sealer":
    (home / "record-keys").mkdir(exist_ok=True)
    (home / "record-keys" / "sealer.pub").touch()
    time.sleep(1000)
if command in ("model_worker", "witness"):
    http.server.HTTPServer((sys.argv[3], int(sys.argv[5])), Health).serve_forever()
if command == "ask_demo":
    print("The notice period is two months [1].")
if command == "broken":
    sys.exit(5)
"""
ASGI = """
async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
"""
CELERY = "import os, celery\napp = celery.Celery('miniature', broker=os.environ['REDIS_URL'])\n"
UP = """
import pathlib, sys
from assistant.local import models, stack, up
stack.ROOT = pathlib.Path(sys.argv[1])
models.fetch = lambda local: None
sys.exit(up.up(then=sys.argv[2] if len(sys.argv) > 2 else ""))
"""
OURS = ("CHANCERY_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "MODEL_URL")
OF_THE_RECORD = {"sealer", "witness"}
PROCESSES = {"web", "model", "answers", "ingest", "housekeeping", "postgres", "valkey"} | OF_THE_RECORD


class Run:
    """One `make run`, whose output goes to a file so that it can be waited for."""

    def __init__(self, home: Path, project: Path, *then: str, **variables: str) -> None:
        # Not what the suite tells its own process: that would be an operator's choice of servers and settings.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        inherited |= {"CHANCERY_HOME": str(home), "CHANCERY_PORT": port(home)}
        self._out = home / f"output-{time.monotonic_ns()}"
        with self._out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", UP, str(project), *then],
                cwd=ROOT,
                env=inherited | variables,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self._out.read_text(encoding="utf-8")

    def until_ready(self) -> str:
        assert marks.await_true(lambda: "Ready after" in self.output or self.process.poll() is not None, 120)
        assert self.process.poll() is None, self.output
        found = re.search(r"http://\S+", self.output)
        assert found
        return found.group()

    def result(self) -> int:
        return self.process.wait(timeout=120)


def port(home: Path) -> str:
    """One for all starts in this home, even while an earlier web process still holds it."""
    file = home / "web-port"
    if not file.exists():
        file.write_text(str(ports.choose(home, "web")), encoding="ascii")
    return file.read_text(encoding="ascii")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with open_home() as folder:
        yield folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "assistant").mkdir()
    for name, text in {"manage.py": MANAGE, "assistant/asgi.py": ASGI, "assistant/celery.py": CELERY}.items():
        (folder / name).write_text(text)
    (folder / "assistant" / "__init__.py").touch()
    return folder


def living(home: Path) -> dict[str, marks.Mark]:
    found = {file.stem: marks.read(file) for file in (home / "run").glob("*.pid")}
    return {name: mark for name, mark in found.items() if mark and marks.is_alive(mark)}


def test_everything_comes_up_and_goes_down(home: Path, project: Path) -> None:
    run = Run(home, project)
    url = run.until_ready()
    try:
        assert set(living(home)) == PROCESSES
        assert httpx.get(url, trust_env=False).text == "ok"
        assert "The notice period is two months [1]." in run.output
        commands = (home / "commands").read_text().splitlines()
        assert commands[0] == "migrate //chancery_owner"
        assert "seed_demo //chancery_app" in commands
        assert "sealer //chancery_sealer" in commands
        assert "witness //" in commands
        ingest = living(home)["ingest"].pid
        assert os.getpriority(os.PRIO_PROCESS, ingest) == os.getpriority(os.PRIO_PROCESS, 0) + 10
        second = Run(home, project)
        assert second.result() == 1
        assert "already runs" in second.output
        assert url in second.output
    finally:
        run.process.send_signal(signal.SIGINT)
    assert run.result() == 0
    assert living(home) == {}


def test_second_start_seeds_nothing_and_asks_nothing(home: Path, project: Path) -> None:
    if not (home / "run" / "ask_demo.done").exists():
        first = Run(home, project)
        first.until_ready()
        first.process.send_signal(signal.SIGTERM)
        assert first.result() == 0
    before = (home / "commands").read_text().splitlines()
    run = Run(home, project)
    run.until_ready()
    run.process.send_signal(signal.SIGTERM)

    assert run.result() == 0
    added = (home / "commands").read_text().splitlines()[len(before) :]
    assert {line.split()[0] for line in added} == {"migrate", "model_worker"} | OF_THE_RECORD


def test_start_after_kill_9_of_the_supervisor_finds_every_row(home: Path, project: Path) -> None:
    run = Run(home, project)
    url = run.until_ready()
    database = environment.read(home)["DATABASE_URL"]
    owner = (home / "secrets" / "postgres_superuser").read_text().strip()
    superuser = re.sub(r"//.*@", f"//postgres:{owner}@", database)
    with psycopg.connect(superuser) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    run.process.kill()
    run.process.wait()

    again = Run(home, project)
    try:
        assert again.until_ready() == url
        with psycopg.connect(superuser) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (1,)
        assert set(living(home)) == PROCESSES
    finally:
        again.process.send_signal(signal.SIGTERM)
    assert again.result() == 0


def test_each_process_that_is_killed_comes_back(home: Path, project: Path) -> None:
    run = Run(home, project)
    run.until_ready()
    try:
        killed = living(home)
        for mark in killed.values():
            os.kill(mark.pid, signal.SIGKILL)

        def all_new() -> bool:
            now = living(home)
            return set(now) == PROCESSES and all(now[name] != killed[name] for name in PROCESSES)

        assert marks.await_true(all_new, 60), run.output
        assert postgres.is_ready(environment.read(home)["DATABASE_URL"]) or marks.await_true(
            lambda: postgres.is_ready(environment.read(home)["DATABASE_URL"]), 60
        )
    finally:
        run.process.send_signal(signal.SIGTERM)
    assert run.result() == 0
    assert living(home) == {}


def test_demo_runs_its_command_and_returns_its_exit_code(home: Path, project: Path) -> None:
    assert Run(home, project, "broken").result() == 5
    assert living(home) == {}


def test_demo_beside_a_running_stack_uses_it(home: Path, project: Path) -> None:
    run = Run(home, project)
    run.until_ready()
    try:
        assert Run(home, project, "broken").result() == 5
        assert set(living(home)) == PROCESSES
    finally:
        run.process.send_signal(signal.SIGTERM)
    assert run.result() == 0


def test_taken_port_is_told_plainly(home: Path, project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = Run(home, project, CHANCERY_PORT=str(taken.getsockname()[1]))

        assert run.result() == 1
        assert "is taken by another program" in run.output
    assert "Traceback" not in run.output


def test_servers_of_the_operator_are_used_and_not_started(home: Path, project: Path) -> None:
    run = Run(home, project)
    run.until_ready()
    told = environment.read(home)
    try:
        with open_home() as other:
            second = Run(
                other,
                project,
                DATABASE_URL=told["DATABASE_URL"],
                REDIS_URL=told["REDIS_URL"].removesuffix("0") + "1",
                MODEL_URL=told["MODEL_URL"],
            )
            second.until_ready()
            try:
                assert set(living(other)) == PROCESSES - {"postgres", "valkey", "model"} - OF_THE_RECORD
                assert "CHANCERY_OWNER_URL is not" in second.output
                assert "CHANCERY_SEALER_URL is not" in second.output
                assert "password" not in second.output
            finally:
                second.process.send_signal(signal.SIGTERM)
            assert second.result() == 0
    finally:
        run.process.send_signal(signal.SIGTERM)
    assert run.result() == 0
