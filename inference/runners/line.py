"""One HTTP exchange that another thread can cut, also before the first byte of its answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from typing import Any

_CONNECTED = {"connection.connect_tcp.complete", "connection.start_tls.complete"}


class Line:
    """Learns its socket from httpx's trace.

    Closing an httpx client does not wake a thread that waits for headers, and a model sends none while it reads the
    prompt. Shutting the socket down does, and tells the server at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    def trace(self, event: str, seen: Mapping[str, Any]) -> None:
        """Goes into a request as `extensions={"trace": line.trace}`."""
        if event not in _CONNECTED:
            return
        found = seen["return_value"].get_extra_info("socket")
        with self._lock:
            self._sockets.append(found)
            if self._is_cut:
                _shut(found)

    def cut(self) -> None:
        """Shut the connection down, now or as soon as there is one. May be called twice, from any thread."""
        with self._lock:
            self._is_cut = True
            for found in self._sockets:
                _shut(found)


def _shut(found: socket.socket) -> None:
    # The plain method: TLS's own would take its state from under the thread that reads. Closed already is as good.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(found, socket.SHUT_RDWR)
