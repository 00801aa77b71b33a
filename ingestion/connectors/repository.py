"""A branch of a Git repository over https: its newest state alone, without the history. dulwich speaks the protocol; what it
asks goes through the guard, and what comes is looked through before it is unpacked.
"""

from __future__ import annotations

import contextlib
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from io import BytesIO
from types import SimpleNamespace
from typing import Any, BinaryIO

from dulwich.client import AbstractHttpGitClient, HTTPUnauthorized
from dulwich.errors import GitProtocolError, NotGitRepository
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.repo import Repo

from governance.sentence import phrase, sentence
from ingestion.connectors import packs, paths, web
from ingestion.connectors.base import (
    KEY_MAX,
    Change,
    Connector,
    Field,
    Ground,
    Item,
    ItemDown,
    ItemRefused,
    Reached,
    SourceDown,
    SourceRefuses,
    too_large,
    too_many,
)
from ingestion.connectors.folder import PATTERNS

DEPTH = 40
LFS = b"version https://git-lfs"
_FAULTS = (
    GitProtocolError,
    NotGitRepository,
    HTTPUnauthorized,
    packs.BadPack,
    OSError,
    ValueError,
    KeyError,
    AssertionError,
)


class _Client(AbstractHttpGitClient):
    """Over our own connections: bounded, pinned to the host, and without the library's own redirects and credentials."""

    def __init__(self, url: str, connections: web.Web, most: int) -> None:
        super().__init__(url, quiet=True)
        self._connections, self._left = connections, most
        self._held = contextlib.ExitStack()

    def _http_request(
        self, url: str, headers: dict[str, str] | None = None, data: Any = None, raise_for_status: bool = True
    ) -> tuple[Any, Callable[[int], bytes]]:
        body = data if data is None or isinstance(data, bytes) else b"".join(data)
        opened = self._connections.open("GET" if body is None else "POST", url, headers=headers or {}, data=body)
        answer = self._held.enter_context(opened)
        web.require(answer)
        pieces, rest = answer.pieces(self._left), BytesIO()

        def read(size: int = -1) -> bytes:
            nonlocal rest
            found = rest.read(size)
            while not found:
                piece = next(pieces, b"")
                if not piece:
                    return b""
                self._left -= len(piece)
                rest = BytesIO(piece)
                found = rest.read(size)
            return found

        told = SimpleNamespace(
            status=answer.status,
            headers=answer.headers,
            content_type=answer.headers.get("Content-Type"),
            redirect_location=answer.url if answer.url != url else "",
            close=lambda: None,
            read=read,
        )
        return told, read

    def done(self) -> None:
        self._held.close()


