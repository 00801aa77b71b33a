"""A browser without scripts: Django's client, signed in through the door."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.test import Client

from assistant import models
from governance import grants
from governance.identity import providers
from governance.roles import Level
from ingestion import catalog
from ingestion.models import Document
from tests import cast
from tests.ingestion import shelves


def signed_in(house: cast.House, name: str, *, enforces_csrf: bool = False) -> Client:
    client = Client(enforce_csrf_checks=enforces_csrf)
    if enforces_csrf:
        client.get("/")
    sent = {"email": house.email(name), "password": cast.PASSWORD}
    if enforces_csrf:
        sent["csrfmiddlewaretoken"] = client.cookies["csrftoken"].value
    assert client.post(f"/t/{house.slug}/", sent).status_code == 302
    return client


@dataclass
class Furnished:
    """Ada's collection with a ready document that the team may read, and Bob's conversation with one answer."""

    house: cast.House
    collection: uuid.UUID
    document: uuid.UUID
    chunk: uuid.UUID
    grant: uuid.UUID
    conversation: uuid.UUID
    answer: uuid.UUID
    provider: uuid.UUID


def furnished(house: cast.House) -> Furnished:
    made = catalog.create(house.ada, "Handbook", "Rules for everybody")
    grant = grants.give(house.ada, made.pk, grants.Holder(group=house.team), Level.READ)
    version = shelves.document(house.system, made.pk, ["Twenty working days a year may be spent abroad."])
    bob = house.bob
    with bob.transaction():
        conversation = models.Conversation.objects.create(
            tenant_id=bob.tenant, person_id=bob.person, title="Working abroad"
        )
        chunk = _chunk(house, version.document_id)
        answer = models.Answer.objects.create(
            tenant_id=bob.tenant,
            person_id=bob.person,
            conversation=conversation,
            question="How many days abroad?",
            status=models.Status.ANSWERED,
        )
        models.Segment.objects.create(
            tenant_id=bob.tenant,
            person_id=bob.person,
            answer=answer,
            ordinal=0,
            text="**Twenty** days. <script>alert(1)</script>",
            citations=[citation(version.document, chunk)],
            is_supported=True,
        )
    return Furnished(house, made.pk, version.document_id, chunk, grant.pk, conversation.pk, answer.pk, _provider(house))


def _provider(house: cast.House) -> uuid.UUID:
    draft = providers.Draft("Login", "https://login.example", "chancery", None, (f"{house.slug}.example",))
    return providers.create(house.ada, draft)


def citation(document: Document, chunk: uuid.UUID) -> dict[str, object]:
    return {
        "marker": 1,
        "document_id": str(document.pk),
        "document_name": document.name,
        "chunk_id": str(chunk),
        "quote": "Twenty working days",
        "locator": {"page": 3, "heading": "Abroad"},
    }


def _chunk(house: cast.House, document: uuid.UUID) -> uuid.UUID:
    from ingestion.models import Chunk

    return Chunk.objects.get(tenant_id=house.tenant, document_id=document).pk
