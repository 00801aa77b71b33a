"""Of hostile files at once only so many are open that the machine's memory holds them all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ingestion.parsers.limited import sandbox, slots
from ingestion.parsers.limited.sandbox import LIMITS

GB = 1 << 30


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.mark.parametrize(("memory", "amount"), [(1, 1), (2, 1), (4, 2), (8, 4), (24, 12), (512, slots.MOST)])
def test_half_of_the_memory_holds_them_all(memory: int, amount: int) -> None:
    assert slots.fitting(GB, memory * GB) == amount
    assert amount == 1 or amount * GB <= memory * GB / 2


def test_a_machine_has_no_more_than_its_container_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bound = tmp_path / "memory.max"
    bound.write_text("max\n")
    monkeypatch.setattr(slots, "_BOUNDS", (bound,))
    whole = slots.machine()
    bound.write_text(f"{whole // 3}\n")
    assert slots.machine() == whole // 3


def test_no_more_are_at_work_than_there_are_slots(settings: Any) -> None:
    settings.PARSERS_AT_ONCE = 2
    gate, lock, at_work, most = threading.Barrier(2), threading.Lock(), [0], [0]

    def work(_: int) -> None:
        with slots.taken(GB):
            with lock:
                at_work[0] += 1
                most[0] = max(most[0], at_work[0])
            gate.wait(30)  # nobody goes before two are in
            with lock:
                at_work[0] -= 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert most == [2]


def test_a_slot_is_free_again_when_its_holder_is_killed(settings: Any, tmp_path: Path) -> None:
    settings.PARSERS_AT_ONCE = 1
    program = f"""
import fcntl, os, time
slot = os.open({str(tmp_path / "run/parsers/0")!r}, os.O_RDWR | os.O_CREAT)
fcntl.flock(slot, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""
    (tmp_path / "run" / "parsers").mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        came = threading.Event()

        def wait() -> None:
            with slots.taken(GB):
                came.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not came.wait(0.3)
        os.kill(holder.pid, signal.SIGKILL)
    assert came.wait(30)
    waiting.join()


def test_a_parser_takes_a_slot_and_gives_it_back(settings: Any, tmp_path: Path) -> None:
    settings.PARSERS_AT_ONCE = 1
    document = tmp_path / "document"
    document.write_bytes(b"words")
    for _ in range(3):
        sandbox.run(document, "text/plain", LIMITS)
    assert [path.name for path in (tmp_path / "run" / "parsers").iterdir()] == ["0"]
