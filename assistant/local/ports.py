"""Loopback ports: chosen free on first start, and kept while they stay free."""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

# Below the range from which Linux takes the ports of outgoing connections, so that none of those is in the way.
LOWEST, HIGHEST = 15_000, 32_000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that lingers after its end does not occupy the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def choose(home: Path, name: str) -> int:
    """The port of `name`: that of the last start if it is free, else a new one, remembered in `home`/ports.json."""
    book = home / "ports.json"
    known: dict[str, int] = _read(book)
    port = known.get(name)
    if port is None or not is_free(port):
        port = _find(taken=set(known.values()))
        draft = book.with_name(f".{book.name}.new")
        draft.write_text(json.dumps(known | {name: port}), encoding="ascii")
        draft.replace(book)
    return port


def _read(book: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads(book.read_text(encoding="ascii")).items()}
    except (FileNotFoundError, ValueError):
        return {}


def _find(taken: set[int]) -> int:
    for _ in range(1000):
        port = random.randint(LOWEST, HIGHEST)  # noqa: S311  which port it is, is no secret
        if port not in taken and is_free(port):
            return port
    raise OSError("no free port between 15000 and 32000 on 127.0.0.1")
