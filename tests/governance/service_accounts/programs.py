"""A service account in a house, as tests need it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from governance import keys
from governance.scope import Scope
from governance.service_accounts import accounts, acting, service_keys
from governance.service_accounts.accounts import Draft
from governance.service_accounts.service_keys import Made, Narrowed
from tests.cast import House


@dataclass
class Program:
    """A program that Ada runs and Bob answers for, and one key of it."""

    house: House
    id: uuid.UUID
    key: Made

    @property
    def scope(self) -> Scope:
        return self.by(self.key.secret)

    def by(self, secret: str, address: str = "") -> Scope:
        found = keys.resolve(secret, address=address)
        assert found is not None, "the key opens nothing"
        return found

    def another(self, *scopes: str, days: int = 30, **narrowed: Any) -> Made:
        return service_keys.issue(self.house.ada, self.id, "Another", scopes, days, Narrowed(**narrowed))

    def token(self, person: str = "bob", **more: Any) -> str:
        return acting.exchange(self.scope, self.house.ids[person], "named", **more).secret


def program(house: House, *scopes: str, acts_for: str = "nobody", **narrowed: Any) -> Program:
    """Its key may `scopes`."""
    made = accounts.create(house.ada, Draft("Reports", "Writes the monthly figures.", house.ids["bob"]))
    if acts_for != "nobody":
        accounts.permit(house.ada, made, acts_for, house.team if acts_for == "group" else None)
    key = service_keys.issue(house.ada, made, "Nightly run", scopes or ("ask",), 30, Narrowed(**narrowed))
    return Program(house, made, key)
