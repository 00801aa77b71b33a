"""One ingest, start to finish: parse → chunk → embed → index → flip. Each stage leaves a mark.

What a stage has done stands in the rows, so that an ingest that was killed goes on where it was: chunks are written in
one transaction and the document is not parsed again, a chunk with a vector is not embedded again. Readers see the old
version until the flip, and nothing of a version that fails.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import PurePath

from django.db.models.functions import Now

from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, Unavailable
from governance.policy import enforcement, versions
from governance.policy.rules import Action, Policy, Stage
from governance.scope import Scope
from governance.sentence import phrase
from inference import runners
from ingestion import chunking, files, leases, orders, postings, stores
from ingestion.leases import Claim, LeaseLostError, Watch, held
from ingestion.models import Chunk, Classification, Document, Status, Version
from ingestion.parsers import sandbox
from ingestion.parsers.base import Parsed, ParseFailed
from ingestion.stores.base import Entry

BATCH = 16
# One model at work a process, however many documents are: while one is embedded others are parsed and stored, and a
# second core stays free for answering.
_embedding = threading.Lock()
PROGRESS_EVERY_S = 1.0
FIRST_WAIT = timedelta(seconds=5)
WAIT_FOR_A_PART = timedelta(seconds=15)
# Codes of ParseFailed that say something of this machine's hour, and not of the file.
MAY_PASS = frozenset({"timeout", "crashed", "out_of_memory", "file_gone", "outside"})
_GIVEN_UP = phrase("The document could not be made ready in three attempts.")
_MEND = phrase("Remove what the policy names and upload the document again, or ask your compliance officer.")
_OUTSIDE = phrase(
    "This collection is restricted, and the model that would make its text searchable stands outside the house."
)
_REMEDY_OUTSIDE = phrase(
    "Use an embedding model on a machine of the house, then try again; or change the collection's label."
)
_REMEDY = phrase("Try it again. If that does not help, tell your administrator.")
log = logging.getLogger(__name__)


class QuarantinedError(Exception):
    """Policy keeps the document back; the message says why."""


def ingest(tenant: uuid.UUID, version: uuid.UUID) -> None:
    """Make a version ready, or see that there is nothing to do. May be called twice, and by two at once.

    Ends in a status with a reason; raises only what should stop the worker, and then the lease runs out.
    """
    claimed = leases.claim(tenant, version)
    if claimed is None:
        return
    try:
        with Watch(claimed):
            _guarded(claimed)
    except LeaseLostError:
        log.info("version %s went on elsewhere, or is gone", version)


def _guarded(claimed: Claim) -> None:
    try:
        _run(claimed)
    except ParseFailed as fault:
        status = Status.FAILED if fault.code in MAY_PASS else Status.REJECTED
        _fail(claimed, status, fault.code, fault.message, fault.remedy)
    except QuarantinedError as refusal:
        _fail(claimed, Status.QUARANTINED, "policy", str(refusal), _MEND)
    except (Unavailable, Busy) as fault:
        # A part that is away is nothing the document has done: it waits as long as that takes.
        _wait(claimed, WAIT_FOR_A_PART, fault.message, is_counted=False)
    except LeaseLostError:
        raise
    except Exception as fault:
        log.exception("version %s: an attempt failed", claimed.version)
        _wait(claimed, FIRST_WAIT, f"an attempt failed ({type(fault).__name__})", is_counted=True)


def _run(claimed: Claim) -> None:
    with held(claimed) as row:
        worn_out = row.attempts > leases.ATTEMPTS
        is_read = row.chunks > 0
    if worn_out:
        _fail(claimed, Status.FAILED, "attempts", _GIVEN_UP, _REMEDY)
        return
    if not is_read:
        _read(claimed, row)
    _require_house(claimed)
    _embed(claimed)
    _index(claimed)
    _flip(claimed)


def _begin(claimed: Claim, stage: str, total: int = 0, done: int = 0, note: str = "") -> None:
    with held(claimed) as row:
        row.stage, row.done, row.total = stage, done, total
        row.mark(stage, note)


def _progress(claimed: Claim) -> Callable[[int, int], None]:
    """Pages pass faster than anyone reads: a row is written once a second."""
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last < PROGRESS_EVERY_S:
            return
        last = time.monotonic()
        with held(claimed) as row:
            row.done, row.total = done, total

    return tell


def _read(claimed: Claim, row: Version) -> None:
    _begin(claimed, "parse")
    if not files.exists(row.path):
        raise ParseFailed("file_gone", "The file is no longer in storage.", phrase("Upload the document again."))
    with files.on_disk(row.path) as path:
        parsed = sandbox.run(path, row.media_type, on_progress=_progress(claimed))
    if not parsed.title:
        parsed = replace(parsed, title=_title(claimed.scope, row))
    _begin(claimed, "chunk", note=" ".join(parsed.warnings))
    embedder = runners.embedder()
    pieces = chunking.chunk(parsed, embedder.count_tokens)
    if not pieces:
        raise ParseFailed(
            "no_text",
            "There is no text in this document.",
            phrase("If it is a scan, run text recognition on it first."),
        )
    policy = versions.in_force(claimed.scope)
    _judge(claimed.scope, row, pieces, policy)
    _keep(claimed, parsed, pieces, orders.weigh(policy, row.collection_id, [piece.text for piece in pieces]))


def _title(scope: Scope, row: Version) -> str:
    """The title is embedded with every chunk: a file without one is known by its name."""
    with scope.transaction():
        return PurePath(Document.objects.get(pk=row.document_id).name).stem


def _judge(scope: Scope, row: Version, pieces: list[chunking.Piece], policy: Policy) -> None:
    """A flag is only noted. A rule that would redact keeps the document back as one that blocks: half is not stored."""
    text = chunking.joined(piece.text for piece in pieces)
    verdict = enforcement.check(
        scope,
        Stage.UPLOAD,
        text,
        interaction=row.pk,
        subject_id=row.document_id,
        collections=[row.collection_id],
        policy=policy,
    )
    if verdict.action >= Action.REDACT:
        raise QuarantinedError(verdict.message or phrase("A policy rule keeps this document back."))


def _keep(claimed: Claim, parsed: Parsed, pieces: list[chunking.Piece], found: list[orders.Found]) -> None:
    with held(claimed) as row:
        chunks = [_chunk(row, piece, one) for piece, one in zip(pieces, found, strict=True)]
        Chunk.objects.bulk_create(chunks, batch_size=500)
        told = {chunk.id: one for chunk, one in zip(chunks, found, strict=True)}
        if note := orders.record(claimed.scope, row.document_id, row.pk, told):
            row.mark("orders", note)
        row.chunks, row.pages, row.title = len(pieces), parsed.pages, parsed.title[:500]


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


def _require_house(claimed: Claim) -> None:
    """What is restricted is not turned into vectors by a machine outside either."""
    if runners.embedder().is_in_house:
        return
    with claimed.scope.transaction():
        label = Version.objects.values_list("collection__classification", flat=True).get(pk=claimed.version)
    if label == Classification.RESTRICTED:
        raise ParseFailed("outside", _OUTSIDE, _REMEDY_OUTSIDE)


def _embed(claimed: Claim) -> None:
    embedder, store = runners.embedder(), stores.store()
    missing = store.missing(claimed.scope, embedder.name, claimed.version)
    with held(claimed) as row:
        total = row.chunks
    already = total - len(missing)
    _begin(claimed, "embed", total, already, f"{already} of {total} were done before" if already else "")
    for start in range(0, len(missing), BATCH):
        with claimed.scope.transaction():
            chunks = list(Chunk.objects.filter(tenant_id=claimed.scope.tenant, id__in=missing[start : start + BATCH]))
        # Outside a transaction: a model at work must not hold a connection.
        with _embedding:
            vectors = embedder.embed([chunk.context for chunk in chunks], "passage")
        entries = [
            Entry(chunk.id, chunk.collection_id, chunk.version_id, vector)
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        with held(claimed) as row:
            store.upsert(claimed.scope, embedder.name, entries)
            row.done += len(entries)


def _index(claimed: Claim) -> None:
    with held(claimed) as row:
        row.stage, row.done, row.total = "index", 0, row.chunks
        row.mark("index")
        chunks = Chunk.objects.filter(tenant_id=row.tenant_id, version_id=row.pk)
        texts = [postings.Text(one.id, one.collection_id, one.version_id, one.context) for one in chunks]
        postings.write(claimed.scope, texts)
        row.done = len(texts)


def _flip(claimed: Claim) -> None:
    with held(claimed) as row:
        document = Document.objects.select_for_update(of=("self",)).select_related("current").get(pk=row.document_id)
        before = None if document.current_id == row.pk else document.current  # itself, where it is made ready again
        # An older version that took longer must not replace a newer one.
        is_newest = before is None or before.number < row.number
        if is_newest:
            Document.objects.filter(pk=document.pk).update(current=row)
        _forget(claimed.scope, before if is_newest else row)
        row.status, row.stage, row.lease, row.lease_until = Status.READY, "", None, None
        row.error_code = row.error = row.remedy = ""
        row.mark("ready", "" if is_newest else "a newer version was ready first")
        facts = {"version": row.pk, "number": row.number, "chunks": row.chunks, "current": is_newest}
        events.record(claimed.scope, Event.DOCUMENT_READY, resource=("document", document.pk), facts=facts)


def _forget(scope: Scope, version: Version | None) -> None:
    """Out of the index, in the caller's transaction. The version's row and file stay, with what happened to them."""
    if version is None:
        return
    stores.store().delete(scope, version.pk)
    postings.delete(scope, version.pk)
    Chunk.objects.filter(tenant_id=scope.tenant, version_id=version.pk).delete()


def _fail(claimed: Claim, status: Status, code: str, message: str, remedy: str) -> None:
    with held(claimed) as row:
        _forget(claimed.scope, row)
        row.status, row.chunks, row.lease, row.lease_until = status, 0, None, None
        row.error_code, row.error, row.remedy = code[:40], message[:500], remedy[:500]
        row.mark(str(status), message)
        facts = {"version": row.pk, "status": status, "code": code, "stage": row.stage}
        events.record(claimed.scope, Event.DOCUMENT_FAILED, resource=("document", row.document_id), facts=facts)


def _wait(claimed: Claim, pause: timedelta, why: str, *, is_counted: bool) -> None:
    """Back into the queue with what is done kept; a counted attempt that was the last fails the version."""
    with held(claimed) as row:
        worn_out = is_counted and row.attempts >= leases.ATTEMPTS
        if not worn_out:
            row.attempts -= 0 if is_counted else 1
            row.status, row.lease, row.lease_until = Status.QUEUED, None, Now() + pause * max(1, row.attempts)
            if not row.timeline or row.timeline[-1]["note"] != why:
                row.mark("waiting", why)
    if worn_out:
        _fail(claimed, Status.FAILED, "attempts", _GIVEN_UP, _REMEDY)
