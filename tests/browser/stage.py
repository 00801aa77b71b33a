"""What the pages show while they are looked at: a tenant with something of everything, and one with nothing."""

from __future__ import annotations

import uuid
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

from django.test import Client
from django.utils import timezone

from assistant import conversations, models
from assistant.conversations import assistants, prompts, sharing, threads
from assistant.operators import sign_in as operators_door
from assistant.showing import notices
from governance import assignments, grants, groups, invitations, keys, people, quotas, tenants
from governance import models as governed
from governance.audit import events, interactions, reading
from governance.audit.bundle import asking as bundles
from governance.audit.lifecycle import erasure, holds, retention
from governance.audit.lifecycle.classes import Class
from governance.audit.officers import cases, openings
from governance.audit.out import targets
from governance.audit.vocabulary import Event
from governance.identity import providers
from governance.policy import documents, versions
from governance.policy.replay import runs, tasks, work
from governance.policy.rules import Action
from governance.policy.rules import Stage as PolicyStage
from governance.quotas import limits, prices
from governance.quotas.models import Measure, Per
from governance.quotas.prices import Priced
from governance.roles import Level, Role
from governance.scope import Scope
from governance.tenants import Limits
from ingestion import catalog, glossary
from ingestion.documents import removal
from ingestion.leaving import deleted, erasing
from ingestion.models import Chunk, Document, Version
from tests import cast
from tests.assistant import asking, portal, test_operators
from tests.assistant.sso import journeys
from tests.assistant.sso.hostile import Hostile
from tests.assistant.sso.saml import ways
from tests.assistant.sso.saml.idp import Provider
from tests.browser import printed
from tests.governance import policies, sealing, traffic
from tests.governance.aging import keep
from tests.ingestion import shelves

PHONE = "My phone is +49 561 804 2211: how many working days a year may be spent abroad?"
SECRET = "my password is Tr0ub4dor&3x-Kassel"
TABLE = "Rates:\n\n| Level | Rate |\n| --- | --- |\n| L4 | 58 |\n| L5 | 72 |\n"
WHY = "Complaint of the works council"
LEFT = {  # as a worker leaves them: (status, notice)
    "failed": ("failed", notices.FAILED_THRICE),
    "interrupted": ("interrupted", notices.BROKE_OFF),
    "queued": ("queued", ""),
    "away": ("queued", notices.MODEL_AWAITED),
}
UNREADABLE = {"error": "The file has a password.", "remedy": "Remove it, and upload the file again.", "error_code": "x"}
VERSIONS: list[dict[str, Any]] = [
    {"status": "ready", "pages": 3, "chunks": 2},
    {"status": "failed", **UNREADABLE},
    {"status": "rejected", **UNREADABLE},
    {"status": "quarantined", **UNREADABLE},
]
BUSY: list[dict[str, Any]] = [{"status": "queued"}, {"status": "processing", "stage": "embed", "done": 3, "total": 10}]


@dataclass
class Stage:
    """`ids` fill the addresses; `cookies` are the sessions of everybody by name."""

    house: cast.House
    bare: cast.House  # with nothing in it
    strict: cast.House  # whose people come in through their provider alone
    second: cast.House  # where words of the record take two officers to open
    idp: Hostile
    ids: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)


def built(idp: Hostile) -> Stage:
    from tests.browser import accounts, doors, evaluating, requesting, sources, supporting  # they read this module

    house, bare, strict, second = (cast.house(f"{letter}{uuid.uuid4().hex[:10]}") for letter in "abcd")
    made = Stage(house, bare, strict, second, idp, {"slug": house.slug, "tenant": house.tenant, "nobody": uuid.uuid4()})
    _sessions(made)  # before a provider is the only way in
    _library(made)
    requesting.label(made)
    sources.build(made)
    evaluating.build(made)
    accounts.build(made)
    _conversations(made)
    _admins(made)
    requesting.rule(made)
    requesting.build(made)
    doors.build(made)
    supporting.build(made)
    _record(made)
    _replays(made)
    made.ids["index"] = shelves.index_beside(house, "building")
    shelves.index_beside(second, "retired")
    shelves.index_beside(second, "ready")
    _kept_and_gone(made)
    return made


