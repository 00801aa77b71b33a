"""Who is at work on a row: a token with an end. Whoever lets it run out has lost the row, whatever they still do.

A message may come twice, and a worker may die or only sleep. So every write under a lease asks for the token in its own
transaction: of two workers on one row only one can write. Each kind of row says once what may be taken (`Lease.free`) and
what must stay true of a row for its worker to go on (`Lease.mine`). Its model has the columns `lease` and `lease_until`.
"""

from __future__ import annotations

import functools
import logging
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from django.db import DatabaseError, connection
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Now

from governance.scope import Scope

RENEWED_EVERY_S = 8.0
RUN_OUT = Q(lease_until__lt=Now())
_PK, _TOKEN = uuid.UUID(int=1), uuid.UUID(int=2)  # stand for a row's own in a statement that is put together once
log = logging.getLogger(__name__)
Row = TypeVar("Row", bound=Model)


class LeaseLostError(Exception):
    """Somebody else has the row now, or it is gone or was stopped. Stop, and touch nothing."""


@dataclass(frozen=True)
class Lease(Generic[Row]):
    """How one kind of row is held. With `skips`, a row that is locked just now counts as taken, whatever its lease says."""

    model: type[Row]
    lasts: timedelta
    free: Q
    mine: Q = field(default_factory=Q)
    skips: bool = False

    @functools.cached_property
    def locking(self) -> tuple[str, tuple[Any, ...]]:
        """The statement that locks a row, for whose key and token _PK and _TOKEN stand among its values.

        It goes before every write under a lease, and putting it together takes as long as asking it.
        """
        rows = Claim(Scope.system(_PK), _PK, _TOKEN, self).rows().select_for_update(of=("self",))
        sql, values = rows.query.sql_with_params()
        return sql, tuple(values)

    def take(self, tenant: uuid.UUID, pk: uuid.UUID, **values: Any) -> Claim[Row] | None:
        """The row, where it is free, with these values set; else None."""
        made = Claim(Scope.system(tenant), pk, uuid.uuid4(), self)
        rows = self.model._default_manager.filter(self.free, pk=pk)
        with made.scope.transaction():
            if self.skips and not rows.select_for_update(skip_locked=True).values_list("pk"):
                return None
            taken = rows.update(lease=made.token, lease_until=Now() + self.lasts, **values)
        return made if taken else None


@dataclass(frozen=True)
class Claim(Generic[Row]):
    """A row that is held. All but `rows` and `locked` open a transaction of `scope`, or join the one that is open."""

    scope: Scope  # the tenant's system scope
    pk: uuid.UUID
    token: uuid.UUID
    of: Lease[Row]

    def rows(self) -> QuerySet[Row]:
        """The row, or nothing once it is lost."""
        return self.of.model._default_manager.filter(self.of.mine, pk=self.pk, lease=self.token)

    def renew(self, **values: Any) -> bool:
        """The lease anew, and these values with it; False where it is lost."""
        with self.scope.transaction():
            return bool(self.rows().update(lease_until=Now() + self.of.lasts, **values))

    def change(self, **values: Any) -> None:
        """Raises LeaseLostError, and what the transaction did is undone."""
        with self.scope.transaction():
            if not self.rows().update(**values):
                raise LeaseLostError

    def release(self, pause: timedelta | None = None, **values: Any) -> bool:
        """Free for the next, after the pause; False where it is lost."""
        until = None if pause is None else Now() + pause
        with self.scope.transaction():
            return bool(self.rows().update(lease=None, lease_until=until, **values))

    def locked(self) -> Row:
        """The row, locked, in the caller's transaction. Raises LeaseLostError."""
        sql, values = self.of.locking
        mine = {_PK: self.pk, _TOKEN: self.token}
        with connection.cursor() as cursor:
            cursor.execute(sql, [mine.get(value, value) for value in values])
            found = cursor.fetchone()
        if found is None:
            raise LeaseLostError
        return _made(self.of.model, found)

    @contextmanager
    def held(self) -> Iterator[Row]:
        """The row, locked, in one transaction; what is changed in it is saved, and nothing else of it.

        Raises LeaseLostError.
        """
        with self.scope.transaction():
            row = self.locked()
            before = dict(row.__dict__)
            yield row
            changed = [
                one.name for one in row._meta.concrete_fields if row.__dict__[one.attname] != before[one.attname]
            ]
            if changed:
                row.save(update_fields=changed)


def _made(model: type[Row], values: Sequence[Any]) -> Row:
    """As a query set makes one of what the database gave."""
    columns = model._meta.concrete_fields
    read = []
    for column, kept in zip(columns, values, strict=True):
        value = kept
        for convert in column.get_db_converters(connection):
            value = convert(value, column.cached_col, connection)
        read.append(value)
    return model.from_db(connection.alias, [column.attname for column in columns], read)


class Watch:
    """Renews the lease in a thread of its own, since a stage may take longer than a lease lasts."""

    def __init__(self, claimed: Claim[Any], every_s: float = RENEWED_EVERY_S) -> None:
        self._claimed = claimed
        self._every_s = every_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self._done.wait(self._every_s):
            try:
                if not self._claimed.renew():
                    return
            except DatabaseError:
                # A database that restarts may be back before the lease ends; if not, the next write says so.
                log.warning("the lease of %s was not renewed", self._claimed.pk, exc_info=True)
            finally:
                connection.close()
