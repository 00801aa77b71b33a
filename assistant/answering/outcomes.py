"""What an answer ends as, and the ends that faults come to."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, DataError

from assistant import models
from assistant.answering import awaiting, delivery
from assistant.answering.awaiting import Again
from assistant.models import Status
from assistant.showing import notices
from governance.errors import Busy, QuotaSpent, RecordUnavailable, Unavailable

log = logging.getLogger(__name__)

# Words of servers for an end that is none of the model's own: a filter, a fault, a server that had no more to give.
FILTERED = "content_filter"  # it stands as the answer's fault, too: asked in the same words, it would end the same
BROKEN_OFF = {FILTERED, "error", "abort", "aborted", "insufficient_system_resource"}


@dataclass(frozen=True)
class Outcome:
    status: Status
    notice: str = ""
    fault: str = ""  # the code of the error that it failed by
    capsule: dict[str, Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)  # what else the record says of it in clear
    fields: dict[str, Any] = field(default_factory=dict)  # what else its row keeps
    kept: dict[str, Any] = field(default_factory=dict)  # what its capsule keeps, and the record does not say in clear
    line_ms: int | None = None  # that it waited for its turn at the model, where the model's server tells
    again: Again | None = None  # it is none yet, and is tried again


def cut_off(sender: delivery.Delivery) -> Status:
    """How an answer ends that is not whole: what was delivered of it is kept."""
    return Status.INTERRUPTED if sender.sent else Status.FAILED


def broken_off(sender: delivery.Delivery, finish: str) -> tuple[Status, str]:
    return cut_off(sender), notices.FILTERED if finish == FILTERED else notices.BROKE_OFF


def away(row: models.Answer, sender: delivery.Delivery, fault: Unavailable) -> Outcome:
    log.warning("answer %s: %s", row.pk, fault.message)
    if not sender.sent and (again := awaiting.again(row, fault)):
        return Outcome(Status.QUEUED, notices.MODEL_AWAITED, fault=fault.code, again=again)
    notice = notices.MODEL_WENT_AWAY if sender.sent else notices.MODEL_AWAY
    return Outcome(cut_off(sender), notice, fault=fault.code)


def busy(row: models.Answer, sender: delivery.Delivery, fault: Busy) -> Outcome:
    """Our own limit says itself what is used up. What a model server says of its bounds is for the log."""
    kept = {"capsule": {"wait_s": fault.wait_s}}
    if isinstance(fault, QuotaSpent):
        return Outcome(Status.FAILED, fault.message, fault=fault.code, fields=kept)
    log.warning("answer %s: the model server takes no more: %s", row.pk, fault.message)
    if not sender.sent and (again := awaiting.again(row, fault)):
        return Outcome(Status.QUEUED, notices.MODEL_BUSY_AWAITED, fault=fault.code, again=again)
    notice = notices.MODEL_WENT_AWAY if sender.sent else notices.busy(fault.wait_s)
    return Outcome(cut_off(sender), notice, fault=fault.code, fields=kept)


def not_kept(row: models.Answer, sender: delivery.Delivery, fault: DatabaseError) -> Outcome:
    """Words that the database does not take would be refused again, however often it is tried. Raises RecordUnavailable."""
    if not isinstance(fault, DataError):
        raise RecordUnavailable("The database does not answer.") from fault
    log.error("answer %s: %s", row.pk, fault)
    return Outcome(cut_off(sender), notices.BROKE_OFF)
