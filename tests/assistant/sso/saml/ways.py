"""Ways through a sign-in by SAML, as a browser takes them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from django.test import Client

from assistant.sso.saml import metadata
from governance.identity import providers
from tests.assistant.sso.saml.idp import Provider
from tests.cast import House
from tests.governance.database import leaves


def draft(house: House, idp: Provider, *, subject: str = "", **changes: Any) -> providers.Draft:
    found = metadata.read(idp.metadata())
    made = providers.Draft(
        name="Acme SAML",
        issuer=found.issuer,
        client_id="",
        client_secret=None,
        domains=(f"{house.slug}.example",),
        vouches_for_addresses=True,
        is_enabled=True,
        saml=providers.Saml(found.sign_in_address, found.certificates, subject_claim=subject),
    )
    return replace(made, **changes)


@dataclass
class Door:
    """One tenant's provider, and one browser before it."""

    house: House
    provider: uuid.UUID
    idp: Provider
    browser: Client

    @property
    def address(self) -> str:
        return f"/t/{self.house.slug}/sso/{self.provider}"

    def leave(self, **sent: str) -> str:
        """To the provider: the address that the browser is sent to."""
        response = self.browser.get(f"{self.address}/start", sent)
        assert response.status_code == 302
        return str(response["Location"])

    def post(self, fields: dict[str, str]) -> Any:
        """As from another site: without a cookie of ours, which a browser does not send along."""
        return Client(enforce_csrf_checks=True).post(f"{self.address}/answer", fields)

    def come_back(self, fields: dict[str, str]) -> Any:
        response = self.post(fields)
        if response.status_code != 303:
            return response
        return self.browser.get(str(response["Location"]))

    def sign_in(self, **told: Any) -> Any:
        return self.come_back(self.idp.respond(self.leave(), **told))

    @property
    def person(self) -> str | None:
        found: str | None = self.browser.session.get("_auth_user_id")
        return found

    def refusals(self) -> list[str]:
        found = leaves(self.house, "session.refused")
        assert {leaf["facts"]["method"] for leaf in found} <= {"saml"}
        return [leaf["facts"]["reason"] for leaf in found]


def door(house: House, idp: Provider, **changes: Any) -> Door:
    row = providers.create(house.ada, draft(house, idp, **changes))
    idp.attributes = {"email": [f"sam@{house.slug}.example"], "displayName": ["Sam Ortiz"]}
    return Door(house, row, idp, Client())
