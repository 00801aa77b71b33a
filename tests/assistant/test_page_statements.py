"""Pages that list things ask Postgres as often for many of them as for a few: a statement a row is found here."""

from __future__ import annotations

import uuid

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assistant.conversations import prompts, sharing
from assistant.evaluation import runs, sets
from governance import grants, groups, keys, people
from governance.audit.officers import cases
from governance.roles import Level
from governance.service_accounts import accounts, service_keys
from governance.service_accounts.accounts import Draft
from governance.service_accounts.service_keys import Narrowed
from ingestion import catalog, glossary
from ingestion.documents import removal
from tests.assistant import asking, portal
from tests.cast import House
from tests.ingestion import shelves

MORE = 2
PAGES = {
    "ada": [
        "/collections/", "/collections/{shelf}", "/collections/{shelf}?q=a", "/collections/{shelf}/deleted",
        "/collections/{shelf}/questions", "/collections/deleted", "/people/", "/people/{bob}", "/groups/", "/groups/{team}",
        "/access/", "/keys/all", "/settings/glossary", "/usage/", "/prompts/", "/policy/",
        "/services/", "/api/v1/collections", "/api/v1/collections/{shelf}/documents", "/api/v1/service-accounts",
    ],
    "bob": ["/c/", "/c/list", "/c/list?q=days", "/c/{thread}", "/c/{thread}/shares", "/keys/", "/my-data/"],
    "charlie": ["/shared/"],
    "olga": ["/record/", "/record/overview", "/record/cases", "/record/cases/{case}", "/record/verdicts"],
}  # fmt: skip


def furnish(house: House, shelf: uuid.UUID, thread: uuid.UUID, case: uuid.UUID) -> None:
    """One more of everything that a page lists."""
    mark = uuid.uuid4().hex[:8]
    made = catalog.create(house.ada, f"Rules {mark}").pk
    grants.give(house.ada, made, grants.Holder(group=house.team), Level.READ)
    shelves.document(house.system, shelf, [asking.RULE])
    removal.delete(house.ada, shelves.document(house.system, shelf, [asking.RULE]).document_id)
    catalog.delete(house.ada, catalog.create(house.ada, f"Gone {mark}").pk)
    person = people.create(house.ada, f"{mark}@{house.slug}.example", f"Person {mark}")
    group = groups.create(house.ada, f"Group {mark}")
    groups.add(house.ada, group, house.ids["bob"])
    groups.add(house.ada, house.team, person)
    grants.give(house.ada, shelf, grants.Holder(person=person), Level.READ)
    keys.issue(house.bob, house.ids["bob"], f"Key {mark}", ["ask"], 7)
    keys.issue(house.ada, house.ids["ada"], f"Key {mark}", ["ask"], 7)
    service = accounts.create(house.ada, Draft(f"Program {mark}", "Counts.", house.ids["bob"]))
    accounts.permit(house.ada, service, "group", group)
    service_keys.issue(house.ada, service, f"Key {mark}", ["ask"], 7, Narrowed(tokens_per_day=5_000))
    glossary.add(house.ada, mark, ["something else"])
    prompts.create(house.bob, f"Prompt {mark}", "What of {this}?", is_shared=True)
    sets.add(house.ada, shelf, {"question": f"How many days, {mark}?", "unanswerable": True})
    row = runs.start(house.ada, shelf)
    runs.stop(house.ada, shelf, row.pk)
    answered = asking.answered(house.bob, conversation=thread)
    cases.add(house.olga, case, [answered.pk])
    cases.create(house.olga, f"Case {mark}")
    other = asking.ask(house.bob).conversation_id
    sharing.share(house.bob, other, grants.Holder(person=house.ids["charlie"]))
    sharing.share(house.bob, thread, grants.Holder(group=group))


def counted(clients: dict[str, Client], ids: dict[str, uuid.UUID]) -> dict[str, int]:
    found = {}
    for who, addresses in PAGES.items():
        for address in addresses:
            client, at = clients[who], address.format(**ids)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(at).status_code == 200, address
            found[f"{who} {address}"] = len(captured)
    return found


def test_no_page_asks_once_a_row(house: House, settings: object) -> None:
    asking.speak(settings)
    shelf = asking.shelf(house)
    thread = asking.answered(house.bob).conversation_id
    case = cases.create(house.olga, "The first").pk
    ids = {"shelf": shelf, "thread": thread, "case": case, "team": house.team, "bob": house.ids["bob"]}
    clients = {who: portal.signed_in(house, who) for who in PAGES}
    furnish(house, shelf, thread, case)
    counted(clients, ids)  # what is noted at a first use is noted
    few = counted(clients, ids)
    for _ in range(MORE):
        furnish(house, shelf, thread, case)
    many = counted(clients, ids)
    grown = {page: (few[page], many[page]) for page in few if many[page] > few[page]}
    assert not grown, grown
