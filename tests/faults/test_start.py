"""Without its database a worker does not start: it could not know that its role keeps tenants apart."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from assistant.local import testing
from tests.assistant.local_homes import ROOT

pytestmark = pytest.mark.faults
WORKER = [sys.executable, "-m", "celery", "-A", "assistant", "worker", "-P", "threads", "-c", "1", "-Q", "nothing"]


def test_worker_does_not_start_unverified_while_the_database_is_away() -> None:
    nowhere = {"DATABASE_URL": "postgresql://chancery_app@127.0.0.1:1/chancery"}
    testing.services()
    done = subprocess.run(WORKER, cwd=ROOT, env=os.environ | nowhere, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "The database does not answer" in done.stderr
