"""One turn of a worker with one source: list, bring, or look; then another has its turn. May be called twice."""

from __future__ import annotations

import logging
import time
import uuid

from django.db import connection

from governance.audit import keyring
from governance.leases import LeaseLostError, Watch
from governance.sentence import phrase
from ingestion import connectors
from ingestion.connectors.base import Connector, ConnectorFault, SourceDown, SourceRefuses
from ingestion.models import Source
from ingestion.sources import bringing, credentials, drift, ending, grounds, leases, listing, runs
from ingestion.sources.leases import Claim
from ingestion.sources.runs import Run

TURN_S = 30.0
UNEXPECTED = phrase("It ended with an error of ours: %(kind)s.")
log = logging.getLogger(__name__)


def work(tenant: uuid.UUID, source: uuid.UUID) -> None:
    claimed = leases.claim(tenant, source)
    if claimed is None:
        return
    try:
        with Watch(claimed):
            _turn(claimed)
            claimed.release()
    except LeaseLostError:
        log.info("source %s goes on elsewhere, or is gone", source)
    finally:
        connection.close()


def _turn(claimed: Claim) -> None:
    if ending.go_on(claimed, time.monotonic() + TURN_S):
        return
    run = runs.begin(claimed)
    if run is None:
        return
    try:
        _go_on(run)
    except ConnectorFault as fault:
        runs.fail(run, fault)
        log.warning("source %s: %s", claimed.pk, fault)
    except LeaseLostError:
        raise
    except Exception as fault:
        runs.fail(run, SourceDown(UNEXPECTED % {"kind": type(fault).__name__}))
        raise


def _go_on(run: Run) -> None:
    with run.claimed.scope.transaction():
        row = Source.objects.get(pk=run.claimed.pk)
    with place(run.claimed, row) as outside:
        if run.what == runs.LOOK:
            drift.look(run, outside)
        elif not run.is_listed:
            listing.compare(run, outside, row.cursor)
        if run.what == runs.LOOK or bringing.bring(run, outside, time.monotonic() + TURN_S):
            runs.finish(run)


def place(claimed: Claim, row: Source) -> Connector:
    """Raises SourceRefuses where the credentials cannot be read any more."""
    try:
        secrets = credentials.opened(row)
    except keyring.KeyGone:
        raise SourceRefuses(
            phrase("The credentials cannot be read here any more."), phrase("Write them again.")
        ) from None
    return connectors.connector(row.kind, credentials.told(row), secrets, grounds.of(claimed.scope))
