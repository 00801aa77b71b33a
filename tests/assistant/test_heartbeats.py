"""A real worker, and the beat inside it, are heard under the names that operators know them by."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from assistant.processes import heartbeats

ROOT = Path(__file__).resolve().parents[2]


def test_a_worker_and_its_beat_are_heard(tmp_path: Path) -> None:
    order = ["-A", "assistant", "worker", "-Q", "nothing", "-n", "housekeeping@%h", "-P", "threads", "-c", "1"]
    order += ["--without-gossip", "--without-mingle", "-B", "-s", str(tmp_path / "beat"), "-l", "WARNING"]
    worker = subprocess.Popen([sys.executable, "-m", "celery", *order], cwd=ROOT, env=os.environ.copy())
    try:
        until, kinds = time.monotonic() + 120, set[str]()
        while not {"housekeeping", "beat"} <= kinds and time.monotonic() < until:
            time.sleep(0.5)
            kinds = {one.kind for one in heartbeats.heard() if not one.is_late}
    finally:
        worker.terminate()
        worker.wait(30)
    assert {"housekeeping", "beat"} <= kinds
    for one in heartbeats.heard():
        assert one.pid
        assert one.up_s >= one.age_s
