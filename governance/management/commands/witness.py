"""manage.py witness: the process that remembers what the sealer signed, outside the database, and cosigns what follows."""

from __future__ import annotations

import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.audit.tree import heads, notes
from governance.audit.tree.verifier import Verifier
from governance.audit.tree.witnessing import (
    LONGEST,
    ConflictError,
    InconsistentError,
    MalformedError,
    Memory,
    NotSignedError,
    UnknownLogError,
    Witness,
)

NAME = "chancery-witness"
PINNED = "log.pub"
STATUS: dict[type[Exception], int] = {
    MalformedError: 400,
    NotSignedError: 403,
    UnknownLogError: 404,
    InconsistentError: 422,
}


class Command(BaseCommand):
    help = (
        "Cosign the record's heads: C2SP tlog-witness at POST /add-checkpoint. CHANCERY_WITNESS_HOME is its own folder, with "
        "its key, the log's key as it first saw it, and the last head of each log. Keep it on another machine where you can."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8802)

    def handle(self, *args: Any, **options: Any) -> None:
        home = Path(settings.WITNESS_HOME)
        try:
            signer = notes.load(home / "key", NAME, is_witness=True)
            heads.publish(heads.WITNESS, signer.verifier)
            server = serve(home, signer, (options["host"], options["port"]))
        except (OSError, ValueError) as fault:
            raise CommandError(f"The witness cannot start: {fault}") from None
        # Asked from a thread of its own: `shutdown` waits for the loop that the signal has interrupted.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever()
        server.server_close()


def serve(home: Path, signer: notes.Signer, address: tuple[str, int]) -> ThreadingHTTPServer:
    return ThreadingHTTPServer(address, type("Bound", (Handler,), {"watch": Watch(home, signer)}))


class Watch:
    """The witness, once the log's key is known: it is pinned at first sight, and another one is never taken for it."""

    def __init__(self, home: Path, signer: notes.Signer) -> None:
        self.home, self.signer = home, signer
        self._witness: Witness | None = None
        self._lock = threading.Lock()

    def add(self, text: str) -> str:
        with self._lock:
            self._witness = self._witness or self._first()
        return self._witness.add(text)

    def _first(self) -> Witness:
        pinned = self.home / PINNED
        if not pinned.exists():
            seen = settings.RECORD_KEYS / heads.SEALER
            if not seen.exists():
                raise UnknownLogError("the log's key is not known yet")
            pinned.write_bytes(seen.read_bytes())
        log = Verifier.parse(pinned.read_text(encoding="ascii"))
        return Witness(self.signer, Memory(self.home / "heads"), settings.RECORD_ORIGIN, log)


class Handler(BaseHTTPRequestHandler):
    watch: Watch
    timeout = 10
    server_version = "chancery-witness"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(*((200, "ok\n") if self.path == "/health" else (404, "there is nothing here\n")))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/add-checkpoint":
            self._answer(404, "there is nothing here\n")
        elif not length.isdigit() or int(length) > LONGEST:
            self._answer(400, f"a request has at most {LONGEST} bytes and says how many\n")
        else:
            self._cosign(self.rfile.read(int(length)))

    def _cosign(self, body: bytes) -> None:
        try:
            self._answer(200, self.watch.add(body.decode()))
        except ConflictError as conflict:
            self._answer(409, f"{conflict.size}\n", "text/x.tlog.size")
        except tuple(STATUS) as fault:
            self._answer(STATUS[type(fault)], f"{fault}\n")
        except UnicodeDecodeError:
            self._answer(400, "a request is UTF-8\n")
        except (OSError, ValueError) as fault:
            self._answer(500, f"the memory cannot be used: {fault}\n")

    def _answer(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line a head would be one every ten seconds for ever."""
