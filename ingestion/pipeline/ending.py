"""How an ingest ends: the flip that shows it to readers, a failure that names its remedy, or the queue once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from django.db.models.functions import Now

from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope
from governance.sentence import phrase
from ingestion import indexes, stores
from ingestion.documents import parts
from ingestion.line import leases
from ingestion.line.leases import Claim
from ingestion.models import Chunk, Document, Status, Version
from ingestion.search import postings

_GIVEN_UP = phrase("The document could not be made ready in several attempts.")
_REMEDY = phrase("Try it again. If that does not help, tell your administrator.")


def flip(claimed: Claim) -> bool:
    """False where the live index is another one by now, and does not hold the version yet."""
    with claimed.held() as row:
        return flipped(claimed, row)


def flipped(claimed: Claim, row: Version, held: str | None = None) -> bool:
    """As `flip`, in the transaction that holds the row. `held` is an index that it stands in whole, by this transaction."""
    if indexes.lacks(claimed.scope, row.pk, held):
        return False
    document = Document.objects.select_for_update(of=("self",)).select_related("current").get(pk=row.document_id)
    before = None if document.current_id == row.pk else document.current  # itself, where it is made ready again
    # An older version that took longer must not replace a newer one.
    is_newest = before is None or before.number < row.number
    if is_newest:
        Document.objects.filter(pk=document.pk).update(current=row)
        _forget_older(claimed.scope, row, before)
    else:
        forget(claimed.scope, row)
    if document.latest_id == row.pk and row.number > 1:
        parts.drop_unnamed(claimed.scope, row)
    row.stage = ""
    row.end(Status.READY)
    row.error_code = row.error = row.remedy = ""
    row.mark("ready", "" if is_newest else "a newer version was ready first")
    facts = {
        "version": row.pk,
        "number": row.number,
        "chunks": row.chunks,
        "current": is_newest,
        "flags": row.flags,
    }
    events.record(claimed.scope, Event.DOCUMENT_READY, resource=("document", document.pk), facts=facts)
    return True


def _forget_older(scope: Scope, row: Version, before: Version | None) -> None:
    """What readers saw until now, and what stood of uploads that failed or are kept back: nobody goes on with those."""
    if row.number == 1:
        return
    if before is not None:
        forget(scope, before)
    stopped = Version.objects.filter(document=row.document_id, number__lt=row.number, chunks__gt=0)
    for one in stopped.filter(status__in=[Status.FAILED, Status.QUARANTINED]):
        forget(scope, one)
        one.chunks = 0
        one.save(update_fields=["chunks"])


def forget(scope: Scope, version: Version) -> None:
    """Out of the index, in the caller's transaction. The version's row and file stay, with what happened to them."""
    # The chunks first: whoever builds another index locks them as it writes, so that its vectors are then seen here.
    gone, _ = Chunk.objects.filter(tenant_id=scope.tenant, version_id=version.pk).delete()
    if not gone:
        return  # whatever else stands of a version stands with its chunks
    stores.store().delete(scope, version.pk)
    postings.delete(scope, version.pk)


@dataclass(frozen=True)
class Why:
    """`told` goes to the timeline; `more` are facts for the record beside those that every failure leaves."""

    code: str
    message: str
    remedy: str
    told: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)


def fail(
    claimed: Claim, status: Status, code: str, message: str, remedy: str, more: Mapping[str, str] = MappingProxyType({})
) -> None:
    """What has been read stays, so that trying again goes on behind it. `more` are facts for the record."""
    with claimed.held() as row:
        if not row.chunks:
            forget(claimed.scope, row)
        close(claimed, row, status, Why(code, message, remedy, more=more))
    parts.tell_of_failure(claimed, message)


def close(claimed: Claim, row: Version, status: Status, why: Why) -> None:
    """In the transaction that holds the row."""
    row.end(status)
    row.error_code, row.error, row.remedy = why.code[:40], why.message[:500], why.remedy[:500]
    row.mark(str(status), why.message, **why.told)
    facts = {"version": row.pk, "status": status, "code": why.code, "stage": row.stage, **why.more}
    events.record(claimed.scope, Event.DOCUMENT_FAILED, resource=("document", row.document_id), facts=facts)


def give_up(claimed: Claim) -> None:
    fail(claimed, Status.FAILED, "attempts", _GIVEN_UP, _REMEDY)


def wait(claimed: Claim, pause: timedelta, why: str, *, is_counted: bool) -> None:
    """Back into the queue with what is done kept; a counted attempt that was the last fails the version."""
    with claimed.held() as row:
        row.faults += is_counted
        worn_out = row.faults >= leases.ATTEMPTS
        if not worn_out:
            row.attempts -= 0 if is_counted else 1
            row.status, row.lease, row.lease_until = Status.QUEUED, None, Now() + pause * max(1, row.attempts)
            if not row.timeline or row.timeline[-1]["note"] != why:
                row.mark("waiting", why)
    if worn_out:
        give_up(claimed)
