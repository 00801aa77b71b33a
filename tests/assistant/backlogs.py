"""Backlogs of questions, and threads that take what is next of them."""

from __future__ import annotations

import uuid

from assistant import models
from assistant.answering import delivery, lease
from assistant.models import Status
from tests.assistant import asking
from tests.cast import House
from tests.governance.database import as_superuser


def nobody_else_asks() -> None:
    """What earlier tests left in their tenants would have its turn."""
    with as_superuser() as database:
        database.execute("UPDATE answer SET status = 'cancelled' WHERE status IN ('queued', 'running')")


def put(house: House, name: str, amount: int) -> list[uuid.UUID]:
    """Questions that wait, in the order of their coming; rows alone, however many one person may ask."""
    whose = {"tenant_id": house.tenant, "person_id": house.ids[name]}
    with house.system.transaction():
        talk = models.Conversation.objects.create(title="A backlog", **whose)
        rows = (models.Answer.objects.create(conversation=talk, question="When?", **whose) for _ in range(amount))
        return [row.pk for row in rows]


def take(amount: int = 1) -> list[lease.Claim]:
    """As so many threads would that are free; nobody works on what they take."""
    held = [lease.take() for _ in range(amount)]
    return [one for one in held if one is not None]


def end(held: lease.Claim) -> None:
    with asking.unrung():
        delivery.finish(held.scope, held.answer, held.token, Status.ANSWERED)


def served(amount: int) -> list[lease.Claim]:
    """One after the other, as by a single thread."""
    found = []
    for _ in range(amount):
        found += take()
        end(found[-1])
    return found
