"""Postgres and Valkey for the tests: kept in ./var/test between runs, shared by all that run at the same time.

The first session starts them, the last one to leave stops them. Workers of pytest-xdist inherit the addresses.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.local import marks, postgres, secrets, valkey
from assistant.local.child import Child
from assistant.local.secrets import Secrets

HOME = Path(__file__).resolve().parents[2] / "var" / "test"
VARIABLE = "CHANCERY_TEST_SERVICES"


@dataclass(frozen=True)
class Services:
    """`valkey_url` ends before the /NUMBER of a database, of which there are 128."""

    home: str
    superuser_url: str
    valkey_url: str

    @property
    def secrets(self) -> Secrets:
        """The passwords of the roles, for roles.prepare and for the app's own connection."""
        return secrets.load(Path(self.home))


def services(home: Path = HOME, *, durable: bool = False) -> Services:
    """Both running, until this process ends. A child process is given those of its parent.

    Tests need nothing to outlive the machine's power; a bench of what is written does, in a `home` of its own.
    """
    inherited = os.environ.get(VARIABLE)
    if inherited:
        return Services(**json.loads(inherited))
    home.mkdir(parents=True, exist_ok=True)
    users = (home / "users").open("w")
    with _gate(home):
        found = _running(home) or _start(home, durable=durable)
        fcntl.flock(users, fcntl.LOCK_SH)
    os.environ[VARIABLE] = json.dumps(asdict(found))
    atexit.register(_leave, home, users.fileno(), os.getpid())
    _open_files.append(users)
    return found


_open_files: list[object] = []  # the lock is held as long as the file is open


def _leave(home: Path, users: int, pid: int) -> None:
    if os.getpid() != pid:  # a fork of the session inherits its exit functions, but not its duty
        return
    with _gate(home):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        stop(home)


def stop(home: Path) -> None:
    for name, order, last in (
        ("valkey", signal.SIGTERM, signal.SIGKILL),
        ("postgres", signal.SIGINT, signal.SIGQUIT),
    ):
        mark = marks.read(home / "run" / f"{name}.pid")
        if mark:
            marks.end(mark, order, 15.0, last)


@contextlib.contextmanager
def _gate(home: Path) -> Iterator[None]:
    with (home / "gate").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _running(home: Path) -> Services | None:
    """Those of another session, if both are alive and answer."""
    try:
        found = Services(**json.loads((home / "services.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    alive = all(
        (mark := marks.read(home / "run" / f"{name}.pid")) and marks.is_alive(mark) for name in ("postgres", "valkey")
    )
    usable = alive and postgres.is_ready(found.superuser_url) and valkey.is_ready(f"{found.valkey_url}/0")
    return found if usable else None


def _start(home: Path, *, durable: bool) -> Services:
    stop(home)
    known = secrets.load(home)
    if not _is_of_this_version(home):
        shutil.rmtree((home / "postgres").resolve(), ignore_errors=True)
    # Not leashed to this session: others may use them after it has ended.
    database, _postgres = postgres.start(home, known, durable=durable, leashed=False)
    broker, _valkey = valkey.start(home, known, durable=durable, leashed=False)
    _children.extend((_postgres, _valkey))
    found = Services(str(home), database.superuser_url(), broker.url(0).removesuffix("/0"))
    draft = home / "services.json.new"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(found)), encoding="utf-8")
    draft.replace(home / "services.json")
    return found


_children: list[Child] = []  # kept from the garbage collector, which would complain of children still running


def _is_of_this_version(home: Path) -> bool:
    stamp = home / "postgres" / "PG_VERSION"
    return not stamp.exists() or stamp.read_text(encoding="ascii").strip() == "18"
