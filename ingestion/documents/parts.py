"""Documents within documents: what is attached to a mail or packed into an archive stands in the collection by itself.

A part is known by its place: the document it came in, and its path there. So a parse that is repeated makes none twice, and
a new upload of the mail or the archive gives its parts new versions where their bytes have changed.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from django.db.models import Q

from governance.errors import ChanceryError, Conflict, InvalidInput, TooLarge, Unsupported
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion import documents, media_types
from ingestion.documents import binned, files, removal, uploads
from ingestion.line.leases import Claim
from ingestion.models import Document, Version
from ingestion.parsers.base import Part, Skipped

DEEPEST = 3  # an attachment of a mail in an archive in another archive: what that one holds is left out
FAMILY_MOST = 10_000  # documents that may come out of one upload, whatever is packed into what
TOLD_MOST = 50  # failures of parts on the timeline of the document they came in
SKIPPED_MOST = 1_000  # that are kept by name
_PATH_MOST = 500
_FOLDERS_MOST = 16
TOO_DEEP = phrase("It stands too deep: in a document in a document in a document.")
ITSELF = phrase("It is one of the documents that it stands in.")
NO_ROOM = phrase("Your organisation holds as many documents as it may.")
TOO_MANY = phrase("At most %(most)s documents are taken out of one upload.")
TAKEN = phrase("Documents within it: %(taken)s. Left out: %(skipped)s.")
FAILED = phrase("Within it, %(name)s could not be read: %(why)s")
SAYINGS = (TOO_DEEP, ITSELF, NO_ROOM, TOO_MANY, TAKEN, FAILED)


@dataclass(frozen=True)
class _Kept:
    path: str
    place: Path
    sha256: str


@dataclass
class Basket:
    """What a parser hands out, on disk until it is known that the document around it is kept."""

    folder: Path
    kept: list[_Kept] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    _paths: dict[str, int] = field(default_factory=dict)

    def take(self, one: Part | Skipped) -> None:
        if isinstance(one, Skipped):
            self.skipped.append(Skipped(clean_path(one.path) if one.path else "", one.why))
            return
        place = self.folder / str(len(self.kept))
        place.write_bytes(one.content)
        path = self._unlike_any(clean_path(one.path))
        self.kept.append(_Kept(path, place, _digest(one.content)))

    def _unlike_any(self, path: str) -> str:
        """Two attachments may have one name: the second is "name (2)"."""
        wanted = path
        while wanted in self._paths:
            self._paths[path] += 1
            pure = PurePosixPath(path)
            mark = f" ({self._paths[path]})"
            wanted = str(pure.with_name(f"{pure.stem[: media_types.NAME_MAX // 2]}{mark}{pure.suffix}"))
        self._paths[wanted] = 1
        return wanted


@contextmanager
def basket() -> Iterator[Basket]:
    with tempfile.TemporaryDirectory(prefix="chancery-") as folder:
        yield Basket(Path(folder))


def clean_path(path: str) -> str:
    """With its folders, each under a name that can be shown; none leads upwards or begins at a root."""
    pieces = [piece for piece in re.split(r"[/\\]", path) if piece.strip(" .")]
    clean = [media_types.clean_name(piece) for piece in pieces[-_FOLDERS_MOST:]] or [media_types.clean_name("")]
    while len(clean) > 1 and len("/".join(clean)) > _PATH_MOST - media_types.NAME_MAX // 2:
        del clean[0]
    return "/".join(clean)


def shelve(claimed: Claim, found: Basket) -> None:
    """Make each part a document in the collection of the one around it; one that is not taken is told of there.

    Raises LeaseLostError. An upload that is no longer the newest leaves the parts to the newer one.
    """
    if not found.kept and not found.skipped:
        return
    chain = _chain(claimed)
    if chain[0].latest_id != claimed.pk:
        return
    shelf = _Shelf(claimed, chain)
    skipped = list(found.skipped)
    with claimed.held() as row:
        row.stage, row.done, row.total = "parts", 0, len(found.kept)
    for one in found.kept:
        why = shelf.take(one)
        if why:
            skipped.append(Skipped(one.path, why))
    shelf.end(skipped, taken=len(found.kept) + len(found.skipped) - len(skipped))


def drop_unnamed(scope: Scope, version: Version) -> None:
    """Delete the parts that this upload, which readers see from now on, no longer names; in the caller's transaction."""
    gone = list(Document.objects.filter(parent=version.document_id).exclude(named_by=version))
    if not gone:
        return
    with binned.opened(scope):  # what came within them may lie in the bin
        removal.erase(scope, gone)
        for row in gone:
            removal.recorded(scope, row, taken_by="version")


