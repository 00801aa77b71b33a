"""A folder of an IMAP mailbox, over TLS or STARTTLS. Each mail is an EML; it is looked at without being marked as read."""

from __future__ import annotations

import base64
import contextlib
import email.header
import imaplib
import io
import re
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, cast

from governance.fetching import Guard, Unreachable
from governance.sentence import phrase, sentence
from ingestion.connectors.base import (
    Change,
    Connector,
    Field,
    Ground,
    Item,
    ItemDown,
    Reached,
    SourceDown,
    SourceRefuses,
    too_large,
    too_many,
)
from ingestion.connectors.web import CREDENTIALS

PORTS = {"tls": 993, "starttls": 143}
AT_ONCE = 200
SUBJECT_MAX = 120
LINE_MAX = 4 * 2**20  # 500,000 numbers of mails
HEADERS_MAX = 256 * 1024
SECONDS_BETWEEN = 20.0
PIECE = 64 * 1024
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,12})\b")
_FAULTS = (imaplib.IMAP4.error, OSError, EOFError, ValueError)


class _TooMuch(Exception):
    """The server announces more than is read."""


class _Line(imaplib.IMAP4):
    """Connected through the guard. Every read is bounded in size, and all of them together in time."""

    def __init__(self, guard: Guard, host: str, port: int, tls: ssl.SSLContext | None, seconds: float) -> None:
        self.guard, self.tls, self.until, self.literal_max = guard, tls, time.monotonic() + seconds, HEADERS_MAX
        super().__init__(host, port)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        made = self.guard.connect(self.host, self.port)
        made.settimeout(SECONDS_BETWEEN)
        if self.tls is None:
            return made
        try:
            return self.tls.wrap_socket(made, server_hostname=self.host)
        except BaseException:
            made.close()
            raise

    def read(self, size: int) -> bytes:
        if size > self.literal_max:
            raise _TooMuch
        found = bytearray()
        while len(found) < size:
            self._require_time()
            piece = self._reader.read1(min(PIECE, size - len(found)))
            if not piece:
                raise EOFError
            found += piece
        return bytes(found)

    def readline(self) -> bytes:
        """A reader's own would wait for the end of the line, however slowly it comes."""
        found = bytearray()
        while not found.endswith(b"\n"):
            self._require_time()
            ready = self._reader.peek(1)
            if not ready:
                break
            found += self._reader.read1(ready.find(b"\n") + 1 or len(ready))
            if len(found) > LINE_MAX:
                raise _TooMuch
        return bytes(found)

    @property
    def _reader(self) -> io.BufferedReader:
        return cast("io.BufferedReader", self.file)

    def _require_time(self) -> None:
        if time.monotonic() > self.until:
            raise TimeoutError


