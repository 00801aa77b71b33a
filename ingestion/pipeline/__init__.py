"""One ingest, start to finish: parse → chunk → embed → index → flip. Each stage leaves a mark.

What a stage has done stands in the rows, so that an ingest that was killed goes on where it was: chunks are written in
one transaction and the document is not parsed again, a chunk with a vector is not embedded again. Readers see the old
version until the flip, and nothing of a version that fails.

Most documents are short, and for those the statements cost more than the work: a short one's vectors, postings and flip
are one transaction, from the passages in hand.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from governance.errors import Busy, Unavailable
from governance.leases import LeaseLostError, Watch
from governance.sentence import sentence
from ingestion import indexes
from ingestion.line import leases
from ingestion.line.leases import Claim
from ingestion.models import Status, Version
from ingestion.parsers.base import ParseFailed
from ingestion.pipeline import ending, indexing, marks, reading, screening
from ingestion.pipeline.screening import InfectedError
from ingestion.scanning.base import INFECTED

FIRST_WAIT = timedelta(seconds=5)
WAIT_FOR_A_PART = timedelta(seconds=15)
# Codes of ParseFailed that say something of this machine's hour, and not of the file.
MAY_PASS = frozenset({"timeout", "crashed", "out_of_memory", "file_gone", "outside", "unscanned"})
log = logging.getLogger(__name__)


def ingest(tenant: uuid.UUID, version: uuid.UUID) -> None:
    """Make a version ready, or see that there is nothing to do. May be called twice, and by two at once.

    Ends in a status with a reason; raises only what should stop the worker, and then the lease runs out.
    """
    claimed = leases.claim(tenant, version)
    if claimed is not None:
        work(claimed)


def work(claimed: Claim) -> None:
    """As `ingest`, with what was taken from the line."""
    try:
        with Watch(claimed):
            _guarded(claimed)
    except LeaseLostError:
        log.info("version %s went on elsewhere, or is gone", claimed.pk)


def _guarded(claimed: Claim) -> None:
    try:
        _run(claimed)
    except ParseFailed as fault:
        status = Status.FAILED if fault.code in MAY_PASS else Status.REJECTED
        ending.fail(claimed, status, fault.code, fault.message, fault.remedy)
    except InfectedError as found:
        said = sentence(screening.INFECTED, signature=str(found))
        facts = {"signature": str(found)}
        ending.fail(claimed, Status.QUARANTINED, INFECTED, said, screening.MEND_INFECTED, facts)
    except (Unavailable, Busy) as fault:
        # A part that is away is nothing the document has done: it waits as long as that takes.
        ending.wait(claimed, WAIT_FOR_A_PART, fault.message, is_counted=False)
    except LeaseLostError:
        raise
    except Exception as fault:
        log.exception("version %s: an attempt failed", claimed.pk)
        ending.wait(claimed, FIRST_WAIT, f"an attempt failed ({type(fault).__name__})", is_counted=True)


def _run(claimed: Claim) -> None:
    with claimed.held() as row:
        if row.attempts <= 1:
            row.faults = 0
        worn_out = row.attempts > row.faults + leases.KILLED_MOST
        is_read = row.chunks > 0
        if not worn_out and not is_read:
            marks.put(row, screening.first())
    if worn_out:
        ending.give_up(claimed)
        return
    if not is_read:
        made = reading.read(claimed, row)
        if made is None or _is_found_at_once(claimed, row, made):
            return
    written = indexes.written(claimed.scope)
    indexing.require_house(claimed, written)
    indexing.embed(claimed, written)
    indexing.index(claimed)
    while not ending.flip(claimed):
        written = indexes.written(claimed.scope)  # another index is live by now
        indexing.require_house(claimed, written)
        indexing.embed(claimed, written)


def _is_found_at_once(claimed: Claim, row: Version, made: reading.Read) -> bool:
    if not indexing.goes_at_once(row, len(made.chunks), made.written):
        return False
    indexing.require_house(claimed, made.written)
    return indexing.index_at_once(claimed, made.written[0], made.chunks)