class Repository(Connector):
    """The key is the path, the mark the blob's hash. As long as the branch stands where it stood, nothing is fetched."""

    fields = (
        Field(
            "url",
            phrase("Address of the repository"),
            "text",
            phrase("Such as https://git.example.org/team/docs.git"),
            True,
        ),
        Field("branch", phrase("Branch"), "text", phrase("Empty for the main one."), most=200),
        Field("user", phrase("User name"), "text", phrase("Empty for a repository that everybody may read."), most=200),
        Field("password", phrase("Access token"), "secret", phrase("One that may read this repository, and no more.")),
        PATTERNS,
    )

    def __init__(self, settings: Any, secrets: Any, ground: Ground) -> None:
        super().__init__(settings, secrets, ground)
        self.url = str(settings.get("url", "")).rstrip("/")
        user = str(settings.get("user", ""))
        password = secrets.get("password", "")
        self.web = web.Web(ground, self.url, (user or "git", password) if user or password else None)
        self._folder = ""
        self._repo: Repo | None = None
        self._commit = ObjectID(b"")

    def changes(self, cursor: str) -> Iterator[Change]:
        with self._mapped():
            head = self._head()
        if head.decode("ascii", "replace") == cursor:
            yield Reached(cursor, is_whole=False)
            return
        self._fetched()
        patterns, found = paths.lines(self.settings.get("patterns")), 0
        for path, blob in self._files():
            if paths.wanted(path, patterns):
                found += 1
                if found > self.ground.items:
                    raise too_many(self.ground.items)
                yield Item(path, paths.last(path), blob.decode("ascii"), folder=paths.parent(path))
        yield Reached(self._commit.decode("ascii"))

    def read(self, item: Item) -> BinaryIO:
        repo = self._fetched()
        with self._mapped():
            listed = ObjectID(item.mark.encode())
            is_there = listed in repo.object_store  # or the branch has gone on since it was listed
            key = listed if is_there else dict(self._files()).get(item.key)
            blob = repo.object_store[key] if key else None
        if not isinstance(blob, Blob):
            raise ItemDown(phrase("It is not there any more."))
        content = blob.as_raw_string()
        if len(content) > self.ground.item_bytes:
            raise too_large(self.ground.item_bytes)
        if content.startswith(LFS):
            raise ItemRefused(phrase("It is kept in Git LFS, which is not read."), phrase("Put the file itself in."))
        return BytesIO(content)

    def probe(self) -> str:
        with self._mapped():
            head = self._head()
        return sentence(
            "The repository can be read. The branch stands at %(commit)s.", commit=head.decode("ascii")[:10]
        )

    def close(self) -> None:
        self.web.close()
        if self._repo is not None:
            self._repo.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _client(self) -> _Client:
        return _Client(self.url, self.web, self.ground.archive_bytes)

    def _head(self) -> ObjectID:
        client = self._client()
        try:
            return self._wanted(client.get_refs(b"").refs)
        finally:
            client.done()

    def _wanted(self, refs: Any) -> ObjectID:
        branch = str(self.settings.get("branch", ""))
        found = refs.get(f"refs/heads/{branch}".encode() if branch else b"HEAD")
        if not isinstance(found, bytes) or len(found) != 40:
            raise SourceRefuses(
                phrase("There is no such branch, or it is empty."), phrase("Write its name as the server does.")
            )
        return ObjectID(found)

    def _wants(self, refs: Any, depth: int | None = None) -> list[ObjectID]:
        return [self._wanted(refs)]

    def _fetched(self) -> Repo:
        if self._repo is None:
            self._folder = tempfile.mkdtemp(prefix="chancery-git-")
            with self._mapped():
                self._repo = self._unpacked(Repo.init_bare(self._folder))
        return self._repo

    def _unpacked(self, repo: Repo) -> Repo:
        client = self._client()
        try:
            with tempfile.TemporaryFile(prefix="chancery-") as pack:
                told = client.fetch_pack(b"", self._wants, repo.get_graph_walker(), pack.write, depth=1)
                self._commit = self._wanted(told.refs)
                pack.seek(0)
                packs.check(pack, max(self.ground.item_bytes, 2**20) * 2, self.ground.archive_bytes * 4)
                pack.seek(0)
                repo.object_store.add_thin_pack(pack.read, None)
        finally:
            client.done()
        return repo

    def _files(self) -> Iterator[tuple[str, ObjectID]]:
        """(path, blob) of regular files: no links, no submodules, nothing hidden."""
        store = self._fetched().object_store
        commit = store[self._commit]
        waiting = [("", commit.tree, DEPTH)] if isinstance(commit, Commit) else []
        while waiting:
            before, key, depth = waiting.pop()
            tree = store[key]
            if not isinstance(tree, Tree):
                continue
            for entry in tree.items():
                path = before + entry.path.decode("utf-8", "surrogateescape")
                if not paths.is_plain(path) or paths.is_hidden(path) or len(path.encode()) > KEY_MAX:
                    continue
                if stat.S_ISDIR(entry.mode) and depth:
                    waiting.append((f"{path}/", entry.sha, depth - 1))
                elif stat.S_ISREG(entry.mode):
                    yield path, entry.sha

    @contextlib.contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except OverflowError:
            raise SourceRefuses(sentence("%(host)s sends more than is fetched.", host=web.host(self.url))) from None
        except packs.BadPack:
            raise SourceRefuses(
                sentence("%(host)s sends a repository that cannot be unpacked here.", host=web.host(self.url)),
                phrase("It may hold files that are larger than the limit."),
            ) from None
        except _FAULTS as fault:
            raise SourceDown(
                sentence(
                    "%(host)s does not answer as a Git server does (%(fault)s).",
                    host=web.host(self.url),
                    fault=type(fault).__name__,
                ),
                phrase("Check the address."),
            ) from None
