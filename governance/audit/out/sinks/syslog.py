"""As RFC 5424 messages with octet counting, over TLS (RFC 5425) or plain TCP (RFC 6587).

Syslog confirms nothing, and what a dead connection had in its buffers is gone without a word. So each batch has a connection
of its own, whose sending half is closed behind it: a receiver that reads to that end and closes in turn has read everything.
rsyslog and syslog-ng do so. One that breaks off, or does not close in time, gets the batch again.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
import uuid
from collections.abc import Sequence
from urllib.parse import urlsplit

from governance.audit.out.sinks.base import Line, Sink, SinkDown
from governance.fetching import SECONDS, Guard, Unreachable

PORTS = {"tls": 6514, "tcp": 601}
SECONDS_IN_ALL = 20.0
FACILITY = 13  # log audit
ENTERPRISE = 32473  # kept for examples by RFC 5612: a number of our own there is not


class Syslog(Sink):
    """`address` reads tls://host:port or tcp://host:port."""

    def __init__(self, address: str, guard: Guard) -> None:
        parts = urlsplit(address)
        self.is_secret = parts.scheme == "tls"
        self.host, self.port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
        self.guard = guard
        self.name = _name(socket.gethostname())

    def send(self, tenant: uuid.UUID, batch: Sequence[Line]) -> None:
        octets = b"".join(framed(message(line, tenant, self.name)) for line in batch)
        until = time.monotonic() + SECONDS_IN_ALL
        try:
            with self._connected() as line:
                _write(line, octets, until)
                _await_end(line, until)
        except Unreachable as fault:
            raise SinkDown(str(fault)) from fault
        except (OSError, ValueError) as fault:  # ssl's own errors are among them
            raise SinkDown(f"{self.host} did not take it: {type(fault).__name__} {fault}"[:400]) from fault

    def _connected(self) -> socket.socket:
        plain = self.guard.connect(self.host, self.port)
        plain.settimeout(SECONDS)
        if not self.is_secret:
            return plain
        context = ssl.create_default_context(cafile=self.guard.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            return context.wrap_socket(plain, server_hostname=self.host)
        except (OSError, ValueError):
            plain.close()
            raise


def operators_own(address: str, ca_file: str = "") -> Syslog:
    """To an address from the settings: whoever wrote it may reach every host from here anyway."""
    return Syslog(address, Guard(internal=None, ca_file=ca_file))


def message(line: Line, tenant: uuid.UUID, host: str) -> bytes:
    """Without a byte order mark: the text is ASCII."""
    at = line.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    data = f'[chancery@{ENTERPRISE} id="{line.id}" tenant="{tenant}" index="{line.index}"]'
    return f"<{FACILITY * 8 + line.severity}>1 {at} {host} chancery - {_name(line.action)[:32]} {data} {line.text}".encode()


def framed(octets: bytes) -> bytes:
    return f"{len(octets)} ".encode() + octets


def _name(text: str) -> str:
    return re.sub(r"[^\x21-\x7e]", "-", text)[:255] or "-"


def _write(line: socket.socket, octets: bytes, until: float) -> None:
    for start in range(0, len(octets), 65536):
        if time.monotonic() > until:
            raise TimeoutError("the receiver reads too slowly")
        line.sendall(octets[start : start + 65536])


def _await_end(line: socket.socket, until: float) -> None:
    """Say that this was all, and see the other side close. Raises OSError where it breaks off or does neither."""
    if isinstance(line, ssl.SSLSocket):
        # The other side answers the farewell, or closes without one: both mean that it has read to the end.
        with contextlib.suppress(ssl.SSLEOFError, ssl.SSLZeroReturnError):
            line.unwrap().close()
        return
    line.shutdown(socket.SHUT_WR)
    while line.recv(4096):
        if time.monotonic() > until:
            raise TimeoutError("the receiver does not close")
