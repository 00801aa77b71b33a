"""The lock files: what stands in more than one is the same version, so that one can be installed over another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVERYDAY = "requirements-dev.lock"


def _pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-llama-cpp-python.lock"])
def test_what_two_locks_name_is_the_same_version(lock: str) -> None:
    pins, everyday = _pins(lock), _pins(EVERYDAY)
    shared = pins.keys() & everyday.keys()
    assert len(shared) > 3
    assert {name: pins[name] for name in shared} == {name: everyday[name] for name in shared}


def test_the_second_engines_lock_holds_the_version_of_the_extra() -> None:
    wanted = re.search(r'"llama-cpp-python==([\d.]+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert wanted is not None
    assert _pins("requirements-llama-cpp-python.lock")["llama-cpp-python"] == wanted[1]
