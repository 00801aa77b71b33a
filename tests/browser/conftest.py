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
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import patient

if TYPE_CHECKING:
    from tests.browser.stand import Stand

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_MS = 120_000  # of one step, on a machine that is busy: a test that reaches it has failed
WORKER = ["-A", "assistant.celery", "worker", "--pool", "threads", "--concurrency", "3", "--loglevel", "WARNING"]


@dataclass
class Served:
    address: str
    gate: Path

    def let_answers_end(self) -> None:
        self.gate.touch()

    def hold_answers(self) -> None:
        self.gate.unlink(missing_ok=True)


@dataclass(frozen=True)
class Screen:
    width: int
    height: int
    scheme: str


SCREENS = {
    "desktop-light": Screen(1280, 860, "light"),
    "desktop-dark": Screen(1280, 860, "dark"),
    "phone-light": Screen(390, 844, "light"),
    "phone-dark": Screen(390, 844, "dark"),
}
# How far what stands on the page has moved of itself, as the browser measures it.
COUNT_SHIFTS = """
window.shifts = 0;
window.shifted = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries().filter((one) => !one.hadRecentInput)) {
    window.shifts += one.value;
    const moved = ({ node, previousRect, currentRect }) =>
      `${(node?.outerHTML ?? node?.textContent ?? "gone").slice(0, 80)}: ${previousRect.y} to ${currentRect.y}`;
    window.shifted.push(`${one.value.toFixed(3)} ${one.sources.map(moved).join("; ")}`);
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@dataclass
class Seen:
    """What a browser complained of."""

    errors: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)

    def watch(self, page: Any) -> None:
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda sent: self.reports.append(sent.url) if "csp-report" in sent.url else None)


@pytest.fixture(scope="session")
def chromium() -> str:
    # The first is the same engine without a desktop around it: windows that nobody sees cost a third less to open.
    named = ("chromium-headless-shell", "chromium", "google-chrome")
    found = next(filter(None, map(shutil.which, named)), None)
    if not found:
        pytest.skip("needs Chromium: apt-get install chromium")
    pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv-dev")
    return found


@pytest.fixture(scope="package")  # no longer: other tests' questions and documents are theirs to work on
def served(chromium: str, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    from tests.assistant import backlogs

    folder = tmp_path_factory.mktemp("served")
    os.environ[patient.GATE] = str(folder / "gate")
    # Playwright's loop runs in the test's own thread, where Django would refuse a query that blocks nobody.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    environment = os.environ | {"CHANCERY_CHAT_RUNNER": "tests.browser.patient.PatientChat"}
    log = (folder / "worker.log").open("w")
    with contextlib.ExitStack() as ending:
        ending.callback(log.close)
        ending.enter_context(django_db_blocker.unblock())
        backlogs.nobody_else_asks()
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", *WORKER, "-Q", "answers,ingest,build,housekeeping"],
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


@pytest.fixture(scope="package")  # Playwright bears one of itself at a time: whoever wants a browser takes this one
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(params=["desktop-light", "phone-dark"])
def page(request: pytest.FixtureRequest, browser: Any, served: Served) -> Iterator[Any]:
    """A page that knows nothing of others; `page.seen` keeps its errors and the policy's reports."""
    screen, before = SCREENS[request.param], list(browser.contexts)
    opened: Any = browser.new_context(
        viewport={"width": screen.width, "height": screen.height}, color_scheme=screen.scheme, base_url=served.address
    ).new_page()
    opened.set_default_timeout(PATIENCE_MS)
    opened.add_init_script(COUNT_SHIFTS)
    opened.seen = Seen()
    opened.seen.watch(opened)
    yield opened
    if shots := os.environ.get("CHANCERY_SHOTS"):  # a folder: to look at how each test ended
        opened.screenshot(path=Path(shots) / f"{request.node.name}.png")
    for context in browser.contexts:
        if context not in before:
            context.close()


@pytest.fixture
def idp(settings: Any) -> Iterator[Any]:
    """An identity provider that does what it is told, and that ours may fetch from."""
    from tests.assistant.sso import hostile

    settings.SSO_INTERNAL_HOSTS = ["127.0.0.1"]
    provider = hostile.Hostile()
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def stand(browser: Any, served: Served) -> Iterator[Stand]:
    from tests.browser import stand as standing

    with standing.standing(browser, served.address) as stood:
        yield stood
