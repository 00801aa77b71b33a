"""Homes for the tests of the embedded stack, and programs that run in them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.local.child import Process
from assistant.local.placement import Account, is_reachable

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def open_home() -> Iterator[Path]:
    """A home that the account of Postgres can reach, unlike pytest's own folders, which are 0700."""
    home = Path(tempfile.mkdtemp(prefix="chancery-test-"))
    home.chmod(0o711)
    try:
        yield home
    finally:
        shutil.rmtree(home)


@contextmanager
def closed_home() -> Iterator[Path]:
    """As a clone below root's own 0700 home; what has moved out of it is removed as well."""
    home = Path(tempfile.mkdtemp(prefix="chancery-test-"))
    try:
        yield home
    finally:
        if (home / "postgres").is_symlink():
            shutil.rmtree((home / "postgres").resolve().parent)
        shutil.rmtree(home)


def program(home: Path, name: str, code: str, **more: object) -> Process:
    """A child that runs `code`, in which `home` names the folder."""
    source = f"import os, signal, sys, time, pathlib\nhome = pathlib.Path({str(home)!r})\n{code}"
    settings: dict[str, object] = {"env": dict(os.environ), "log": home / "log" / f"{name}.log", "cwd": ROOT}
    return Process(name=name, argv=[sys.executable, "-c", source], **(settings | more))  # type: ignore[arg-type]


def python(code: str, *args: str, user: str | None = None, home: Path | None = None) -> subprocess.Popen[str]:
    """Another Python process of this project, whose output is read; `user` only when the tests run as root."""
    return subprocess.Popen(
        [interpreter_of_others() if user else sys.executable, "-c", code, *args],
        cwd=ROOT,
        env=os.environ
        | {
            "HOME": str(home or ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(sys.path[1:]),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=user,
        group="nogroup" if user else None,
        extra_groups=[] if user else None,
    )


def interpreter_of_others() -> str:
    """This Python, or the same version of it from the system where this one lies in root's own home; else ""."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid)
    for found in (sys.executable, shutil.which(name, path="/usr/local/bin:/usr/bin")):
        if found and is_reachable(Path(found), account) and is_reachable(ROOT / "manage.py", account):
            return found
    return ""
