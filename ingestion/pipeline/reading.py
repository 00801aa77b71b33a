"""Parse, chunk, and ask the policy: from the bytes as uploaded to chunks that stand in their table."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from django.utils import timezone

from governance.leases import LeaseLostError
from governance.policy import enforcement, engine, versions
from governance.policy.engine import Verdict
from governance.policy.rules import Action, Policy, Stage
from governance.sentence import phrase
from ingestion import cutting, indexes, orders
from ingestion.cutting import chunking
from ingestion.documents import files, labelled, parts
from ingestion.indexes import windows
from ingestion.line.leases import Claim
from ingestion.models import Chunk, Document, Status, Version
from ingestion.parsers import dates, flags
from ingestion.parsers.base import Parsed, ParseFailed
from ingestion.parsers.limited import sandbox
from ingestion.pipeline import ending, indexing, marks, recognition, screening

_KEPT_BACK = phrase("A policy rule keeps this document back.")
_MEND = phrase(
    "Remove what the policy names and upload the document again, or ask whoever runs the collection to release it."
)

NO_TEXT = phrase("There is no text in this document.")


# Characters. What is not longer has been cut and judged before anybody would see that either has begun: their marks are put
# with its passages, and a transaction is spared.
SHORT = 100_000


@dataclass(frozen=True)
class Read:
    """What stands in the table now, and the indexes that it goes into, the live one first."""

    chunks: list[Chunk]
    written: list[str]


@dataclass(frozen=True)
class _Cut:
    """`key` says how, and `written` for which indexes. `began` is when, where its mark is still to be put."""

    began: str | None
    key: str
    pieces: list[chunking.Piece]
    written: list[str]


@dataclass(frozen=True)
class _Judged:
    """`began` is when, for the timeline. `kept` says why the document is kept back, where it is."""

    began: str
    verdict: Verdict
    kept: ending.Why | None


def read(claimed: Claim, row: Version) -> Read | None:
    """None where the policy keeps the document back: its version has ended then."""
    if not files.exists(row.path):
        raise ParseFailed("file_gone", "The file is no longer in storage.", phrase("Upload the document again."))
    with files.on_disk(row.path) as path, parts.basket() as basket:
        screening.screen(claimed, path)
        parsed = sandbox.run(path, row.media_type, on_progress=marks.progress(claimed), on_part=basket.take)
        if parsed.unread:
            known = recognition.read(claimed, row, path, parsed.unread)
            parsed = sandbox.run(path, row.media_type, recognised=known)
        is_short = _characters(parsed) <= SHORT and not basket.kept and not basket.skipped
        began = timezone.now().isoformat() if is_short else None
        with claimed.scope.transaction() if is_short else marks.begun(claimed, "chunk", _note(parsed), _told(parsed)):
            if not parsed.title:
                parsed = replace(parsed, title=_title(row))
            wanted = cutting.of_collection(claimed.scope, row.collection_id)
            written = indexes.written(claimed.scope)
            policy = versions.in_force(claimed.scope)
        indexing.require_house(claimed, written)  # a server outside would be sent the text to count it
        count, window = windows.scale(written)
        pieces = chunking.chunk(parsed, count, window=window, **wanted.within(window))
        if not pieces:
            raise ParseFailed("no_text", NO_TEXT, phrase("Check that it is the file you meant to upload."))
        if not is_short:
            marks.begin(claimed, "policy", before=_sizes(pieces))
        judged = _judge(claimed, row, pieces, policy, len(basket.kept))
        if judged.kept is None:
            # Before its passages are kept, which says that it has been read: an ingest that is killed here reads it again.
            parts.shelve(claimed, basket)
    texts = [(piece.text, "\n".join((parsed.title, *piece.heading_path))) for piece in pieces]
    found = orders.weigh(policy, row.collection_id, texts)
    chunks = _keep(claimed, parsed, _Cut(began, wanted.key, pieces, written), found, judged)
    if judged.kept is not None:
        parts.tell_of_failure(claimed, judged.kept.message)
        return None
    return Read(chunks, written)


def _told(parsed: Parsed) -> dict[str, Any]:
    """`confidence` is that of text recognition: of the pages it has read the mean and the least."""
    told: dict[str, Any] = {"characters": _characters(parsed)}
    if parsed.pages:
        told["pages"] = parsed.pages
    places = [section.locator for section in parsed.sections]
    by_page = {place.page: place.confidence for place in places if place.confidence is not None}
    if by_page:
        sure = list(by_page.values())
        told["confidence"] = {"pages": len(sure), "mean": round(sum(sure) / len(sure), 3), "least": min(sure)}
    return told


def _characters(parsed: Parsed) -> int:
    return sum(len(section.text) for section in parsed.sections)


def _note(parsed: Parsed) -> str:
    return " ".join(parsed.warnings)


def _sizes(pieces: list[chunking.Piece]) -> dict[str, int]:
    """In characters."""
    sizes = [len(piece.text) for piece in pieces]
    return {
        "chunks": len(sizes),
        "shortest": min(sizes),
        "middle": sorted(sizes)[len(sizes) // 2],
        "longest": max(sizes),
    }


def _title(row: Version) -> str:
    """The title is embedded with every chunk: a file without one is known by its name. In the caller's transaction."""
    name = Document.objects.filter(pk=row.document_id).values_list("name", flat=True).first()
    if name is None:
        raise LeaseLostError  # it was deleted meanwhile, and its versions with it
    return PurePath(name).stem


