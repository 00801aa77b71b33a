"""One place of each kind, on a real server: the same three things can be done to all of them."""

from __future__ import annotations

import contextlib
import imaplib
import os
import ssl
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]

from governance.fetching import Guard
from ingestion import connectors
from ingestion.connectors.base import Connector, Gone, Ground, Item, Reached
from tests.governance.out.receivers import certificate
from tests.ingestion.connectors import servers

LOCAL = ["127.0.0.1", "localhost"]
GUARD = Guard(LOCAL, "Ask the operator.", allows_plain=True)


@dataclass
class Place:
    """`put` takes a path and bytes. `wrong` are secrets that the server refuses. `name` is what a path is called in a list."""

    kind: str
    settings: dict[str, Any]
    put: Callable[[str, bytes], None]
    remove: Callable[[str], None]
    secrets: dict[str, str] = field(default_factory=dict)
    ground: Ground = field(default_factory=lambda: Ground(guard=GUARD))
    wrong: dict[str, str] = field(default_factory=dict)
    changes_in_place: bool = True
    is_outside: bool = True

    def connector(self, **changed: Any) -> Connector:
        settings, secrets = changed.pop("settings", {}), changed.pop("secrets", self.secrets)
        return connectors.connector(self.kind, self.settings | settings, secrets, replace(self.ground, **changed))

    def listed(self, cursor: str = "", **changed: Any) -> tuple[dict[str, Item], list[str], Reached]:
        """Items by name, what is gone, and the end."""
        with self.connector(**changed) as made:
            *before, last = made.changes(cursor)
        assert isinstance(last, Reached)
        items = {one.name or one.key: one for one in before if isinstance(one, Item)}
        return items, [one.key for one in before if isinstance(one, Gone)], last

    def content(self, item: Item, **changed: Any) -> bytes:
        with self.connector(**changed) as made, made.read(item) as file:
            return file.read()


def _of_folder(folder: Path) -> tuple[Callable[[str, bytes], None], Callable[[str], None]]:
    def put(path: str, content: bytes) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        at = time.time_ns() - 10**10 + next(_ticks)  # a clock of whole seconds must see it, too
        os.utime(folder / path, ns=(at, at))

    return put, lambda path: (folder / path).unlink()


def _seconds() -> Iterator[int]:
    at = 0
    while True:
        at += 10**9
        yield at


_ticks = _seconds()


@contextlib.contextmanager
def folder(base: Path) -> Iterator[Place]:
    (base / "share").mkdir()
    put, remove = _of_folder(base / "share")
    ground = Ground(guard=GUARD, folders=[str(base)])
    yield Place("folder", {"path": str(base / "share")}, put, remove, ground=ground, is_outside=False)


@contextlib.contextmanager
def archive(base: Path) -> Iterator[Place]:
    (base / "www").mkdir()
    held: dict[str, bytes] = {}

    def write() -> None:
        with zipfile.ZipFile(base / "www" / "batch.zip", "w") as made:
            for path, content in held.items():
                made.writestr(path, content)

    def put(path: str, content: bytes) -> None:
        held[path] = content
        write()

    def remove(path: str) -> None:
        del held[path]
        write()

    write()
    with servers.static(base / "www") as address:
        yield Place("zip", {"url": f"{address}/batch.zip"}, put, remove)


@contextlib.contextmanager
def bucket(base: Path) -> Iterator[Place]:
    with servers.s3() as address:
        known = {"aws_access_key_id": servers.USER, "aws_secret_access_key": servers.PASSWORD}
        client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **known)
        client.create_bucket(Bucket="papers")
        client.put_object(Bucket="papers", Key="elsewhere/not-ours.txt", Body=b"not ours")

        def put(path: str, content: bytes) -> None:
            client.put_object(Bucket="papers", Key=f"team/{path}", Body=content)

        settings = {"endpoint": address, "bucket": "papers", "prefix": "team/", "access_key": servers.USER}
        yield Place(
            "s3",
            settings,
            put,
            lambda path: client.delete_object(Bucket="papers", Key=f"team/{path}"),
            {"secret_key": servers.PASSWORD},
        )


