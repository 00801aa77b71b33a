"""The portal as people meet it: a web server, a Celery worker and Debian's Chromium, all real."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.browser import patient

ROOT = Path(__file__).resolve().parents[2]
WORKER = ["-A", "assistant.celery", "worker", "--pool", "threads", "--concurrency", "3", "--loglevel", "WARNING"]


@dataclass
class Served:
    address: str
    gate: Path

    def let_answers_end(self) -> None:
        self.gate.touch()

    def hold_answers(self) -> None:
        self.gate.unlink(missing_ok=True)


@dataclass
class Seen:
    """What a browser complained of."""

    errors: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.skip("needs Chromium: apt-get install chromium")
    pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv-dev")
    return found


@pytest.fixture(scope="session")
def served(chromium: str, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    os.environ[patient.GATE] = str(folder / "gate")
    # Playwright's loop runs in the test's own thread, where Django would refuse a query that blocks nobody.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    environment = os.environ | {"CHANCERY_CHAT_RUNNER": "tests.browser.patient.PatientChat"}
    log = (folder / "worker.log").open("w")
    with contextlib.ExitStack() as ending:
        ending.callback(log.close)
        ending.enter_context(django_db_blocker.unblock())
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", *WORKER, "-Q", "answers,ingest,housekeeping"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
        ending.callback(_end, worker)
        yield Served(ending.enter_context(_web()), folder / "gate")


@contextlib.contextmanager
def _web() -> Iterator[str]:
    import uvicorn

    from assistant.asgi import application

    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(application, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    try:
        worker.wait(15)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


@pytest.fixture(params=[(1280, 860), (390, 844)], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, chromium: str, served: Served) -> Iterator[Any]:
    """A page of a fresh browser; `page.seen` keeps its errors and the policy's reports."""
    from playwright.sync_api import sync_playwright

    width, height = request.param
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened: Any = browser.new_context(
            viewport={"width": width, "height": height}, base_url=served.address
        ).new_page()
        opened.set_default_timeout(60_000)
        seen = Seen()
        opened.on("console", lambda said: seen.errors.append(said.text) if said.type == "error" else None)
        opened.on("pageerror", lambda error: seen.errors.append(str(error)))
        opened.on("request", lambda sent: seen.reports.append(sent.url) if "csp-report" in sent.url else None)
        opened.seen = seen
        yield opened
        browser.close()
