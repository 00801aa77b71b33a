"""Where the clients lie, and how what their pages show is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

CLIENTS = Path(__file__).resolve().parent.parent.parent / "clients"
PATIENCE_S = 180.0
PACKAGES = [CLIENTS / name for name in ("python", "cli", "langchain", "llama-index")]


def samples(package: str, language: str) -> list[str]:
    page = (CLIENTS / package / "README.md").read_text(encoding="utf-8")
    return [text for text in re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL) if "pip install" not in text]


def environment(site: str, key: str) -> dict[str, str]:
    """Of a program that speaks to this server with this key."""
    told = {"CHANCERY_URL": site, "CHANCERY_KEY": key, "NO_PROXY": "127.0.0.1"}
    return os.environ | told | {"PYTHONPATH": os.pathsep.join(map(str, PACKAGES))}


def run(program: list[str], site: str, key: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program,
        env=environment(site, key),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def run_python(sample: str, site: str, key: str) -> str:
    """What it printed."""
    done = run([sys.executable, "-c", sample], site, key)
    assert done.returncode == 0, done.stderr
    return done.stdout
