"""Tenants: made by operators, found before anyone is signed in."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from django.db import IntegrityError, OperationalError, connection

from governance import models
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.policy import rules
from governance.scope import Scope

ATTEMPTS = 4
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]")


@dataclass(frozen=True)
class Found:
    id: uuid.UUID
    slug: str
    name: str


def create(slug: str, name: str, *, domain: str = "", is_demo: bool = False) -> uuid.UUID:
    """A tenant with its partitions and the default policy. Raises InvalidInput or Conflict."""
    if not SLUG.fullmatch(slug):
        raise InvalidInput("A tenant's short name is 2 to 60 of a-z, 0-9 and hyphens.")
    tenant = uuid.uuid4()
    scope = Scope.system(tenant)
    for attempt in range(ATTEMPTS):
        try:
            _create(scope, (tenant, slug, name, domain.lower(), is_demo))
            break
        except IntegrityError:
            raise Conflict(f"There is a tenant of that short name or e-mail domain already: {slug}.") from None
        except OperationalError:
            # Making partitions locks tables that everybody writes to, and Postgres may have to pick a victim.
            if attempt == ATTEMPTS - 1:
                raise
    return tenant


def _create(scope: Scope, row: tuple[uuid.UUID, str, str, str, bool]) -> None:
    tenant, slug, name, _, is_demo = row
    with scope.transaction():
        with connection.cursor() as cursor:
            cursor.execute("SELECT chancery.create_tenant(%s, %s, %s, %s, %s)", row)
        for rule in rules.defaults():
            _store(tenant, rule)
        events.record(scope, Event.TENANT_CREATED, facts={"demo": is_demo}, payload={"slug": slug, "name": name})


def find_for_login(slug_or_domain: str) -> Found | None:
    """By short name, or by the domain of an e-mail address."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, slug, name FROM chancery.tenant_for_login(%s)", [slug_or_domain.strip().lower()])
        row = cursor.fetchone()
    return Found(*row) if row else None


def current(scope: Scope) -> models.Tenant:
    with scope.transaction():
        return models.Tenant.objects.get(pk=scope.tenant)


def every() -> list[uuid.UUID]:
    """All tenants' ids, for sweeps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.tenants()")
        return [row[0] for row in cursor.fetchall()]


def _store(tenant: uuid.UUID, rule: rules.Rule) -> None:
    models.PolicyRule.objects.create(
        tenant_id=tenant,
        name=rule.name,
        version=rule.version,
        stages=sorted(str(stage) for stage in rule.stages),
        detector=rule.detector,
        action=str(rule.action),
        threshold=rule.threshold,
        message=rule.message,
        options=dict(rule.options),
    )
