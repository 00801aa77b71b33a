"""Homes for the tests of the embedded stack, and programs that run in them."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from assistant.local.child import Process

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


def python(code: str, *args: str) -> subprocess.Popen[str]:
    """Another Python process of this project, whose output is read."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *args],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def as_nobody(task: Callable[[Connection], None]) -> Any:
    """What `task` sends, run by an ordinary user in a fork of this process: root's own Python may be closed to others.

    EOFError when it failed; its traceback is on standard error.
    """
    nobody = pwd.getpwnam("nobody")
    socket.getaddrinfo("localhost", 80)  # loads what a fork that has lost its rights could not read any more
    theirs, ours = multiprocessing.Pipe()

    def run() -> None:
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
        theirs.send(None)  # from here on it is an ordinary user
        task(theirs)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    theirs.close()
    try:
        ours.recv()
        return ours.recv()
    finally:
        process.join(60)
        if process.is_alive():
            process.kill()
