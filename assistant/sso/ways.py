"""Which providers a sign-in page offers: those of one tenant, found by its short name or by the e-mail's domain."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from governance import tenants
from governance.identity import providers
from governance.scope import Scope


@dataclass(frozen=True)
class Way:
    slug: str
    provider: uuid.UUID
    name: str
    is_required: bool


def offered(slug: str, email: str = "") -> list[Way]:
    """By the domain only the tenant that the operator gave it to is found, and there only who vouches for it."""
    domain = "" if slug else email.strip().rpartition("@")[2].replace("\x00", "")
    tenant = tenants.find_for_login(slug or domain) if slug or domain else None
    if tenant is None:
        return []
    rows = providers.ways(Scope.system(tenant.id), domain)
    return [Way(tenant.slug, row.pk, row.name, row.is_required) for row in rows]
