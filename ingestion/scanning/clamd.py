"""ClamAV's daemon over its INSTREAM command, as `man clamd` has it: the bytes in pieces, each behind its length in four
bytes, an empty piece, and one line back.

The daemon reads no file of ours: it may stand on another machine, under another account.
"""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from governance.errors import Unavailable
from governance.sentence import phrase
from ingestion.scanning.base import Scanner, UnscannableError, Verdict

PORT = 3310
AWAY = phrase("The malware scanner is away.")
TOO_LARGE = phrase("The file is larger than the malware scanner takes.")
TOO_SLOW = phrase("The malware scanner took too long.")
CANNOT = phrase("The malware scanner could not scan the file.")
_PIECE = 1 << 16
_ANSWER_MOST = 4096
_STRANGE = re.compile(r"[^\w.,:;/+() -]")


class Clamd(Scanner):
    """`address` is tcp://host:3310 or unix:///run/clamav/clamd.ctl. `most` is bytes, no more than the daemon's own
    StreamMaxLength; times are seconds, `scan_s` of all that happens after the connection.
    """

    def __init__(self, address: str, most: int = 100 << 20, connect_s: float = 5.0, scan_s: float = 120.0) -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"tcp", "unix"} or not (parts.hostname if parts.scheme == "tcp" else parts.path):
            raise ValueError("the scanner's address must read tcp://host:port or unix:///path")
        self._parts = parts
        self._most = most
        self._connect_s = connect_s
        self._scan_s = scan_s

    def scan(self, path: Path) -> Verdict:
        if path.stat().st_size > self._most:
            raise UnscannableError(TOO_LARGE)
        with self._connected() as line:
            until = time.monotonic() + self._scan_s
            try:
                _send(line, path, until)
                answer = _heard(line, until)
            except TimeoutError:
                raise UnscannableError(TOO_SLOW) from None
        return _verdict(answer)

    def _connected(self) -> socket.socket:
        try:
            if self._parts.scheme == "tcp":
                return socket.create_connection((self._parts.hostname, self._parts.port or PORT), self._connect_s)
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(self._connect_s)
            line.connect(self._parts.path)
        except OSError:
            raise Unavailable(AWAY) from None
        return line


def _send(line: socket.socket, path: Path, until: float) -> None:
    """A daemon that has had enough says so and hangs up: what it said is still to be read."""
    try:
        _give(line, b"zINSTREAM\0", until)
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                _give(line, len(piece).to_bytes(4, "big") + piece, until)
        _give(line, bytes(4), until)
    except (BrokenPipeError, ConnectionResetError):
        return


def _give(line: socket.socket, content: bytes, until: float) -> None:
    line.settimeout(_left(until))
    line.sendall(content)


def _heard(line: socket.socket, until: float) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < _ANSWER_MOST:
        line.settimeout(_left(until))
        more = line.recv(_ANSWER_MOST)
        if not more:
            raise ConnectionResetError("the scanner hung up")  # a fault of its own: tried again, so many times
        said += more
    return said.rstrip(b"\0\n").decode("utf-8", "replace")


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _verdict(answer: str) -> Verdict:
    _, _, said = answer.partition(": ")
    if said == "OK":
        return Verdict()
    if said.endswith(" FOUND"):
        return Verdict(_STRANGE.sub("", said.removesuffix(" FOUND"))[:200] or "unnamed")
    raise UnscannableError(TOO_LARGE if "size limit exceeded" in answer else CANNOT)
