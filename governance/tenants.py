"""Tenants: made by operators, found before anyone is signed in."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.db import IntegrityError, connection

from governance import access, models, naming
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound
from governance.policy import versions
from governance.roles import Role
from governance.scope import Scope
from governance.sentence import phrase, sentence

OFFICERS_LEAST = 2
KEY_DAYS = 366
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]")


@dataclass(frozen=True)
class Found:
    id: uuid.UUID
    slug: str
    name: str


@dataclass(frozen=True)
class Limits:
    """What a tenant may take from the machine that all share. `tokens_per_day` is None where nothing is counted off."""

    answers_running_max: int
    answers_waiting_max: int
    answers_per_person_max: int
    documents_max: int
    tokens_per_day: int | None
    allows_model_only: bool

    def checked(self) -> Limits:
        """Itself. Raises InvalidInput naming the limit that is out of bounds."""
        for field, (name, least, most) in BOUNDS.items():
            value = getattr(self, field)
            if value is not None and not least <= value <= most:
                raise InvalidInput(
                    sentence("%(name)s: give a number from %(least)s to %(most)s.", name=name, least=least, most=most)
                )
        return self


@dataclass(frozen=True)
class Demands:
    """What must hold of the record for anything to be answered: see `audit.health`."""

    demands_witness: bool = False
    demands_forwarding: bool = False


BOUNDS = {
    "answers_running_max": (phrase("Answers at the same time"), 1, 1_000),
    "answers_waiting_max": (phrase("Questions that wait"), 1, 10_000),
    "answers_per_person_max": (phrase("Answers under way for one person"), 1, 100),
    "documents_max": (phrase("Documents"), 1, 10_000_000),
    "tokens_per_day": (phrase("Tokens a day"), 1_000, 2_000_000_000),
}


def create(
    slug: str,
    name: str,
    *,
    domain: str = "",
    is_demo: bool = False,
    operator: uuid.UUID | None = None,
    request_id: str = "",
) -> uuid.UUID:
    """A tenant with its partitions and the default policy. `operator` is whose doing it is, where one signed in for it.

    Raises InvalidInput or Conflict.
    """
    if not SLUG.fullmatch(slug):
        raise InvalidInput("A tenant's short name is 2 to 60 of a-z, 0-9 and hyphens.")
    tenant = uuid.uuid4()
    scope = Scope.system(tenant, request_id)
    try:
        _create(scope, (tenant, slug, name, domain.lower(), is_demo), operator)
    except IntegrityError:
        raise Conflict(
            sentence("There is a tenant of that short name or e-mail domain already: %(slug)s.", slug=slug)
        ) from None
    return tenant


def _create(scope: Scope, row: tuple[uuid.UUID, str, str, str, bool], operator: uuid.UUID | None) -> None:
    _, slug, name, _, is_demo = row
    with scope.transaction():
        with connection.cursor() as cursor:
            cursor.execute("SELECT chancery.create_tenant(%s, %s, %s, %s, %s)", row)
        versions.found(scope)
        facts = {"demo": is_demo} | ({"operator": operator} if operator else {})
        events.record(scope, Event.TENANT_CREATED, facts=facts, payload={"slug": slug, "name": name})


def find_for_login(slug_or_domain: str) -> Found | None:
    """By short name, or by the domain of an e-mail address."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, slug, name FROM chancery.tenant_for_login(%s)", [slug_or_domain.strip().lower()])
        row = cursor.fetchone()
    return Found(*row) if row else None


def current(scope: Scope) -> models.Tenant:
    with scope.transaction():
        return models.Tenant.objects.get(pk=scope.tenant)


def change(scope: Scope, name: str, limits: Limits, demands: Demands | None = None) -> models.Tenant:
    """Its name, what it may take, and what it demands (None: as it is). Raises Forbidden, InvalidInput."""
    access.require(scope, Action.TENANT_MANAGE)
    after: dict[str, object] = {"name": naming.checked(name)} | asdict(limits.checked())
    if demands is not None:
        after |= asdict(demands)
    return write(scope, after)


def need_second_officer(scope: Scope, *, needed: bool) -> models.Tenant:
    """Whether words of the record are opened only where another officer approved it. Raises Forbidden and Conflict."""
    access.require(scope, Action.TENANT_MANAGE)
    if needed and officers(scope) < OFFICERS_LEAST:
        raise Conflict("There has to be a second compliance officer first: nobody approves what they asked for.")
    return write(scope, {"opening_needs_second": needed})


def rule_keys(scope: Scope, *, allows_personal: bool, days_max: int) -> models.Tenant:
    """Whether people have keys of their own, which end at the next request where not, and how long a new key lives at most.

    Raises Forbidden and InvalidInput.
    """
    access.require(scope, Action.TENANT_MANAGE)
    if not 1 <= days_max <= KEY_DAYS:
        raise InvalidInput(sentence("A key lives 1 to %(most)s days.", most=KEY_DAYS))
    return write(scope, {"allows_personal_keys": allows_personal, "key_days_max": days_max})


def officers(scope: Scope) -> int:
    """How many compliance officers there are who are not switched off."""
    with scope.transaction():
        given = models.RoleAssignment.objects.filter(
            role=str(Role.COMPLIANCE_OFFICER), person__is_active=True, person__is_service=False
        )
        given = given.filter(access.counting())
        return given.values("person").distinct().count()


def write(scope: Scope, after: Mapping[str, object]) -> models.Tenant:
    """These fields, with their record, where any of them is another now. Who may is decided by whoever calls.

    Raises NotFound.
    """
    with scope.transaction():
        row = models.Tenant.objects.select_for_update().filter(pk=scope.tenant).first()
        if row is None:
            raise NotFound("There is no such tenant.")
        before = {field: getattr(row, field) for field in after}
        for field, value in after.items():
            setattr(row, field, value)
        changed = [field for field in after if before[field] != after[field]]
        if changed:
            row.save(update_fields=changed)
            payload = {"before": before, "after": dict(after)}
            events.record(scope, Event.TENANT_CHANGED, facts={"changed": changed}, payload=payload)
    return row


def every() -> list[uuid.UUID]:
    """All tenants' ids, for sweeps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.tenants()")
        return [row[0] for row in cursor.fetchall()]
