"""A stack of real processes in a home of its own, whose parts can be killed and are waited for."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from assistant.local import environment, marks, ports, postgres, readiness, secrets, valkey
from assistant.local.roles import DATABASE
from tests.assistant.local_homes import ROOT, open_home

START_MOST_S = 240.0  # of everything, on a machine that is busy; a test that reaches it has failed
RECOVERY_MOST_S = 60.0
OURS = ("CHANCERY_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "MODEL_", "PYTEST_")
EMBEDDER = "inference.runners.scripted.ScriptedEmbedder"
OF_THE_RECORD = ("sealer", "witness")
WORKERS = ("answers", "ingest", "housekeeping")


def await_that(holds: Callable[[], object], limit_s: float, what: str) -> None:
    assert marks.await_true(lambda: bool(holds()), limit_s), f"not within {limit_s:.0f} s: {what}"


@dataclass
class Stand:
    home: Path
    port: int
    supervisor: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def variables(self) -> dict[str, str]:
        return environment.read(self.home)

    def environment(self) -> dict[str, str]:
        return _bare() | self.variables() | {"DJANGO_SETTINGS_MODULE": "assistant.settings"}

    def superuser_url(self, database: str = DATABASE) -> str:
        password = secrets.load(self.home).postgres_superuser
        return f"postgresql://postgres:{password}@127.0.0.1:{self._port('postgres')}/{database}"

    def database(self) -> psycopg.Connection[tuple[Any, ...]]:
        """As a superuser, who sees every tenant's rows: what is counted must not depend on what is tested."""
        return psycopg.connect(self.superuser_url(), autocommit=True, connect_timeout=3)

    def pid(self, name: str) -> int:
        mark = marks.read(self.home / "run" / f"{name}.pid")
        assert mark is not None, f"{name} has left no mark"
        return mark.pid

    def kill(self, *names: str) -> dict[str, int]:
        """-9, nothing else. Returns the pids that they had."""
        pids = {name: self.pid(name) for name in names}
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        await_that(lambda: all(marks.started(pid) is None for pid in pids.values()), 10, "the death of what was killed")
        return pids

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nothing that dies is started again inside: the supervisor is asleep."""
        self.supervisor.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.supervisor.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def asleep(self, name: str) -> Iterator[None]:
        pid = self.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def await_back(self, pids: dict[str, int]) -> float:
        """Until other processes stand in the places of `pids` and are ready. Returns the moment, of `time.monotonic`."""
        for name, pid in pids.items():
            await_that(lambda: self._is_back(name, pid), START_MOST_S, f"{name} is back")  # noqa: B023
        return time.monotonic()

    def _is_back(self, name: str, before: int) -> bool:
        mark = marks.read(self.home / "run" / f"{name}.pid")
        return mark is not None and mark.pid != before and marks.is_alive(mark) and self._is_ready(name)

    def _is_ready(self, name: str) -> bool:
        variables = self.variables()
        if name == "postgres":
            return postgres.is_ready(self.superuser_url())
        if name == "valkey":
            return valkey.is_ready(variables["REDIS_URL"])
        if name in WORKERS:
            return readiness.of_worker(name, variables["REDIS_URL"])()
        if name in OF_THE_RECORD:
            return True  # what they have done by then is for the test to wait for
        return readiness.of_http(f"{variables['MODEL_URL'].removesuffix('/v1')}/health")()

    def _port(self, name: str) -> int:
        return int(json.loads((self.home / "ports.json").read_text())[name])

    def run(self, module: str, *argv: str) -> Any:
        """The JSON that a module of the tests prints, run as one of the stack's own processes."""
        done = subprocess.run(
            [sys.executable, "-m", module, *argv], cwd=ROOT, env=self.environment(), capture_output=True, check=False
        )
        assert not done.returncode, done.stderr.decode()
        return json.loads(done.stdout)


@contextlib.contextmanager
def standing(**variables: str) -> Iterator[Stand]:
    """A stack that is up, with these variables beside its own."""
    with open_home() as home:
        port = ports.choose(home, "web")
        told = {"CHANCERY_HOME": str(home), "CHANCERY_PORT": str(port), "CHANCERY_DB_POOL": "12"} | variables
        with (home / "supervisor.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.supervised"], cwd=ROOT, env=_bare() | told, stdout=log, stderr=log
            )
        stand = Stand(home, port, process)
        try:
            is_up = home / "is-up"
            await_that(lambda: is_up.exists() or process.poll() is not None, START_MOST_S, "the stack is up")
            assert is_up.exists(), (home / "supervisor.log").read_text()
            yield stand
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGCONT, signal.SIGINT):
        process.send_signal(number)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()  # its children are told to stop by the kernel
        process.wait()


def _bare() -> dict[str, str]:
    """What this session was told of its own services must not reach the stack."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
