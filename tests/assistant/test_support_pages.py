"""Support cases in the browser: the operator's pages, the admins', and what nobody else finds."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from assistant.subjects import own_data
from governance import groups, support
from governance.roles import SupportLevel
from ingestion import catalog
from ingestion.models import Document
from tests import cast
from tests.assistant import asking, portal
from tests.assistant.test_operators import made, signed_in, text
from tests.governance import cases
from tests.governance.database import leaves
from tests.ingestion import shelves

MARKER = "zephyrquartz"
SENT = {"ticket": "T-4711", "reason": "Nothing is read any more.", "level": "1", "hours": "4"}


def page_of(opening: uuid.UUID, *more: object) -> str:
    return "/".join(["/operators/support", str(opening), *map(str, more)])


def test_from_the_request_to_the_end_in_the_browser(house: cast.House) -> None:
    room, operator = portal.furnished(house), made()
    otto, ada = signed_in(operator), portal.signed_in(house, "ada")
    assert otto.post(f"/operators/tenants/{house.tenant}/support", SENT | {"level": "3"}).status_code == 302
    assert "An operator asks to be let in" in text(ada.get("/c/"))
    assert operator.email in text(ada.get("/support/"))
    (row,) = support.listed(house.ada)
    opening = row.access.pk
    assert otto.get(page_of(opening)).status_code == 404
    none_named = ada.post(f"/support/{opening}/open", {"level": "3", "hours": "2"}, follow=True)
    assert "Name the collections" in text(none_named)
    ada.post(f"/support/{opening}/open", {"level": "3", "hours": "2", "collections": str(room.collection)})
    assert "Open to support for T-4711" in text(ada.get("/c/"))
    assert "Open to support" not in text(portal.signed_in(house, "bob").get("/c/"))

    assert "Handbook" in text(otto.get(page_of(opening)))
    document = page_of(opening, "documents", room.document)
    assert document in otto.get(page_of(opening, "collections", room.collection)).content.decode()
    assert "Twenty working days" in text(otto.get(document))
    seen = text(ada.get(f"/support/{opening}"))
    for said in ("What a document says", "The list of documents", "Settings and numbers", operator.email):
        assert said in seen
    ada.post(f"/support/{opening}/end")
    for gone in (page_of(opening), document, page_of(opening, "collections", room.collection)):
        assert otto.get(gone).status_code == 404
    assert "Open to support" not in text(ada.get("/c/"))
    assert "ended by an admin" in text(otto.get("/operators/support"))


@pytest.mark.parametrize("level", [None, *SupportLevel])
def test_each_operator_page_shows_no_more_than_was_opened(
    level: SupportLevel | None, house: cast.House, settings: Any
) -> None:
    """Every page x everything that is content here: each marker may be where its level is, and nowhere else."""
    named = asking.shelf(house, f"The {MARKER}-text is kept in room seven.", name=f"{MARKER}-shelf")
    asking.shelf(house, f"The {MARKER}-hidden is kept in room nine.", name=f"{MARKER}-other")
    asking.speak(settings)
    asking.answered(house.bob, f"Where is the {MARKER}-question kept?")
    groups.create(house.ada, f"{MARKER}-group")
    with house.system.transaction():
        rows = list(Document.objects.all())
        inside = next(one for one in rows if one.collection_id == named)
        outside = next(one for one in rows if one.collection_id != named)
        Document.objects.filter(pk=inside.pk).update(name=f"{MARKER}-name.txt")
        Document.objects.filter(pk=outside.pk).update(name=f"{MARKER}-elsewhere.txt")
    operator = made()
    otto = signed_in(operator)
    opening = cases.opened(house, operator, level, [named] if level > 1 else []) if level else uuid.uuid4()
    pages = [
        "/operators/", "/operators/live", "/operators/versions", "/operators/tenants", "/operators/support",
        f"/operators/tenants/{house.tenant}", f"/operators/tenants/{house.tenant}/support", page_of(opening),
        *(page_of(opening, "collections", one) for one in (named, outside.collection_id, uuid.uuid4())),
        *(page_of(opening, "documents", one) for one in (inside.pk, outside.pk, uuid.uuid4())),
    ]  # fmt: skip
    seen = " ".join(otto.get(page).content.decode() for page in pages)
    shown = {
        one
        for one in ("shelf", "name", "text", "other", "hidden", "question", "group", "elsewhere")
        if f"{MARKER}-{one}" in seen
    }
    expected = {None: set(), 1: set(), 2: {"shelf", "name"}, 3: {"shelf", "name", "text"}}
    assert shown == expected[level]
    for person in ("ada", "bob", "charlie", "olga"):
        assert house.email(person) not in seen
        assert house.email(person).partition("@")[0].title() + "<" not in seen
    for verb in ("post", "put", "patch", "delete"):
        for page in pages[7:]:
            assert getattr(otto, verb)(page, SENT).status_code in {404, 405}


def test_whoever_reaches_further_is_told_that_nothing_is_there_and_the_tenant_knows(house: cast.House) -> None:
    room, operator = portal.furnished(house), made()
    other = catalog.create(house.ada, "Board").pk
    version = shelves.document(house.system, other, ["Of the board."])
    opening = cases.opened(house, operator, SupportLevel.READING, [room.collection])
    otto, bodies = signed_in(operator), set()
    for page in (
        page_of(opening, "collections", other),
        page_of(opening, "collections", uuid.uuid4()),
        page_of(opening, "documents", version.document_id),
        page_of(opening, "documents", uuid.uuid4()),
        page_of(uuid.uuid4()),
    ):
        refused = otto.get(page)
        assert refused.status_code == 404
        bodies.add(text(refused).replace(refused["X-Request-ID"], ""))
    assert len(bodies) == 1
    denied = leaves(house, "access.denied")
    assert [leaf["actor"] for leaf in denied] == [{"kind": "support", "id": str(operator.pk)}] * 4


def test_nobody_else_comes_in_by_it(house: cast.House, neighbour: cast.House) -> None:
    room, operator = portal.furnished(house), made()
    opening = cases.opened(house, operator, SupportLevel.READING, [room.collection])
    document = page_of(opening, "documents", room.document)
    assert signed_in(operator).get(document).status_code == 200
    assert signed_in(made()).get(document).status_code == 404
    for person, of in (("ada", house), ("bob", house), ("olga", house), ("ada", neighbour)):
        assert portal.signed_in(of, person).get(document).status_code == 302
    key = Client(headers={"Authorization": f"Bearer {house.key('ada')}"})
    assert key.get(document).status_code == 302
    for anywhere in ("/c/", f"/documents/{room.document}", "/support/", f"/support/{opening}"):
        assert signed_in(operator).get(anywhere).status_code == 302  # the operator is nobody in the portal


def test_an_operators_form_says_what_is_wrong_and_keeps_what_was_typed(house: cast.House) -> None:
    otto = signed_in(made())
    address = f"/operators/tenants/{house.tenant}/support"
    assert otto.get(address).status_code == 200
    for wrong in ({"level": "9"}, {"hours": "many"}, {"hours": "99"}, {"reason": ""}):
        refused = otto.post(address, SENT | wrong)
        assert (refused.status_code, "T-4711" in text(refused)) == (400, True), wrong
    assert otto.get(f"/operators/tenants/{uuid.uuid4()}/support").status_code == 404
    otto.post(address, SENT)
    (row,) = support.listed(house.ada)
    assert "Withdraw" in text(otto.get(address))
    assert signed_in(made()).post(f"{address}/{row.access.pk}/end").status_code == 404
    otto.post(f"{address}/{row.access.pk}/end")
    assert support.get(house.ada, row.access.pk).access.state == "given_back"


def test_an_admin_offers_refuses_and_is_told_what_is_wrong(house: cast.House) -> None:
    ada, operator = portal.signed_in(house, "ada"), made()
    for wrong in ({"operator": "nobody@installation.example"}, {"level": "3"}, {"collections": "mine"}, {"ticket": ""}):
        assert ada.post("/support/", SENT | wrong).status_code == 400, wrong
    assert ada.post("/support/", SENT | {"operator": operator.email}).status_code == 302
    asked = support.ask(operator, house.tenant, support.Draft("T-5", "Another one."))
    ada.post(f"/support/{asked}/refuse")
    assert "decided already" in text(ada.post(f"/support/{asked}/refuse", follow=True))
    assert "decided already" in text(ada.post(f"/support/{asked}/open", SENT, follow=True))
    assert {row.access.state for row in support.listed(house.ada)} == {"open", "refused"}
    assert signed_in(operator).get("/operators/support").status_code == 200


def test_an_officer_finds_it_on_the_record_and_the_uploader_on_their_page(house: cast.House) -> None:
    room, operator = portal.furnished(house), made()
    with house.system.transaction():
        Document.objects.filter(pk=room.document).update(created_by=house.ids["bob"])
    opening = cases.opened(house, operator, SupportLevel.READING, [room.collection])
    signed_in(operator).get(page_of(opening, "documents", room.document))
    found = text(portal.signed_in(house, "olga").get("/record/", {"action": "support.looked"}))
    assert "for a support case, saw" in found
    mine = portal.signed_in(house, "bob").get("/my-data/")
    assert "T-4711" in text(mine)
    assert "T-4711" not in text(portal.signed_in(house, "charlie").get("/my-data/"))
    told = own_data.as_json(own_data.overview(house.bob))["supported"]
    assert [(one["what"], one["document"]) for one in told] == [
        (what, str(room.document)) for what in ("text", "document")
    ]


def test_the_explainer_names_the_support_person(house: cast.House) -> None:
    room, operator = portal.furnished(house), made()
    cases.opened(house, operator, SupportLevel.READING, [room.collection])
    ada = portal.signed_in(house, "ada")
    page = text(ada.get("/access/why", {"collection": str(room.collection), "action": "collection.read"}))
    assert operator.name in page
    assert "support" in page
    key = Client(headers={"Authorization": f"Bearer {house.key('ada')}"})
    told = key.get(f"/api/v1/access/explain?collection={room.collection}&action=collection.read").json()
    assert [one["operator"]["id"] for one in told["support"]] == [str(operator.pk)]