def tell_of_failure(claimed: Claim, why: str) -> None:
    """The document around it says on its timeline that a part of it failed. It has no fault in that."""
    with claimed.scope.transaction():
        part = Document.objects.select_related("parent").filter(latest=claimed.pk).first()
        if part is None or part.parent is None:
            return
        around = Version.objects.select_for_update().filter(pk=part.parent.latest_id).first()
        if around is None or sum(mark["stage"] == "part" for mark in around.timeline) >= TOLD_MOST:
            return
        around.mark("part", sentence(FAILED, name=part.path, why=why))
        around.save(update_fields=["timeline"])


class _Shelf:
    """Where the parts of one upload go, one after another."""

    def __init__(self, claimed: Claim, chain: list[Document]) -> None:
        self._claimed, self._scope = claimed, claimed.scope
        self._depth, self._document = len(chain), chain[0]
        self._around = {one.latest.sha256 for one in chain if one.latest is not None}
        there = documents.room(self._scope)
        self._room = there.limit - there.held
        with self._scope.transaction():
            rows = Document.objects.filter(parent=self._document).select_related("latest")
            self._known = {row.path: row for row in rows}
            self._family = Document.objects.filter(family(chain[-1].pk)).count()
        self._named: list[uuid.UUID] = []
        self._refused = 0

    def take(self, one: _Kept) -> str:
        """Why it is not taken; nothing where it is."""
        known = self._known.get(one.path)
        if known is not None and known.latest is not None and known.latest.sha256 == one.sha256:
            self._named.append(known.pk)
            return ""
        try:
            self._require(one, is_new=known is None)
            self._put(one)
        except (Conflict, InvalidInput, TooLarge, Unsupported) as refusal:
            self._record(one, refusal)
            return refusal.message
        if known is None:
            self._room, self._family = self._room - 1, self._family + 1
        return ""

    def end(self, skipped: list[Skipped], taken: int) -> None:
        with self._claimed.held() as row:
            Document.objects.filter(pk__in=self._named).update(named_by=row)
            row.skipped = [{"path": one.path, "why": one.why} for one in skipped[:SKIPPED_MOST]]
            row.mark("parts", sentence(TAKEN, taken=taken, skipped=len(skipped)))

    def _record(self, one: _Kept, refusal: ChanceryError) -> None:
        """Each of the first; an archive with thousands of files that cannot be read is one event many times over."""
        self._refused += 1
        if self._refused <= TOLD_MOST:
            name, collection = PurePosixPath(one.path).name, self._document.collection_id
            uploads.refuse(self._scope, collection, name, refusal, parent=self._document.pk)

    def _require(self, one: _Kept, *, is_new: bool) -> None:
        hindrances: tuple[tuple[bool, Callable[[], str]], ...] = (
            (self._depth > DEEPEST, lambda: TOO_DEEP),
            (one.sha256 in self._around, lambda: ITSELF),
            (is_new and self._room < 1, lambda: NO_ROOM),
            (is_new and self._family >= FAMILY_MOST, lambda: sentence(TOO_MANY, most=FAMILY_MOST)),
        )
        for hinders, said in hindrances:
            if hinders:
                raise Conflict(said())

    def _put(self, one: _Kept) -> None:
        media_type = media_types.detect(one.place, PurePosixPath(one.path).name)
        with one.place.open("rb") as file:
            stored = files.store(self._scope.tenant, file)
        try:
            with self._claimed.held() as row:
                name, authority = PurePosixPath(one.path).name, self._document.authority
                place = uploads.Place(row.collection_id, name, row, one.path, authority=authority)
                _, is_new = uploads.shelve(self._scope, place, stored, media_type)
                row.done += 1
        except BaseException:
            files.remove(stored.path)
            raise
        if not is_new:
            files.remove(stored.path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _chain(claimed: Claim) -> list[Document]:
    """The document and those around it, the outermost last."""
    with claimed.scope.transaction():
        rows = Document.objects.select_related("latest")
        found = [rows.get(versions=claimed.pk)]
        while (above := found[-1].parent_id) is not None and len(found) <= DEEPEST:
            found.append(rows.get(pk=above))
    return found


def family(root: uuid.UUID) -> Q:
    """All that has come out of a document, whatever is packed into what."""
    above = Q(parent=root)
    for depth in range(1, DEEPEST + 1):
        above |= Q(**{"__".join(["parent"] * (depth + 1)): root})
    return above
