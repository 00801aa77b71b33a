"""A request that is sent twice is done once, where its client names it: the header `Idempotency-Key`.

A row says who sent which name with which body, and what came of it: its id, and never its content. Whoever repeats the request
is shown that as it stands by then, with the rights they have by then. The id of what is made is settled before it is made, so
that a process which dies in between leaves nothing that a second try would make again.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from assistant import models
from governance import tenants
from governance.errors import Conflict, InvalidInput, NotFound
from governance.scope import Scope
from governance.sentence import phrase

KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=2)  # of who is at it; past it the next one takes it up
TRIES = 3
_TWIN = phrase("The same request is being done at this moment. Try again in a second.")
_NAME = re.compile(r"[\x21-\x7e]{1,255}")


class KeyReused(Conflict):
    """The name was given to another request: doing this one would surprise, and so would the other one's answer."""

    code = "idempotency_key_reused"
    status = 422


class UnderWay(Conflict):
    code = "idempotency_key_in_use"


@dataclass(frozen=True)
class Done:
    """`outcome` is what the first one was told beside the id; `is_repeat` says that nothing was done now."""

    made: uuid.UUID
    outcome: str = ""
    is_repeat: bool = False


Do = Callable[[uuid.UUID], Done]


def fingerprint(what: str, sent: dict[str, Any]) -> str:
    """Of what was understood of a request: two that differ in white space alone are the same."""
    told = json.dumps([what, sent], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def once(scope: Scope, name: str, print_: str, do: Do, get: Callable[[Scope, uuid.UUID], object]) -> Done:
    """What `do` did with the id it was given, now or the last time; without a name it is simply done.

    `get` raises NotFound where an earlier try, which nobody heard the end of, did not make it. Raises InvalidInput for what is
    no name, KeyReused, UnderWay for the twin of a request that is being done, and what `do` raises; then the name is free again.
    """
    if not name:
        return do(uuid.uuid4())
    row, is_first = _claim(scope, checked(name), print_)
    if row.done_at is not None:
        return Done(row.made, row.outcome, is_repeat=True)
    if not is_first and _is_there(scope, row.made, get):
        done = Done(row.made, row.outcome, is_repeat=True)
    else:
        try:
            done = do(row.made)
        except BaseException:
            _free(scope, row)
            raise
    _note(scope, row, done)
    return done


def checked(name: str) -> str:
    """Raises InvalidInput for what is no name."""
    if not _NAME.fullmatch(name):
        raise InvalidInput("An Idempotency-Key has 1 to 255 visible ASCII characters.")
    return name


def _claim(scope: Scope, name: str, print_: str) -> tuple[models.IdempotentRequest, bool]:
    """The row, and whether nobody has tried before."""
    for _ in range(TRIES):
        found = _tried(scope, name, print_)
        if found is not None:
            return found
    raise UnderWay(_TWIN)


def _tried(scope: Scope, name: str, print_: str) -> tuple[models.IdempotentRequest, bool] | None:
    """None where a twin that failed a moment ago has let the name go."""
    now = timezone.now()
    with scope.transaction():
        mine = models.IdempotentRequest.objects.filter(tenant=scope.tenant, person=scope.person, name=name)
        mine.filter(created_at__lt=now - KEPT).delete()
        row = models.IdempotentRequest(
            tenant_id=scope.tenant, person_id=scope.person, name=name, fingerprint=print_, made=uuid.uuid4()
        )
        row.lease_until = now + LEASE
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            there = mine.select_for_update().first()
            return (_taken_up(there, print_), False) if there else None
    return row, True


def _taken_up(row: models.IdempotentRequest, print_: str) -> models.IdempotentRequest:
    if row.fingerprint != print_:
        raise KeyReused("This Idempotency-Key was sent with another request. Choose a new one.")
    now = timezone.now()
    if row.done_at is None:
        if row.lease_until > now:
            raise UnderWay(_TWIN)
        row.lease_until = now + LEASE
        row.save(update_fields=["lease_until"])
    return row


def _is_there(scope: Scope, made: uuid.UUID, get: Callable[[Scope, uuid.UUID], object]) -> bool:
    try:
        get(scope, made)
    except NotFound:
        return False
    return True


def _note(scope: Scope, row: models.IdempotentRequest, done: Done) -> None:
    with scope.transaction():
        rows = models.IdempotentRequest.objects.filter(pk=row.pk)
        rows.update(made=done.made, outcome=done.outcome, done_at=timezone.now())


def _free(scope: Scope, row: models.IdempotentRequest) -> None:
    with scope.transaction():
        models.IdempotentRequest.objects.filter(pk=row.pk).delete()


def forget() -> int:
    """Once an hour: what is older than it is kept, in every tenant. How many."""
    gone = 0
    for tenant in tenants.every():
        with Scope.system(tenant).transaction():
            rows = models.IdempotentRequest.objects.filter(tenant=tenant, created_at__lt=timezone.now() - KEPT)
            gone += rows.delete()[0]
    return gone
