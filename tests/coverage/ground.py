"""What a deed needs: one tenant with something of each kind in it, and everybody who may do the deed."""

from __future__ import annotations

import functools
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from assistant import conversations, models
from governance import grants, groups, invitations, keys, operators, people, tenants
from governance import models as governed
from governance.audit.lifecycle import erasure, holds
from governance.audit.officers import cases, openings
from governance.audit.out import targets
from governance.policy import documents, publishing, versions
from governance.policy.replay import runs, work
from governance.policy.rules import Action, Stage
from governance.roles import Role
from ingestion.models import Chunk, Document, Version
from tests.assistant import asking, portal
from tests.assistant.portal import Furnished
from tests.cast import House
from tests.governance import policies

REASON = {"reason": "An audit of the works council asks for it."}
SECRET_QUESTION = "my password is Tr0ub4dor&3x-Kassel"
OPERATORS_PASSWORD = "a rather long passphrase"
RULE = documents.of(policies.words("falcon", Stage.INPUT, Action.BLOCK, "Falcon"))


@dataclass
class Ground:
    house: House

    @functools.cached_property
    def room(self) -> Furnished:
        return portal.furnished(self.house)

    @functools.cached_property
    def ada(self) -> Client:
        return portal.signed_in(self.house, "ada")

    @functools.cached_property
    def bob(self) -> Client:
        return portal.signed_in(self.house, "bob")

    @functools.cached_property
    def olga(self) -> Client:
        return portal.signed_in(self.house, "olga")

    def key(self, name: str) -> Client:
        return Client(headers={"Authorization": f"Bearer {self.house.key(name)}"})

    def send(self, name: str, verb: str, address: str, sent: Any = None) -> Any:
        """By the person's key, as JSON."""
        body = json.dumps(sent if sent is not None else {})
        return getattr(self.key(name), verb)(address, body, content_type="application/json")

    @functools.cached_property
    def operator(self) -> Client:
        email = f"op-{uuid.uuid4().hex[:8]}@installation.example"
        operators.create(email, "Otto", OPERATORS_PASSWORD)
        client = Client()
        client.post("/operators/sign-in", {"email": email, "password": OPERATORS_PASSWORD})
        return client

    @property
    def paper(self) -> SimpleUploadedFile:
        return SimpleUploadedFile("Rules.md", b"# Rules\n\nTwenty working days a year may be spent abroad.\n")

    def question(self) -> models.Answer:
        """Bob's, waiting."""
        with asking.unrung():
            return conversations.ask(self.house.bob, "How many days abroad?")

    def failed(self) -> uuid.UUID:
        """A document that could not be read."""
        room = self.room
        with self.house.system.transaction():
            Version.objects.filter(document=room.document).update(status="failed", error_code="unreadable")
            Document.objects.filter(pk=room.document).update(current=None)
        return room.document

    def quarantined(self) -> uuid.UUID:
        """A passage that is kept back, as it gave orders."""
        chunk, orders = self.room.chunk, {"action": "block", "score": 1.0, "rules": [{"rule": "orders"}]}
        with self.house.system.transaction():
            Chunk.objects.filter(tenant_id=self.house.tenant, id=chunk).update(is_quarantined=True, orders=orders)
        return chunk

    def group(self) -> uuid.UUID:
        return groups.create(self.house.ada, "Circle")

    def api_key(self) -> uuid.UUID:
        keys.issue(self.house.bob, self.house.ids["bob"], "Reports", ["ask"], 1)
        return keys.mine(self.house.bob)[0].pk

    def grant(self) -> uuid.UUID:
        return grants.listed(self.house.ada, self.room.collection)[-1].pk

    def identity(self) -> uuid.UUID:
        with self.house.ada.transaction():
            of = {"tenant_id": self.house.tenant, "person_id": self.house.ids["bob"]}
            return governed.Identity.objects.create(**of, issuer="https://login.example", subject="b").pk

    def provider(self) -> dict[str, Any]:
        return {
            "id": str(uuid.uuid4()), "name": "Login", "issuer": "https://other.example", "client_id": "chancery",
            "domains": f"{self.house.slug}.example", "client_secret": "", "group_claim": "groups",
        }  # fmt: skip

    def invitation(self) -> str:
        return invitations.issue(self.house.ada, self.house.ids["bob"])

    def event(self) -> uuid.UUID:
        from governance.audit import events
        from governance.audit.vocabulary import Event

        return events.record(self.house.bob, Event.PROMPT_RECEIVED, payload={"text": "a question"})

    def interaction(self) -> uuid.UUID:
        from governance.audit import events
        from governance.audit.vocabulary import Event

        one = uuid.uuid4()
        events.record(self.house.bob, Event.PROMPT_RECEIVED, interaction=one, payload={"text": "a question"})
        return one

    def case(self) -> uuid.UUID:
        return cases.create(self.house.olga, "A complaint").pk

    def case_with(self) -> tuple[uuid.UUID, uuid.UUID]:
        """(the case, the interaction in it)"""
        case, one = self.case(), self.interaction()
        cases.add(self.house.olga, case, [one])
        return case, one

    def take_two(self) -> None:
        """Openings take two officers from now on."""
        people.create(self.house.system, "oscar@officers.example", "Oscar", roles=[Role.COMPLIANCE_OFFICER])
        tenants.need_second_officer(self.house.ada, needed=True)

    def opening(self) -> uuid.UUID:
        """Oscar's, which Olga may decide."""
        self.take_two()
        found = people.find_by_email(self.house.system, "oscar@officers.example")
        assert found
        oscar = people.scope_in(self.house.tenant, found.pk)
        return openings.ask(oscar, "interaction", self.interaction(), REASON["reason"]).pk

    def draft(self) -> int:
        """A draft of the policy with one more rule."""
        number = versions.draft(self.house.ada).number
        versions.put_rule(self.house.ada, number, RULE, is_new=True)
        return number

    def incomplete(self) -> int:
        """A draft that lacks a rule which comes with the house."""
        number = self.draft()
        versions.remove_rule(self.house.ada, number, "control-tokens-upload")
        return number

    def published(self) -> int:
        """The first version again has something to be restored from."""
        publishing.publish(self.house.system, self.draft())
        return 1

    def hold(self) -> uuid.UUID:
        return holds.place(self.house.olga, REASON["reason"], about=self.house.ids["bob"])

    def erasure_of_bob(self) -> uuid.UUID:
        return erasure.request(self.house.bob, "I am leaving.").pk

    def period(self) -> dict[str, str]:
        today = datetime.now(UTC).date()
        return {"since": (today - timedelta(days=1)).isoformat(), "until": today.isoformat()}

    def replay(self) -> uuid.UUID:
        """Of a draft, under way."""
        self.event()
        now = datetime.now(UTC)
        return runs.start(self.house.olga, self.draft(), now - timedelta(hours=1), now, REASON["reason"]).pk

    def replayed(self) -> uuid.UUID:
        """To its end."""
        replay = self.replay()
        while work.stretch(self.house.tenant, replay):
            pass
        return replay

    def target(self) -> uuid.UUID:
        draft = targets.Draft("SIEM", "webhook", "https://siem.example/in", "jsonl")
        return targets.create(self.house.ada, draft)[0]