def _library(made: Stage) -> None:
    house, ids = made.house, made.ids
    ids["handbook"] = asking.shelf(house, asking.RULE, TABLE, "Trips are booked by the travel desk.")
    with house.system.transaction():
        chunk = Chunk.objects.filter(tenant_id=house.tenant, collection_id=ids["handbook"]).order_by("ordinal")[1]
    ids |= {"chunk": chunk.pk, "document": chunk.document_id}
    for name, states in (("papers", VERSIONS), ("intake", BUSY)):
        ids[name] = catalog.create(house.ada, name.title(), "What the committee wrote").pk
        for wanted in states:
            ids[f"{wanted['status']}-paper"] = _document(house, ids[name], wanted)
    ids["printed"], ids["printed-chunk"] = printed.paper(house, ids["papers"])
    ids["blank"] = catalog.create(house.ada, "Blank").pk
    _deleted(made)
    grants.give(house.ada, ids["papers"], grants.Holder(person=house.ids["charlie"]), Level.READ, denies=True)
    shut = catalog.create(made.strict.ada, "Nothing is ready here").pk
    grants.give(made.strict.ada, shut, grants.Holder(person=made.strict.ids["olga"]), Level.READ)


def _deleted(made: Stage) -> None:
    """A document in the bin, and a collection in each of its ends."""
    house, ids = made.house, made.ids
    removal.delete(house.ada, _document(house, ids["intake"], VERSIONS[0]))
    for name in ("binned", "going", "erased"):
        ids[name] = catalog.create(house.ada, f"Minutes, {name}").pk
        _document(house, ids[name], VERSIONS[0])
        catalog.delete(house.ada, ids[name])
    for name in ("erased", "going"):
        deleted.purge(house.ada, ids[name])
        with mock.patch.object(erasing, "_finished", return_value=False) if name == "going" else nullcontext():
            erasing.turn(house.system, ids[name])


def _document(house: cast.House, collection: uuid.UUID, wanted: dict[str, Any]) -> uuid.UUID:
    made = shelves.document(house.system, collection, ["A first passage.", "And a second."])
    steps = [{"stage": stage, "at": timezone.now().isoformat(), "note": ""} for stage in ("parse", wanted["status"])]
    with house.system.transaction():
        Version.objects.filter(pk=made.pk).update(**wanted, timeline=steps)
        Document.objects.filter(pk=made.document_id).update(name=f"minutes, {wanted['status']}.pdf")
    return made.document_id


def _conversations(made: Stage) -> None:
    house, ids = made.house, made.ids
    _allow_model_only(house)
    bob = house.bob
    asked = {
        "answered": asking.answered(bob),
        "redacted": asking.answered(bob, PHONE),
        "refused": asking.answered(bob, asking.OFF_TOPIC),
        "blocked": asking.ask(bob, SECRET),
        "alone": asking.answered(bob, "What is a memorandum?", is_model_only=True),
        "cancelled": conversations.cancel(bob, asking.ask(bob, "Who books the trips?").pk),
        "deleted": conversations.cancel(bob, asking.ask(bob, "What is to be deleted?").pk),
        **{name: _left(bob, name, *left) for name, left in LEFT.items()},
    }
    part = {"tenant_id": bob.tenant, "person_id": bob.person, "answer": asked["interrupted"], "ordinal": 0}
    with bob.transaction():
        models.Segment.objects.create(**part, text="Nobody has **said** so, in `no` paper. ", is_supported=False)
    conversations.give_feedback(bob, asked["refused"].pk, -1, "It is on page three.")
    ids |= {name: row.conversation_id for name, row in asked.items()}
    ids |= {f"{name}-answer": row.pk for name, row in asked.items()}
    threads.delete(bob, asked["deleted"].conversation_id)
    threads.pin(bob, asked["answered"].conversation_id, is_pinned=True)
    ids["other-version"] = asking.answered(bob, replaces=asking.answered(bob).pk).pk
    sharing.share(bob, asked["answered"].conversation_id, grants.Holder(person=house.ids["ada"]))
    drafted = assistants.Draft(
        "Travel desk",
        "Trips and what they cost",
        "Be brief.",
        starters=["How many days?"],
        is_for_all=True,
        origins=["https://intranet.example"],
    )
    ids["assistant"] = assistants.compose(house.ada, drafted).pk
    ids["desk"] = asking.answered(bob, assistant=ids["assistant"]).conversation_id
    ids["prompt"] = prompts.create(bob, "Rules", "What are the rules for {what}?", is_shared=True).pk


