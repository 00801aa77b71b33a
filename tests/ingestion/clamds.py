"""A double of ClamAV's daemon, written from `man clamd`, and the daemon itself with one signature of our own."""

from __future__ import annotations

import shutil
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingestion.scanning.clamd import Clamd

# In two halves, so that no scanner takes this file for what it is about.
EICAR = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").encode()
NAME = "Eicar-Test-Signature"
CONFIG = """
Foreground yes
LocalSocket {home}/clamd.ctl
DatabaseDirectory {home}/signatures
TemporaryDirectory {home}
StreamMaxLength 1M
MaxScanSize 10M
MaxFileSize 10M
User {user}
"""


class Double(socketserver.ThreadingTCPServer):
    """`answer` is what it says of clean files; "" hangs up instead, None says nothing at all."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer: bytes | None = b"stream: OK\0", most: int = 1 << 20) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.answer, self.most = answer, most
        self.heard: list[bytes] = []
        self.is_over = threading.Event()

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.server_address[1]}"


class _Session(socketserver.StreamRequestHandler):
    server: Double

    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while length := int.from_bytes(self.rfile.read(4), "big"):
            if len(content) + length > self.server.most:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
            content += self.rfile.read(length)
        self.server.heard.append(content)
        if self.server.answer is None:
            self.server.is_over.wait(30)
        elif EICAR in content:
            self.wfile.write(f"stream: {NAME} FOUND\0".encode())
        else:
            self.wfile.write(self.server.answer)


@contextmanager
def double(answer: bytes | None = b"stream: OK\0", most: int = 1 << 20) -> Iterator[Double]:
    with Double(answer, most) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.is_over.set()
            server.shutdown()


@contextmanager
def real(home: Path) -> Iterator[str]:
    """Its address. Skips where Debian's clamav-daemon is not installed."""
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
    if program is None:
        pytest.skip("clamd is not installed: apt-get install clamav-daemon")
    (home / "signatures").mkdir()
    (home / "signatures" / "local.ndb").write_text(f"{NAME}:0:*:{EICAR.hex()}\n")
    config = home / "clamd.conf"
    config.write_text(CONFIG.format(home=home, user=home.owner()))
    with (home / "log").open("wb") as log:
        daemon = subprocess.Popen([program, "-c", str(config)], stdout=log, stderr=log)
    try:
        until = time.monotonic() + 120
        while not (home / "clamd.ctl").exists():
            assert daemon.poll() is None, (home / "log").read_text()
            assert time.monotonic() < until, (home / "log").read_text()
            time.sleep(0.05)
        yield f"unix://{home}/clamd.ctl"
    finally:
        daemon.terminate()
        daemon.wait(60)


def scanner(address: str, **options: float) -> Clamd:
    return Clamd(address, **{"connect_s": 5.0, "scan_s": 60.0} | options)  # type: ignore[arg-type]
