"""What stands at the other end: a webhook's receiver that checks signatures by the documentation alone, and a syslog server
that reads by the letter of RFC 5424, RFC 6587 and RFC 5425.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.server
import json
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# RFC 5424 §6, with nothing left out: PRI, VERSION, TIMESTAMP, HOSTNAME, APP-NAME, PROCID, MSGID, STRUCTURED-DATA, MSG.
PRINTABLE = r"[\x21-\x7e]"
SD_NAME = r"[\x21\x23-\x3c\x3e-\x5c\x5e-\x7e]{1,32}"
SYSLOG = re.compile(
    r"<(?P<pri>0|[1-9][0-9]{0,2})>1 "
    r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) "
    rf"(?P<host>{PRINTABLE}{{1,255}}) (?P<app>{PRINTABLE}{{1,48}}) (?P<proc>{PRINTABLE}{{1,128}}) (?P<msgid>{PRINTABLE}{{1,32}}) "
    rf'(?P<data>\[{SD_NAME}(?: {SD_NAME}="(?:[^"\\\]]|\\["\\\]])*")*\]) '
    r"(?P<text>.*)",
    re.DOTALL,
)


LOST = 0


@dataclass
class Arrived:
    """All that came, in its order, and what a receiver that drops what it has seen keeps."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, lines: list[dict[str, Any]]) -> None:
        with self.lock:
            self.lines += lines

    @property
    def kept(self) -> list[dict[str, Any]]:
        return list({line["id"]: line for line in self.lines}.values())

    def events(self) -> list[dict[str, Any]]:
        return [line for line in self.kept if line["kind"] == "event"]

    def heads(self) -> list[dict[str, Any]]:
        return [line for line in self.kept if line["kind"] == "checkpoint"]


@dataclass
class Hook:
    """`answers` says what a request gets: a status, None to break off without a word, LOST to do so with everything taken."""

    url: str
    arrived: Arrived
    requests: list[tuple[dict[str, str], bytes]]
    answers: Callable[[int], int | None]


def always(status: int | None) -> Callable[[int], int | None]:
    return lambda _: status


@contextlib.contextmanager
def webhook(port: int = 0) -> Iterator[Hook]:
    hook = Hook("", Arrived(), [], always(204))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.requests.append((dict(self.headers), body))
            status = hook.answers(len(hook.requests))
            if status is not None and (status == LOST or 200 <= status < 300):
                hook.arrived.take([json.loads(line) for line in body.splitlines()])
            if status is None or status == LOST:
                self.connection.close()
                return
            self.send_response(status)
            if status == 302:
                self.send_header("Location", hook.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        hook.url = f"http://127.0.0.1:{server.server_port}/record"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()


def is_signed(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """As docs/record.md tells a receiver to check it."""
    expected = hmac.new(secret.encode(), headers["Chancery-Timestamp"].encode() + b"." + body, hashlib.sha256)
    return hmac.compare_digest(headers["Chancery-Signature"], "v1=" + expected.hexdigest())


@dataclass
class Log:
    address: str
    arrived: Arrived
    messages: list[re.Match[str]]
    breaks_off: bool = False  # reads a little and hangs up
    never_closes: bool = False
    released: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def syslog(certificate: Path | None = None) -> Iterator[Log]:
    log = Log("", Arrived(), [])
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            line: socket.socket = self.request
            try:
                line = context.wrap_socket(line, server_side=True) if context else line
                if log.breaks_off:
                    line.recv(10)
                    return
                octets = _to_the_end(line)
                for text in frames(octets):
                    found = SYSLOG.fullmatch(text)
                    assert found, text
                    log.messages.append(found)
                    log.arrived.take([json.loads(found["text"])])
                if log.never_closes:
                    log.released.wait(10)
                if isinstance(line, ssl.SSLSocket):
                    line.unwrap()
            except OSError:
                return
            finally:
                line.close()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        scheme, host = ("tls", "localhost") if certificate else ("tcp", "127.0.0.1")
        log.address = f"{scheme}://{host}:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield log
        finally:
            log.released.set()
            server.shutdown()


def _to_the_end(line: socket.socket) -> bytes:
    octets = b""
    while piece := line.recv(65536):
        octets += piece
    return octets


def frames(octets: bytes) -> Iterator[str]:
    """RFC 6587 §3.4.1: the length in octets, a space, the message; nothing between two of them."""
    while octets:
        length, space, rest = octets.partition(b" ")
        assert space == b" "
        assert re.fullmatch(rb"[1-9][0-9]*", length), length
        assert len(rest) >= int(length), "a frame is cut short"
        yield rest[: int(length)].decode("ascii")
        octets = rest[int(length) :]


def certificate(folder: Path) -> Path:
    """A key and a certificate for localhost that signs itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