def _left(scope: Scope, name: str, status: str, notice: str) -> models.Answer:
    row = asking.ask(scope, f"What of a question that is {name}?")
    with scope.transaction():
        # Nobody may take it as long as the pages are looked at: whoever is rung for another would.
        held = timezone.now() + timedelta(hours=2) if status == "queued" else None
        models.Answer.objects.filter(pk=row.pk).update(status=status, notice=notice, lease_until=held)
    return row


def _allow_model_only(house: cast.House) -> None:
    row = tenants.current(house.ada)
    names = [name for name in Limits.__dataclass_fields__ if name != "allows_model_only"]
    tenants.change(house.ada, row.name, Limits(**{name: getattr(row, name) for name in names}, allows_model_only=True))


def _limit(house: cast.House) -> None:
    """Of each kind, with a price, and Bob has come so far that he is told."""
    prices.write(house.ada, "EUR", {quotas.USUAL: Priced(Decimal("0.0004"), Decimal("0.0016"))})
    for subject, measure, per, amount in (
        (limits.Subject(is_each=True), Measure.TOKENS, Per.DAY, 2_000_000),
        (limits.Subject(group=house.team), Measure.SECONDS, Per.MONTH, 360_000),
        (limits.Subject(person=house.ids["ada"]), Measure.TOKENS, Per.DAY, 9_000_000),
        (limits.Subject(model=quotas.USUAL), Measure.MONEY, Per.MONTH, 900),
    ):
        limits.write(house.ada, limits.Draft(subject, measure, per, Decimal(amount)))
    number = uuid.uuid4()
    quotas.reserve(house.bob, number, 1_000, 1_700_000)
    quotas.settle(house.bob, number, 1_000, 1_650_000, seconds=300_000)


def _admins(made: Stage) -> None:
    house, ids = made.house, made.ids
    ids |= {"person": house.ids["bob"], "ada": house.ids["ada"], "team": house.team}
    ids["nobodys"] = groups.create(house.ada, "Nobody's group")
    keys.issue(house.ada, house.ids["ada"], "Reports", ["ask", "read"], 90)
    _limit(house)
    glossary.add(house.ada, "PTO", ["paid time off", "annual leave"])
    ids["token"] = invitations.issue(house.ada, house.ids["charlie"])
    ids["draft"] = _a_draft(house)
    groups.delete(made.bare.ada, made.bare.team)
    listed = frozenset({("idp-team", house.team)})
    ids["provider"] = providers.create(house.ada, journeys.draft(house, made.idp.issuer, groups=listed))
    ids["saml"] = providers.create(house.ada, ways.draft(house, Provider(), is_enabled=False))
    with house.ada.transaction():
        linked = {"tenant_id": house.tenant, "person_id": house.ids["bob"], "subject": "bob"}
        governed.Identity.objects.create(**linked, issuer=made.idp.issuer)
    made.idp.claims = {"email": f"sam@{house.slug}.example", "email_verified": True, "groups": ["idp-team", "cyclists"]}
    providers.create(made.strict.ada, journeys.draft(made.strict, made.idp.issuer, is_required=True))
    ids["strict_slug"] = made.strict.slug
    _targets(made)


def _targets(made: Stage) -> None:
    house, ids = made.house, made.ids
    for name, address in (("siem", "https://siem.example/in"), ("deaf", "https://deaf.example/in")):
        ids[name] = targets.create(house.ada, targets.Draft(name.upper(), "webhook", address, "jsonl"))[0]
    now = timezone.now()
    with house.system.transaction():
        governed.ForwardCursor.objects.filter(target=ids["deaf"]).update(
            failures=7, failing_since=now, next_try_at=now, last_error="deaf.example does not answer (ConnectTimeout)."
        )


def _a_draft(house: cast.House) -> int:
    """One rule more than what is in force, whose test texts are missing, and another that went."""
    number = versions.draft(house.ada, "Falcon is closed").number
    falcon = policies.words("project-falcon", PolicyStage.INPUT, Action.BLOCK, "Falcon", fixtures=())
    versions.put_rule(house.ada, number, documents.of(falcon))
    versions.remove_rule(house.ada, number, "control-tokens-upload")
    return number


