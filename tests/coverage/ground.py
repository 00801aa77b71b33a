"""What a deed needs: one tenant with something of each kind in it, and everybody who may do the deed."""

from __future__ import annotations

import functools
import io
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from assistant import conversations, models
from assistant.conversations import assistants, attachments, prompts, sharing
from governance import custom_roles, grants, groups, invitations, keys, labels, operators, people, support, tenants
from governance import models as governed
from governance.audit.lifecycle import erasure, holds
from governance.audit.officers import cases, openings
from governance.audit.out import targets
from governance.policy import documents, publishing, versions
from governance.policy.replay import runs, work
from governance.policy.rules import Action, Stage
from governance.quotas import limits
from governance.quotas.limits import Draft as LimitDraft
from governance.quotas.limits import Subject as LimitOf
from governance.quotas.models import Measure, Per
from governance.roles import Role, SupportLevel
from ingestion import catalog
from ingestion.documents import removal, uploads
from ingestion.models import Chunk, Document, Version
from tests.assistant import asking, portal
from tests.assistant.portal import Furnished
from tests.cast import House
from tests.governance import policies
from tests.governance.service_accounts import programs
from tests.governance.service_accounts.programs import Program

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

    def asked(self) -> uuid.UUID:
        """What this operator asks to be let see."""
        self.operator.post(
            f"/operators/tenants/{self.house.tenant}/support",
            {"ticket": "T-1", "reason": "Nothing is read.", "level": "3", "hours": "4"},
        )
        return support.listed(self.house.ada)[0].access.pk

    def opened(self) -> uuid.UUID:
        """To any operator: reading what is in the room."""
        draft = support.Draft("T-1", "Nothing is read.", SupportLevel.READING, 4, frozenset({self.room.collection}))
        return support.offer(self.house.ada, "", draft)

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

    def kept_back(self) -> uuid.UUID:
        """A document that the upload policy keeps back."""
        document = self.failed()
        with self.house.system.transaction():
            Version.objects.filter(document=document).update(status="quarantined", error_code="policy")
            Chunk.objects.filter(tenant_id=self.house.tenant, document_id=document).update(is_kept_back=True)
        return document

    def deleted(self) -> uuid.UUID:
        removal.delete(self.house.ada, self.room.document)
        return self.room.document

    def deleted_collection(self) -> uuid.UUID:
        catalog.delete(self.house.ada, self.room.collection)
        return self.room.collection

    def labelled(self) -> Ground:
        labels.write(self.house.ada, ["open", "closed"], None)
        return self

    def clearance(self) -> uuid.UUID:
        self.labelled()
        labels.clear(self.house.ada, grants.Holder(group=self.house.team), 1)
        return labels.cleared(self.house.ada)[0].id

    def older(self) -> uuid.UUID:
        """A document with two versions: what it had, and a newer one. Both have their files."""
        made = catalog.create(self.house.ada, "Papers").pk
        for text in (b"# One", b"# Two"):
            row = uploads.upload(self.house.ada, made, "a.md", io.BytesIO(text))
        return row.pk

    def quarantined(self) -> uuid.UUID:
        """A passage that is kept back, as it gave orders."""
        chunk, orders = self.room.chunk, {"action": "block", "score": 1.0, "rules": [{"rule": "orders"}]}
        with self.house.system.transaction():
            Chunk.objects.filter(tenant_id=self.house.tenant, id=chunk).update(is_quarantined=True, orders=orders)
        return chunk

    def hidden(self) -> uuid.UUID:
        """An answer of Bob's that another one stands in the place of."""
        with asking.unrung():
            conversations.ask(self.house.bob, "How many days abroad?", replaces=self.room.answer)
        return self.room.answer

    def written(self) -> uuid.UUID:
        """An answer of Bob's that a model has written."""
        asking.shelf(self.house)
        return asking.answered(self.house.bob).pk

    def limit(self) -> uuid.UUID:
        limits.write(self.house.ada, LimitDraft(LimitOf(model="large"), Measure.TOKENS, Per.DAY, Decimal(5_000)))
        return next(one.id for one in limits.listed(self.house.ada) if one.of == "model" and one.id)

    def share(self) -> uuid.UUID:
        """Of Bob's conversation, with Charlie."""
        holder = grants.Holder(person=self.house.ids["charlie"])
        return sharing.share(self.house.bob, self.room.conversation, holder).pk

    def attached(self) -> uuid.UUID:
        """To Bob's conversation."""
        file = io.BytesIO(b"# Notes\n\nThe lift is out of order.")
        return attachments.attach(self.house.bob, self.room.conversation, "notes.md", file, 35).pk

    def prompt(self) -> uuid.UUID:
        return prompts.create(self.house.bob, "Rules", "What are the rules for {what}?").pk

    def assistant(self) -> uuid.UUID:
        return assistants.compose(self.house.ada, assistants.Draft("Travel desk")).pk

    def program(self, *scopes: str) -> Program:
        """A service account with a key, which may act for everybody."""
        return programs.program(self.house, *scopes, acts_for="everybody")

    def account(self) -> dict[str, str]:
        return {"name": "Reports", "purpose": "Figures.", "owner": str(self.house.ids["bob"])}

    def group(self) -> uuid.UUID:
        return groups.create(self.house.ada, "Circle")

    def role(self) -> uuid.UUID:
        return custom_roles.create(self.house.ada, f"Librarian {uuid.uuid4().hex[:6]}", ["collection.see"])

    def assignment(self) -> tuple[uuid.UUID, uuid.UUID]:
        role = self.role()
        return role, custom_roles.give(self.house.ada, role, grants.Holder(person=self.house.ids["bob"]))

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
