"""Packages of npm that tests need: installed once into the tests' home, as their manifest pins them, never into the tree."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from assistant.local import testing


@functools.cache
def installed(manifest: Path) -> Path:
    """The folder with the `node_modules` that a package.json asks for. Skips the test where npm is missing, or fails."""
    missing = [name for name in ("node", "npm") if not shutil.which(name)]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}: apt-get install nodejs npm")
    wanted = manifest.read_bytes()
    home = Path(testing.services().home) / f"npm-{hashlib.sha256(wanted).hexdigest()[:12]}"
    done_mark = home / "installed"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:  # two at once would install into each other's half
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(manifest, home, wanted, done_mark)
    return home


def _install(manifest: Path, home: Path, wanted: bytes, done_mark: Path) -> None:
    if not done_mark.exists():
        (home / "package.json").write_bytes(wanted)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            pytest.skip(
                f"npm cannot install what {manifest.parent.name}/package.json names: {done.stderr.strip()[-300:]}"
            )
        done_mark.touch()