def _record(made: Stage) -> None:
    """An event that carries words, and an answer of the officer's own."""
    page = reading.listed(made.house.olga, interaction=made.ids["redacted-answer"], action="prompt.received")
    made.ids["event"] = page.events[0].id
    made.ids["own-answer"] = asking.ask(made.house.olga, SECRET).pk
    made.ids["case"] = cases.create(made.house.olga, "What the works council asked", "within=24h").pk
    cases.add(made.house.olga, made.ids["case"], [made.ids["redacted-answer"], made.ids["own-answer"]])
    cases.note(made.house.olga, made.ids["case"], "Nobody told him that\nit is recorded.")
    made.ids["bundle"] = bundles.ask(made.house.olga, action="prompt.received")
    sealing.seal(made.house)
    made.ids["late-event"] = events.record(made.house.bob, Event.SIGNED_OUT)
    made.ids["late-bundle"] = bundles.ask(made.house.olga)
    _second(made)


def _second(made: Stage) -> None:
    """A tenant where opening takes two officers, with one question of each kind."""
    house = made.second
    assignments.give(house.system, house.ids["charlie"], Role.COMPLIANCE_OFFICER)
    tenants.need_second_officer(house.ada, needed=True)
    for name in ("second", "waiting", "approved", "declined"):
        made.ids[f"{name}-answer"] = asking.ask(house.bob, SECRET).pk
    asked = {
        name: openings.ask(house.olga, "interaction", made.ids[f"{name}-answer"], WHY, "C-17").pk
        for name in ("waiting", "approved", "declined")
    }
    openings.ask(house.charlie, "interaction", made.ids["second-answer"], WHY)
    for name in ("approved", "declined"):
        openings.decide(house.charlie, asked[name], approves=name == "approved")


def _replays(made: Stage) -> None:
    """Of a draft that frees what was blocked, of one that changes nothing, one in the middle, stopped and failed."""
    house, ids = made.second, made.ids
    draft, period = traffic.drafted(house).number, (timezone.now() - timedelta(days=1), timezone.now())
    with mock.patch.object(tasks, "ring"):
        for name, version in (("done", draft), ("idle", 1), ("stopped", draft), ("failed", draft), ("", draft)):
            row = runs.start(house.olga, version, *period, WHY)
            ids[f"{name}-replay".lstrip("-")] = row.pk
            if name in {"done", "idle"}:
                work.stretch(house.tenant, row.pk)
            elif name:
                runs.cancel(house.olga, row.pk)
    with house.system.transaction():
        rows = governed.PolicyReplay.objects
        rows.filter(pk=ids["failed-replay"]).update(status="failed", fault="came_to_nothing")
        rows.filter(pk=ids["replay"]).update(seen=2, total=5)


def _kept_and_gone(made: Stage) -> None:
    """Somebody looked; periods, holds that stand and that were lifted; requests in each of their states."""
    house, ids = made.house, made.ids
    interactions.open_words(house.olga, ids["answered-answer"], WHY)
    keep(house, Class.ANSWERS, 400)
    retention.change(house.ada, Class.CONVERSATIONS, 90)
    retention.run(house.tenant)
    eve, erin = (people.create(house.system, f"{name}@{house.slug}.example", name.title()) for name in ("eve", "erin"))
    ids["done"] = erasure.request_for(house.olga, eve, "She wrote on the third of March.").pk
    erasure.approve(house.ada, ids["done"])
    ids["no"] = erasure.request_for(house.olga, erin, "She wrote on the third of March.").pk
    erasure.refuse(house.ada, ids["no"], "The law has us keep it until May.")
    ids["asked"] = erasure.request(house.bob, "I leave at the end of the month.").pk
    ids["held"] = erasure.request(house.charlie).pk
    holds.place(house.olga, "A claim against the company was announced.", about=house.ids["charlie"])
    lifted = holds.place(house.olga, "A complaint about this answer.", interaction=ids["refused-answer"])
    holds.lift(house.olga, lifted, "The complaint was withdrawn.")


def _sessions(made: Stage) -> None:
    who = {name: (made.house, name) for name in ("ada", "bob", "charlie", "olga")}
    who |= {
        "bare ada": (made.bare, "ada"),
        "strict olga": (made.strict, "olga"),
        "second olga": (made.second, "olga"),
        "second ada": (made.second, "ada"),
    }
    for name, (house, person) in who.items():
        made.cookies[name] = _kept(portal.signed_in(house, person), "/")
    operator = test_operators.made()
    made.ids["operator"] = operator.pk
    made.cookies["operator"] = _kept(test_operators.signed_in(operator), operators_door.DOOR)
    made.cookies["nobody"] = {}


def _kept(client: Client, path: str) -> dict[str, str]:
    return {name: morsel.value for name, morsel in client.cookies.items() if morsel["path"] == path}
