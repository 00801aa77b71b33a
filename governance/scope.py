"""Who is asking, for which tenant: the first argument of every service.

`scope.transaction()` is how Postgres gets to know it. The settings are local to the transaction, so that a pooled
connection carries nothing over, and they are put back on exit, since a local setting outlives a savepoint's release.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum

from django.db import connection, transaction

from governance.actions import Action
from governance.roles import Role, SupportLevel


class ActorKind(StrEnum):
    PERSON = "person"
    SERVICE = "service"  # a program of the house, with a key of its own
    SYSTEM = "system"  # the tenant's own background work: ingestion, sweeps, seeding
    DIRECTORY = "directory"  # a program of the tenant's directory, over SCIM: says who is here, and does nothing else
    OPERATOR = "operator"  # who runs the installation: may nothing inside a tenant, but is named on its record
    SUPPORT = (
        "support"  # an operator to whom the tenant opened something for a support case: looks, and does nothing else
    )


class ScopesDoNotNestError(RuntimeError):
    """One transaction serves one scope; a second one inside it would read with mixed rights."""


@dataclass(frozen=True)
class Support:
    """What a tenant opened to an operator: which opening it is, how far it goes, and for which collections."""

    access: uuid.UUID
    level: SupportLevel
    collections: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True)
class Scope:
    """`key_scopes` is None for a person at the portal, and what the API key was narrowed to otherwise.

    `service` is the service account that acts for the person here; its key's rate and allowance are what `charged` names.
    `session` is a hash of the browser's session, `client` what was spoken to: the record says both, and no right rests on them.
    """

    tenant: uuid.UUID
    kind: ActorKind
    actor: uuid.UUID | None = None
    roles: frozenset[Role] = frozenset()
    groups: frozenset[uuid.UUID] = frozenset()
    key_scopes: frozenset[str] | None = None
    key: uuid.UUID | None = None
    opened: frozenset[Action] = frozenset()  # what the tenant's own roles open for the person
    service: uuid.UUID | None = None
    charged: uuid.UUID | None = None
    support: Support | None = None  # of an operator to whom the tenant opened something
    request_id: str = field(default="", compare=False)
    session: str = field(default="", compare=False)
    client: str = field(default="", compare=False)

    @classmethod
    def system(cls, tenant: uuid.UUID, request_id: str = "") -> Scope:
        return cls(tenant=tenant, kind=ActorKind.SYSTEM, request_id=request_id)

    @property
    def is_system(self) -> bool:
        return self.kind is ActorKind.SYSTEM

    @property
    def person(self) -> uuid.UUID:
        """The person's id; asking for it in a system scope, or in a support person's, is a programming error."""
        if self.actor is None or self.support is not None:
            raise LookupError("a system scope has no person")
        return self.actor

    def as_system(self) -> Scope:
        """The tenant's background work that this person's request set off. Who looks for support sets off none."""
        if self.support is not None:
            raise LookupError("a support person sets off no work of the tenant")
        return Scope.system(self.tenant, self.request_id)

    def through(self, client: str, session_key: str = "") -> Scope:
        """The same, as it came in. Nobody gets from the hash to the key, which would open the session."""
        session = hashlib.sha256(session_key.encode()).hexdigest()[:32] if session_key else ""
        return replace(self, client=client, session=session)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        outer: Scope | None = getattr(connection, "chancery_scope", None)
        if outer is not None and outer != self:
            raise ScopesDoNotNestError(
                f"{self.kind} inside {outer.kind}: leave the first transaction before the second"
            )
        if outer is not None:
            # It joins the first one, without a savepoint: a part that failed must not be left out of a whole that commits.
            with transaction.atomic(savepoint=False):
                yield
            return
        inside_another = connection.in_atomic_block
        with transaction.atomic():
            # Of a support person Postgres hears which opening it is: all that it lets them see rests on that row.
            who = self.support.access if self.support else self.actor
            _tell(str(self.tenant), str(self.kind), str(who or ""))
            connection.chancery_scope = self  # type: ignore[attr-defined]
            try:
                yield
                if inside_another and not connection.needs_rollback:
                    _tell("", "", "")
            finally:
                connection.chancery_scope = None  # type: ignore[attr-defined]


def _tell(tenant: str, kind: str, actor: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('chancery.tenant', %s, true), set_config('chancery.actor_kind', %s, true),"
            " set_config('chancery.person', %s, true)",
            [tenant, kind, actor],
        )