class Mailbox(Connector):
    """A mail never changes, so that its key is its mark: the number that the server gave it, in this life of the folder."""

    fields = (
        Field(
            "host",
            phrase("Server"),
            "text",
            phrase("Such as imap.example.org, or imap.example.org:993"),
            True,
            most=250,
        ),
        Field(
            "security",
            phrase("Connection"),
            "choice",
            default="tls",
            choices=(("tls", phrase("TLS")), ("starttls", phrase("STARTTLS"))),
        ),
        Field("user", phrase("User name"), required=True, most=200),
        Field("password", phrase("Password"), "secret", phrase("An app password, where the server has those."), True),
        Field("folder", phrase("Folder"), "text", phrase("Such as INBOX or Archive/2026"), default="INBOX", most=250),
    )

    def __init__(self, settings: Any, secrets: Any, ground: Ground) -> None:
        super().__init__(settings, secrets, ground)
        host, _, port = str(settings.get("host", "")).strip().partition(":")
        self.is_tls = settings.get("security") != "starttls"
        self.host = host
        self.port = int(port) if port.isascii() and port.isdigit() else PORTS["tls" if self.is_tls else "starttls"]
        self._line: _Line | None = None
        self._life = ""

    def changes(self, cursor: str) -> Iterator[Change]:
        line = self._selected()
        with self._mapped():
            numbers = sorted(int(one) for one in _answered(line.uid("SEARCH", "ALL"))[0].split())
        if len(numbers) > self.ground.items:
            raise too_many(self.ground.items)
        life, _, last = cursor.partition(":")
        known = int(last) if life == self._life and last.isascii() and last.isdigit() else 0
        for number in numbers:
            if number <= known:
                yield Item(key := f"{self._life}:{number}", "", key)
        new = [number for number in numbers if number > known]
        for start in range(0, len(new), AT_ONCE):
            yield from self._looked_at(line, new[start : start + AT_ONCE])
        yield Reached(f"{self._life}:{numbers[-1] if numbers else known}")

    def read(self, item: Item) -> BinaryIO:
        life, _, number = item.key.partition(":")
        line = self._selected()
        if life != self._life:
            raise ItemDown(phrase("The folder has been made anew since."))
        line.until, line.literal_max = time.monotonic() + self.ground.item_seconds, self.ground.item_bytes
        with self._mapped():
            try:
                parts = _answered(line.uid("FETCH", number, "(BODY.PEEK[])"))
            except _TooMuch:
                self.close()  # what it goes on to send is no answer to anything
                raise too_large(self.ground.item_bytes) from None
        for part in parts:
            if isinstance(part, tuple):
                return io.BytesIO(part[1])
        raise ItemDown(phrase("It is not there any more."))

    def probe(self) -> str:
        line = self._selected()
        with self._mapped():
            number = len(_answered(line.uid("SEARCH", "ALL"))[0].split())
        return sentence("The folder can be read. It holds %(number)s mails.", number=number)

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(*_FAULTS, _TooMuch):
                line.until = time.monotonic() + 2
                line.logout()
            with contextlib.suppress(*_FAULTS):
                line.shutdown()

    def _selected(self) -> _Line:
        if self._line is None:
            self._line = self._connected()
            with self._mapped():
                folder = str(self.settings.get("folder") or "INBOX")
                status, _ = self._line.select(f'"{_utf7(folder)}"', readonly=True)
            if status != "OK":
                raise SourceRefuses(phrase("There is no such folder."), phrase("Write its name as the server does."))
            self._life = (self._line.response("UIDVALIDITY")[1] or [b""])[0].decode("ascii", "ignore")[:20]
        return self._line

    def _connected(self) -> _Line:
        context = ssl.create_default_context(cafile=self.ground.guard.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            with self._mapped():
                first = context if self.is_tls else None
                line = _Line(self.ground.guard, self.host, self.port, first, self.ground.list_seconds)
        except Unreachable as why:
            raise SourceDown(why.args[0]) from why
        with self._mapped():
            if not self.is_tls:
                line.starttls(context)
        self._line = line
        try:
            _sign_in(line, str(self.settings.get("user", "")), self.secrets.get("password", ""))
        except (imaplib.IMAP4.abort, OSError, EOFError) as fault:
            raise self._down(fault) from None
        except (imaplib.IMAP4.error, ValueError):
            raise SourceRefuses(phrase("The server refuses the name or the password."), CREDENTIALS) from None
        return line

    def _looked_at(self, line: _Line, numbers: Sequence[int]) -> Iterator[Item]:
        asked = "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])"
        with self._mapped():
            parts = _answered(line.uid("FETCH", ",".join(map(str, numbers)), asked))
        line.untagged_responses.clear()
        told: dict[int, tuple[str, int | None]] = {}
        for at, part in enumerate(parts):
            if isinstance(part, tuple):
                after = parts[at + 1] if at + 1 < len(parts) and isinstance(parts[at + 1], bytes) else b""
                said = part[0] + b" " + after
                uid, size = _UID.search(said), _SIZE.search(said)
                if uid:
                    told[int(uid[1])] = (_subject(part[1]), int(size[1]) if size else None)
        for number in numbers:
            if number in told:  # or it went meanwhile
                yield self._item(number, *told[number])

    def _item(self, number: int, subject: str, size: int | None) -> Item:
        key = f"{self._life}:{number}"
        return Item(key, f"{subject or number}.eml", key, size, folder=str(number))

    @contextlib.contextmanager
    def _mapped(self) -> Iterator[None]:
        """What the server says in an error may be what it was sent: only the kind of fault passes."""
        try:
            yield
        except Unreachable:
            raise
        except _TooMuch:
            raise SourceRefuses(sentence("%(host)s answers with more than can be read.", host=self.host)) from None
        except _FAULTS as fault:
            raise self._down(fault) from None

    def _down(self, fault: BaseException) -> SourceDown:
        return SourceDown(
            sentence(
                "%(host)s does not answer (%(fault)s).", host=self.host or "The server", fault=type(fault).__name__
            ),
            phrase("It is tried again by itself. If it stays so, check the address."),
        )


def _sign_in(line: _Line, user: str, password: str) -> None:
    if "AUTH=PLAIN" in line.capabilities:
        line.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
    else:
        line.login(user, password)


def _answered(reply: tuple[str, list[Any]]) -> list[Any]:
    status, parts = reply
    if status != "OK":
        raise imaplib.IMAP4.error
    return [part for part in parts if part is not None] or [b""]


def _subject(header: bytes) -> str:
    """The words of a subject as a name: no folders, no controls."""
    text = re.sub(r"\r?\n[ \t]", " ", header.decode("utf-8", "replace")).strip().partition(":")[2]
    with contextlib.suppress(ValueError, LookupError, email.errors.HeaderParseError):
        text = str(email.header.make_header(email.header.decode_header(text.strip())))
    return " ".join(re.sub(r"[/\\\x00-\x1f]", " ", text).split())[:SUBJECT_MAX].strip(" .")


def _utf7(name: str) -> str:
    """A folder's name as IMAP writes it (RFC 3501 §5.1.3)."""

    def packed(found: re.Match[str]) -> str:
        coded = base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
        return f"&{coded}-"

    quoted = re.sub(r"[^\x20-\x7e]+", packed, name.replace("&", "&-"))
    return quoted.replace("\\", "\\\\").replace('"', '\\"')
