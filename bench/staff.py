"""A tenant for a bench: an admin, a shelf that the staff may read, and people with a key each. Inside Django."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from governance.scope import Scope


@dataclass(frozen=True)
class Staffed:
    """`admin` is the scope of who runs it; `keys` are the people's."""

    system: Scope
    admin: Scope
    shelf: uuid.UUID
    keys: list[str]


@dataclass(frozen=True)
class House:
    """A tenant of a bench's own, with room for all that it puts in; `admin` is who does."""

    system: Scope
    admin: Scope


def house(name: str) -> House:
    from governance import people, tenants
    from governance.models import Tenant
    from governance.roles import Role
    from governance.scope import Scope

    slug = f"{name}-{secrets.token_hex(4)}"
    tenant = tenants.create(slug, name.title(), domain=f"{slug}.example")
    system = Scope.system(tenant)
    with system.transaction():
        Tenant.objects.filter(pk=tenant).update(documents_max=1_000_000)
    password = secrets.token_hex(16)
    admin = people.create(system, f"admin@{slug}.example", "Admin", password=password, roles=[Role.TENANT_ADMIN])
    return House(system, people.scope_in(tenant, admin))


def made(slug: str, people_amount: int) -> Staffed:
    from governance import grants, groups, keys, people, tenants
    from governance.roles import Level, Role
    from governance.scope import Scope
    from ingestion import catalog

    tenant = tenants.create(slug, "Bench")
    system = Scope.system(tenant)
    ada = people.create(system, f"ada@{slug}.example", "Ada", roles=[Role.TENANT_ADMIN])
    staff = groups.create(system, "Staff")
    issued = []
    for number in range(people_amount):
        person = people.create(system, f"p{number}@{slug}.example", f"Person {number}")
        groups.add(system, staff, person)
        issued.append(keys.issue(system, person, "bench", ["all"], 1))
    admin = people.scope_in(tenant, ada)
    shelf = catalog.create(admin, "Rules").pk
    grants.give(admin, shelf, grants.Holder(group=staff), Level.READ)
    return Staffed(system, admin, shelf, issued)
