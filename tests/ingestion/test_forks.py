"""One nursery serves many documents, one after another; nothing of one reaches the next, and nobody outlives the worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from ingestion import formats
from ingestion.parsers.base import ParseFailed
from ingestion.parsers.limited import forks, sandbox
from ingestion.parsers.limited.sandbox import Limits
from tests.conftest import ROOT

PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def _none_from_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_free", [])


@pytest.fixture
def document(tmp_path: Path) -> Path:
    made = tmp_path / "upload"
    made.write_text("# Rule\n\nTrains are booked in second class.\n")
    return made


def text(document: Path) -> str:
    return " ".join(section.text for section in sandbox.run(document, formats.MARKDOWN).sections)


def free() -> list[int]:
    return [home.process.pid for home in forks._free]


def test_the_next_document_comes_to_the_same_nursery(document: Path) -> None:
    assert "second class" in text(document)
    first = free()
    assert "second class" in text(document)
    assert free() == first
    assert len(first) == 1
    assert psutil.Process(first[0]).children() == []


def test_a_document_that_fails_costs_no_nursery(document: Path) -> None:
    text(document)
    first = free()
    with pytest.raises(ParseFailed):
        sandbox.run(document, formats.MARKDOWN, Limits(output=1))
    with pytest.raises(ParseFailed):
        sandbox.run(document, formats.PDF)
    assert free() == first


def test_a_nursery_that_ended_is_replaced_unnoticed(document: Path) -> None:
    text(document)
    (gone,) = free()
    os.kill(gone, signal.SIGKILL)
    assert "second class" in text(document)
    assert gone not in free()


def test_a_nursery_that_ends_in_mid_document_fails_that_document_by_name(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lend = forks._lend

    def short_lived(kind: str) -> forks._Nursery:
        home = lend(kind)
        home.process.kill()
        return home

    monkeypatch.setattr(forks, "_lend", short_lived)
    with pytest.raises(ParseFailed) as fault:
        sandbox.run(document, formats.MARKDOWN)
    assert fault.value.code == "crashed"


def test_documents_at_once_have_a_nursery_each(document: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(text, [document] * 12))
    assert all("second class" in one for one in told)
    assert 1 <= len(set(free())) == len(free()) <= 3


ENDLESS = """
import sys, threading
from pathlib import Path
from ingestion.parsers.limited import forks, sandbox
forks.START = forks.START.replace("child.main()", "import time; child._parse = lambda order: time.sleep(600); child.main()")
sandbox.run(Path(sys.argv[1]), "text/markdown")
"""


def test_a_worker_that_is_killed_leaves_neither_nursery_nor_fork(document: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", ENDLESS, str(document)], cwd=ROOT)
    until = time.monotonic() + PATIENCE_S
    family: list[psutil.Process] = []
    while len(family) < 2 and time.monotonic() < until:
        family = psutil.Process(worker.pid).children(recursive=True)
        time.sleep(0.05)
    worker.kill()
    worker.wait()
    assert len(family) == 2
    _, alive = psutil.wait_procs(family, PATIENCE_S)
    assert alive == []
