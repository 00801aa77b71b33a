"""A tenant for a bench: an admin, a shelf that the staff may read, and people with a key each. Inside Django."""

from __future__ import annotations

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
