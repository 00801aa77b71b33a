"""Half a character and NUL, which JSON and forms can hold and no text in Postgres can; and cursors that nobody gave out."""

from __future__ import annotations

import base64
import json
import uuid

from django.test import Client

from governance.requests import offers
from ingestion import catalog
from tests.assistant import portal
from tests.assistant.test_operators import made, signed_in
from tests.cast import House

CASE = {"ticket": "T-4711", "reason": "Nothing is read any more.", "level": "1", "hours": "4"}
PRICE = {"currency": "EUR", "read": "1", "written": "1"}


def test_a_form_with_a_nul_is_told_so(house: House) -> None:
    otto, ada = signed_in(made()), portal.signed_in(house, "ada")
    for client, address, sent in (
        (otto, f"/operators/tenants/{house.tenant}/support", CASE | {"ticket": "T\x00"}),
        (ada, "/support/", CASE | {"reason": "Nothing\x00 at all"}),
        (ada, "/support/", CASE | {"operator": "otto\x00@example.org"}),
        (ada, "/quotas/prices", PRICE | {"model": "usual\x00"}),
    ):
        client.raise_request_exception = False
        assert client.post(address, sent).status_code == 400, address


def cursor(*place: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def test_a_cursor_that_was_never_given_out_is_refused_or_moves_within_what_one_may_see(house: House) -> None:
    shelf, row = catalog.create(house.ada, "Papers").pk, str(uuid.uuid4())
    offers.put(house.ada, shelf, offers.Draft("Papers"))
    client = Client(headers={"Authorization": f"Bearer {house.key('ada')}"}, raise_request_exception=False)
    for address, place, status in (
        ("/api/v1/access/offers", ("\ud800", row), 400),
        ("/api/v1/access/offers", ("a\x00", row), 400),
        ("/api/v1/access/offers", ("a", row, row), 400),
        ("/api/v1/access/offers", ("2026-01-01T00:00:00+00:00", row), 200),  # of another list
        (f"/api/v1/collections/{shelf}/documents", ("\udfff", row), 400),
        ("/api/v1/access/requests", ("0001-01-01T00:00:00+23:59", row), 400),
        ("/api/v1/access/requests", ("9999-12-31T23:59:59-23:59", row), 400),
        ("/api/v1/access/requests", ("2026-01-01T00:00:00-23:59", row), 200),
        ("/api/v1/access/requests", ("9999-12-31T23:59:59+00:00", row), 200),
    ):
        assert client.get(address, {"cursor": cursor(*place)}).status_code == status, (address, ascii(place))
