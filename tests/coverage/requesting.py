"""Deeds of asking for access, and of deciding it."""

from __future__ import annotations

import uuid

from django.test import Client

from governance.audit.vocabulary import Event
from governance.requests import asking, offers
from governance.requests.asking import Wish
from governance.requests.offers import Draft
from governance.roles import Level
from tests.assistant import portal
from tests.coverage.deed import Deed
from tests.coverage.ground import Ground

E = Event
API = "/api/v1/access/requests"
FORM = {"title": "Wages", "summary": "", "level": "1", "approvals": "1", "days": "30", "lapses": "14", "approvers": ""}
WISH = {"level": "1", "days": "5", "reason": "For the audit."}


def offer(g: Ground) -> uuid.UUID:
    return offers.put(g.house.ada, g.room.collection, Draft("Wages")).pk


def charlie(g: Ground) -> Client:
    return portal.signed_in(g.house, "charlie")


def asked(g: Ground) -> uuid.UUID:
    """By Charlie."""
    return asking.ask(g.house.charlie, offer(g), Wish(Level.READ, 5, "For the audit.")).pk


DEEDS = [
    Deed("collection-offer", "post", (E.ACCESS_OFFERED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/offer", FORM)),
    Deed("collection-offer-withdraw", "post", (E.ACCESS_OFFERED, E.ACCESS_LAPSED, E.ACCESS_NOT_OFFERED), lambda g: (
        asked(g), g.ada.post(f"/collections/{g.room.collection}/offer/withdraw"))[1]),
    Deed("api-offer", "put", (E.ACCESS_OFFERED,), lambda g: g.send(
        "ada", "put", f"/api/v1/collections/{g.room.collection}/offer", {"title": "Wages"})),
    Deed("api-offer", "delete", (E.ACCESS_OFFERED, E.ACCESS_NOT_OFFERED), lambda g: (
        offer(g), g.send("ada", "delete", f"/api/v1/collections/{g.room.collection}/offer"))[1]),
    Deed("request-ask", "post", (E.ACCESS_OFFERED, E.ACCESS_ASKED), lambda g: charlie(g).post(
        f"/requests/offers/{offer(g)}", WISH)),
    Deed("api-requests", "post", (E.ACCESS_OFFERED, E.ACCESS_ASKED), lambda g: g.send("charlie", "post", API, {
        "offer": str(offer(g)), "days": 5, "reason": "For the audit."})),
    Deed("request-withdraw", "post", (E.ACCESS_ASKED, E.ACCESS_WITHDRAWN), lambda g: charlie(g).post(
        f"/requests/{asked(g)}/withdraw")),
    Deed("api-request", "delete", (E.ACCESS_ASKED, E.ACCESS_WITHDRAWN), lambda g: g.send(
        "charlie", "delete", f"{API}/{asked(g)}")),
    Deed("request-approve", "post", (E.GRANT_GIVEN, E.ACCESS_APPROVED), lambda g: g.ada.post(
        f"/requests/{asked(g)}/approve", {"level": "1", "days": "4"})),
    Deed("api-request-approve", "post", (E.GRANT_GIVEN, E.ACCESS_APPROVED), lambda g: g.send(
        "ada", "post", f"{API}/{asked(g)}/approve", {"days": 4})),
    Deed("request-refuse", "post", (E.ACCESS_REFUSED,), lambda g: g.ada.post(
        f"/requests/{asked(g)}/refuse", {"answer": "Ask Olga."})),
    Deed("api-request-refuse", "post", (E.ACCESS_REFUSED,), lambda g: g.send(
        "ada", "post", f"{API}/{asked(g)}/refuse", {"answer": "Ask Olga."})),
]  # fmt: skip
