"""What an officer looks for, and the API as an officer's key calls it."""

from __future__ import annotations

import uuid
from typing import Any

from django.test import Client

from governance.audit import events
from governance.audit.vocabulary import Event
from tests import cast

WHY = "Complaint of the works council"


TITLE = "Complaint of Bob Miller"


def said(house: cast.House, text: str = "my salary is 91000", name: str = "bob") -> uuid.UUID:
    interaction = uuid.uuid4()
    payload = {"text": text}
    facts = {"client": "portal", "characters": len(text), "collections": []}
    events.record(house.scope(name), Event.PROMPT_RECEIVED, interaction=interaction, facts=facts, payload=payload)
    return interaction


def of_api(house: cast.House, name: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {house.key(name, 'record')}"})


def send(client: Client, address: str, how: str = "post", **sent: Any) -> Any:
    return getattr(client, how)(f"/api/v1/audit/{address}", sent, content_type="application/json")
