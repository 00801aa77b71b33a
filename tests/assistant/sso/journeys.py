"""Ways through the sign-in, as a browser takes them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from django.test import Client

from governance import models
from governance.identity import providers
from governance.identity.refusals import Reason
from tests.assistant.sso.hostile import Hostile
from tests.cast import House
from tests.governance.database import leaves

CLIENT = "chancery"
SECRET = "a secret that no dump may show"


def filled(house: House, issuer: str) -> dict[str, str]:
    """What an admin writes into the form of a provider, by its labels."""
    return {
        "Name": "Acme ID",
        "Issuer": issuer,
        "Client id": CLIENT,
        "Client secret": SECRET,
        "E-mail domains": f"{house.slug}.example",
        "Claim with the groups": "groups",
    }


def draft(house: House, issuer: str, **changes: Any) -> providers.Draft:
    made = providers.Draft(
        name="Acme ID",
        issuer=issuer,
        client_id=CLIENT,
        client_secret=SECRET,
        domains=(f"{house.slug}.example",),
        is_enabled=True,
    )
    return replace(made, **changes)


@dataclass
class Door:
    """One tenant's provider, and one browser before it."""

    house: House
    provider: uuid.UUID
    idp: Hostile
    browser: Client

    @property
    def address(self) -> str:
        return f"/t/{self.house.slug}/sso/{self.provider}"

    def leave(self, **sent: str) -> str:
        """To the provider: the address that the browser is sent to."""
        response = self.browser.get(f"{self.address}/start", sent)
        assert response.status_code == 302
        return str(response["Location"])

    def come_back(self, address: str) -> Any:
        return self.browser.get(address.removeprefix("http://testserver"))

    def sign_in(self, **sent: str) -> Any:
        return self.come_back(self.idp.authorize(self.leave(), **sent))

    @property
    def person(self) -> str | None:
        found: str | None = self.browser.session.get("_auth_user_id")
        return found

    def refusals(self, action: str = "session.refused") -> list[str]:
        return [leaf["facts"]["reason"] for leaf in leaves(self.house, action)]

    def log_out(self, token: Any, slug: str = "", provider: uuid.UUID | None = None) -> Any:
        """As the provider's server, which has no cookies of ours."""
        address = f"/t/{slug or self.house.slug}/sso/{provider or self.provider}/backchannel"
        return Client(enforce_csrf_checks=True).post(address, {"logout_token": token} if token is not None else {})

    @property
    def is_in(self) -> bool:
        """By the next request."""
        return bool(self.browser.get("/c/list").status_code == 200)


def door(house: House, idp: Hostile, **changes: Any) -> Door:
    provider = providers.create(house.ada, draft(house, idp.issuer, **changes))
    idp.claims = {"email": f"sam@{house.slug}.example", "email_verified": True, "name": "Sam Ortiz"}
    return Door(house, provider, idp, Client())


def assert_refused(door: Door, response: Any, *reasons: Reason) -> None:
    assert door.person is None
    assert response.status_code == 302
    assert response["Location"] == f"/t/{door.house.slug}/"
    assert door.refusals() == list(reasons)
    with door.house.system.transaction():
        assert not models.Identity.objects.exists()
    assert leaves(door.house, "session.signed_in") == []