@contextlib.contextmanager
def webdav(base: Path) -> Iterator[Place]:
    (base / "dav").mkdir()
    put, remove = _of_folder(base / "dav")
    with servers.webdav(base / "dav") as address:
        yield Place(
            "webdav",
            {"url": address, "user": servers.USER},
            put,
            remove,
            {"password": servers.PASSWORD},
            wrong={"password": "wrong-sesame-1174"},
        )


@contextlib.contextmanager
def _mailbox(line: imaplib.IMAP4, port: int, pem: Path, security: str) -> Iterator[Place]:
    """Of a server that is spoken to; its certificate is its own authority."""
    line.login(servers.USER, servers.PASSWORD)
    line.create("Papers")

    def put(path: str, content: bytes) -> None:
        name = path.rpartition("/")[2].removesuffix(".eml")
        mail = f"From: carol@example.org\r\nSubject: {name}\r\n\r\n".encode() + content
        status, said = line.append("Papers", None, None, mail)
        assert status == "OK", said

    def remove(path: str) -> None:
        name = path.rpartition("/")[2].removesuffix(".eml")
        line.select("Papers")
        _, found = line.search(None, "SUBJECT", f'"{name}"')
        line.store(found[0].decode().replace(" ", ","), "+FLAGS", r"(\Deleted)")
        line.expunge()
        line.close()

    yield Place(
        "imap",
        {"host": f"localhost:{port}", "security": security, "user": servers.USER, "folder": "Papers"},
        put,
        remove,
        {"password": servers.PASSWORD},
        Ground(guard=replace(GUARD, ca_file=str(pem))),
        {"password": "wrong-sesame-1174"},
        changes_in_place=False,
    )
    with contextlib.suppress(imaplib.IMAP4.error, OSError):
        line.logout()


@contextlib.contextmanager
def mailbox(base: Path) -> Iterator[Place]:
    pem = certificate(base)
    with servers.imap(pem) as port:
        line = imaplib.IMAP4("localhost", port)
        line.starttls(ssl.create_default_context(cafile=str(pem)))
        with _mailbox(line, port, pem, "starttls") as place:
            yield place


@contextlib.contextmanager
def mailbox_over_tls(base: Path) -> Iterator[Place]:
    """The same with TLS from the first byte on."""
    pem = certificate(base)
    with servers.imap(None) as plain, servers.tls(pem, plain) as port:
        line = imaplib.IMAP4_SSL("localhost", port, ssl_context=ssl.create_default_context(cafile=str(pem)))
        with _mailbox(line, port, pem, "tls") as place:
            yield place


@contextlib.contextmanager
def repository(base: Path) -> Iterator[Place]:
    work = base / "repos" / "papers"
    work.mkdir(parents=True)
    put_file, remove_file = _of_folder(work)

    def put(path: str, content: bytes) -> None:
        put_file(path, content)
        servers.commit(work, f"Put {path}")

    def remove(path: str) -> None:
        remove_file(path)
        servers.commit(work, f"Remove {path}")

    servers.commit(work, "Begin")
    with servers.git(base / "repos") as address:
        yield Place("git", {"url": f"{address}/papers/.git"}, put, remove)


@contextlib.contextmanager
def website(base: Path) -> Iterator[Place]:
    (base / "www").mkdir()
    put_file, remove_file = _of_folder(base / "www")

    def put(path: str, content: bytes) -> None:
        put_file(path, content)
        servers.index(base / "www")

    def remove(path: str) -> None:
        remove_file(path)
        servers.index(base / "www")

    servers.index(base / "www")
    with servers.static(base / "www") as address:
        yield Place("website", {"url": f"{address}/", "per_minute": 6000, "depth": 2}, put, remove)


EVERY: dict[str, Callable[[Path], contextlib.AbstractContextManager[Place]]] = {
    "folder": folder,
    "zip": archive,
    "s3": bucket,
    "webdav": webdav,
    "imap": mailbox,
    "git": repository,
    "website": website,
}