def _judge(claimed: Claim, row: Version, pieces: list[chunking.Piece], policy: Policy, within: int) -> _Judged:
    """A flag is only noted. A rule that would redact keeps the document back as one that blocks: half is not shown.

    `within` is how many documents came in it.
    """
    began = timezone.now().isoformat()
    place = enforcement.place(claimed.scope, [row.collection_id], _ranks(claimed, row))
    verdict = engine.check(policy, Stage.UPLOAD, chunking.joined(piece.text for piece in pieces), place)
    is_kept_back = verdict.action >= Action.REDACT and not row.is_released
    return _Judged(began, verdict, _kept_back(verdict, within) if is_kept_back else None)


def _ranks(claimed: Claim, row: Version) -> frozenset[int]:
    with claimed.scope.transaction():
        return frozenset(one.rank for one in labelled.marks(claimed.scope, [row.document_id]).values())


def _kept_back(verdict: Verdict, within: int) -> ending.Why:
    """`within` is how many documents came in it: they wait for its release, and it is read once more then."""
    rules = [one.rule for one in verdict.decisions if one.action >= Action.REDACT]
    told = {"rules": rules} | ({"within": within} if within else {})
    return ending.Why("policy", verdict.message or _KEPT_BACK, _MEND, told)


def _keep(
    claimed: Claim,
    parsed: Parsed,
    cut: _Cut,
    found: list[orders.Found],
    judged: _Judged,
) -> list[Chunk]:
    """In one transaction, and with it what the policy says of them: a worker that dies leaves none that goes on alone."""
    kept, pieces = judged.kept, cut.pieces
    with claimed.held() as row:
        if cut.began is not None:
            row.tell(**_told(parsed))
            marks.put(row, "chunk", note=_note(parsed), at=cut.began)
            row.tell(**_sizes(pieces))
            marks.put(row, "policy", at=judged.began)
        enforcement.note(
            claimed.scope, judged.verdict, interaction=row.pk, stage=Stage.UPLOAD, subject_id=row.document_id
        )
        ending.forget(claimed.scope, row)  # what an attempt before left
        chunks = [_chunk(row, piece, one) for piece, one in zip(pieces, found, strict=True)]
        for chunk in chunks:
            chunk.is_kept_back = kept is not None
        Chunk.objects.bulk_create(chunks, batch_size=500)
        told = {chunk.id: one for chunk, one in zip(chunks, found, strict=True)}
        if note := orders.record(claimed.scope, row.document_id, row.pk, told):
            row.mark("orders", note)
        row.chunks, row.pages, row.title, row.cut = len(pieces), parsed.pages, parsed.title[:500], cut.key
        if parsed.pages:
            recognition.forget(row)
        row.dated = dates.believed(parsed.dated, row.created_at) or row.dated
        row.flags = list(parsed.flags)
        for said in flags.told(parsed.flags):
            row.mark("flags", said)
        if kept is not None:
            ending.close(claimed, row, Status.QUARANTINED, kept)
        elif indexing.goes_at_once(row, len(chunks), cut.written):
            marks.put(row, "embed", len(chunks))
        return chunks


def _chunk(row: Version, piece: chunking.Piece, found: orders.Found) -> Chunk:
    return Chunk(
        id=uuid.uuid5(row.pk, str(piece.ordinal)),
        tenant_id=row.tenant_id,
        collection_id=row.collection_id,
        document_id=row.document_id,
        version_id=row.pk,
        ordinal=piece.ordinal,
        text=piece.text,
        context=piece.context,
        heading_path=list(piece.heading_path),
        locator=piece.locator.to_json(),
        content_hash=sha256(piece.text.encode()).hexdigest(),
        orders=found.orders,
        is_quarantined=found.is_quarantined,
    )
