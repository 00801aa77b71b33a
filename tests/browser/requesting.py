"""The pages of access that is asked for, and what a label and an assistant show on others, in their states."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone

from governance import labels
from governance.grants import Holder
from governance.models import AccessRequest
from governance.policy import documents, versions
from governance.policy.rules import Action, Fixture, Rule
from governance.policy.rules import Stage as PolicyStage
from governance.requests import asking, deciding, offers
from governance.requests.asking import Wish
from governance.requests.offers import Draft
from governance.roles import Level
from ingestion import catalog
from ingestion.documents import restrictions
from tests.browser import stage
from tests.browser.states import State, press, send

NAMES = ("Public", "Internal", "Strictly confidential")
ASK, REFUSE = "form[action^='/requests/offers/']", "form[action$='/refuse']"
OFFER = "/collections/{wages}/offer"
PAGES: list[State] = [
    State("requests", "nothing may be asked for", "bare ada", "/requests/"),
    State("requests", "full, and one to decide", "bob", "/requests/"),
    State("requests", "no such name", "bob", "/requests/?q=zzz"),
    State("requests", "asking", "bob", "/requests/", press("details:has(form[action*='/offers/']) summary")),
    State("requests", "not asked like this", "bob", "/requests/", send(ASK, days="400")),
    State("requests", "to decide, and decided", "ada", "/requests/", press("main > details summary")),
    State("requests", "refusing", "ada", "/requests/", press(f"details:has({REFUSE}) summary")),
    State("requests", "not refused without words", "ada", "/requests/", send(REFUSE, answer="")),
    State("collection-offer", "empty", "ada", "/collections/{blank}/offer"),
    State("collection-offer", "full", "ada", OFFER),
    State("collection-offer", "refused", "ada", OFFER, send("main form.stack", lapses="400")),
    State("labels", "full", "ada", "/settings/labels"),
    State("thread", "with labels", "bob", "/c/{answered}", press(".receipt summary")),
    State("collection", "with labels", "ada", "/collections/{papers}"),
    State("collection-narrowed", "full", "ada", "/collections/{papers}/narrowed"),
    State("policy-rule", "for a label and an assistant", "ada", "/policy/{draft}/rules/not-from-here"),
]


def build(made: stage.Stage) -> None:
    """Bob's requests in each of their ends, and one of Charlie's that Ada approved and another has to."""
    house, ids = made.house, made.ids
    ids["wages"], ids["council"] = (catalog.create(house.ada, name).pk for name in ("Wages", "Works council"))
    council = _offered(made, "council", Draft("Works council", "Minutes since 2019"))
    approved = asking.ask(house.bob, council, Wish(Level.READ, 30, "I stand for the next election.")).pk
    deciding.approve(house.ada, approved, days=14)
    wages = Draft("Wages and salaries", "What each level is paid, and since when", approvals=2, approvers=house.team)
    offer = _offered(made, "wages", wages)
    refused = asking.ask(house.bob, offer, Wish(Level.READ, 60, "To see them.")).pk
    deciding.refuse(house.ada, refused, "What is it for?\nThe bands are in the handbook.")
    asking.ask(house.bob, offer, Wish(Level.READ, 30, "For the audit of May.\nEvelyn has asked for it."))
    both = asking.ask(house.charlie, offer, Wish(Level.READ, 5, "The council wants to compare.")).pk
    deciding.approve(house.ada, both)
    plans = Draft("Plans for the building", groups=(house.team,), level_most=Level.CONTRIBUTE)
    asking.withdraw(
        house.bob, asking.ask(house.bob, _offered(made, "intake", plans), Wish(Level.READ, 1, "A test.")).pk
    )
    late = asking.ask(
        house.bob, _offered(made, "papers", Draft("Papers")), Wish(Level.READ, 90, "For the committee.")
    ).pk
    with house.system.transaction():
        AccessRequest.objects.filter(pk=late).update(lapses_at=timezone.now() - timedelta(days=1))


def _offered(made: stage.Stage, name: str, draft: Draft) -> uuid.UUID:
    return offers.put(made.house.ada, made.ids[name], draft).pk


def label(made: stage.Stage) -> None:
    """Before anything is asked: an answer keeps what its sources were called."""
    house, ids = made.house, made.ids
    labels.write(house.ada, NAMES, 1, 2)
    labels.clear(house.ada, Holder(group=house.team), 2)
    labels.clear(house.ada, Holder(person=house.ids["ada"]), 2)
    restrictions.label(house.ada, ids["document"], 1)
    restrictions.label(house.ada, ids["ready-paper"], 2)
    restrictions.restrict(house.ada, ids["failed-paper"], [Holder(group=house.team)])


def rule(made: stage.Stage) -> None:
    """In the draft, and for what is labelled and an assistant alone."""
    house, ids = made.house, made.ids
    told = Rule(
        "not-from-here",
        frozenset({PolicyStage.OUTPUT}),
        "every_text",
        Action.BLOCK,
        0.5,
        "Not by this assistant.",
        fixtures=(Fixture("Anything.", Action.BLOCK),),
        assistants=frozenset({ids["assistant"]}),
        label=2,
    )
    versions.put_rule(house.ada, ids["draft"], documents.of(told))
