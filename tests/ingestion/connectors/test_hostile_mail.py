"""A mail server that never ends, says too much at once, or speaks no TLS."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ingestion import connectors
from tests.ingestion.connectors.hostile import (
    FAULTS,
    SECRETS,
    SHORT,
)

pytestmark = pytest.mark.usefixtures("bounded")


@contextlib.contextmanager
def mail_server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                answer(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def endless(line: socket.socket) -> None:
    line.sendall(b"* OK ready\r\n")
    while True:
        line.sendall(b"* 1 EXISTS\r\n" * 1000)


def one_long_line(line: socket.socket) -> None:
    while True:
        line.sendall(b"* OK " + b"x" * 100_000)


def slow_line(line: socket.socket) -> None:
    while True:
        line.sendall(b"x")
        time.sleep(0.2)


def huge_literal(line: socket.socket) -> None:
    line.sendall(b"* OK ready\r\n")
    line.recv(100)
    line.sendall(b"* CAPABILITY {9999999999}\r\n")
    while True:
        line.sendall(b"x" * 100_000)


def no_tls(line: socket.socket) -> None:
    """Would have the password in clear."""
    line.sendall(b"* OK ready\r\n")
    while asked := line.recv(1000):
        assert b"open-sesame" not in asked
        line.sendall(b"* CAPABILITY IMAP4rev1\r\n" + asked.split()[0] + b" OK done\r\n")


@pytest.mark.parametrize(
    "answer",
    [endless, one_long_line, slow_line, huge_literal, no_tls, lambda line: line.close()],
    ids=["endless", "long line", "slow line", "huge literal", "no TLS", "closes"],
)
def test_a_hostile_mail_server_ends_in_a_fault(answer: Callable[[socket.socket], None]) -> None:
    with mail_server(answer) as port:
        settings = {"host": f"127.0.0.1:{port}", "security": "starttls", "user": "carol"}
        with connectors.connector("imap", settings, SECRETS, SHORT) as place, pytest.raises(FAULTS) as fault:
            list(place.changes(""))
    assert "open-sesame" not in str(fault.value)
