"""The cast: Ada owns, Bob is on the team, Charlie has no access, and each has their place in every test.

ada       holds `manage` on the collections she makes, and is a tenant admin
bob       an employee in the group "Team"
charlie   an employee of the same tenant without a single grant: the outsider
olga      the compliance officer
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from governance import groups, keys, people, tenants
from governance.roles import Role
from governance.scope import Scope

PASSWORD = "correct horse battery staple"


@dataclass
class House:
    slug: str
    tenant: uuid.UUID
    team: uuid.UUID
    ids: dict[str, uuid.UUID]

    @property
    def system(self) -> Scope:
        return Scope.system(self.tenant)

    def scope(self, name: str) -> Scope:
        """As of now: after a change of roles, groups or grants ask again."""
        return people.scope_in(self.tenant, self.ids[name])

    @property
    def ada(self) -> Scope:
        return self.scope("ada")

    @property
    def bob(self) -> Scope:
        return self.scope("bob")

    @property
    def charlie(self) -> Scope:
        return self.scope("charlie")

    @property
    def olga(self) -> Scope:
        return self.scope("olga")

    def email(self, name: str) -> str:
        return f"{name}@{self.slug}.example"

    def key(self, name: str, scopes: str = "all") -> str:
        return keys.issue(self.system, self.ids[name], "test", [scopes], 1)


def house(slug: str) -> House:
    tenant = tenants.create(slug, f"The {slug} company", domain=f"{slug}.example")
    system = Scope.system(tenant)
    roles = {"ada": [Role.TENANT_ADMIN], "bob": [], "charlie": [], "olga": [Role.COMPLIANCE_OFFICER]}
    ids = {
        name: people.create(system, f"{name}@{slug}.example", name.title(), password=PASSWORD, roles=given)
        for name, given in roles.items()
    }
    team = groups.create(system, "Team")
    groups.add(system, team, ids["bob"])
    return House(slug, tenant, team, ids)
