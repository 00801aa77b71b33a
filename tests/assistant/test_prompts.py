"""Saved prompts, one's own and everybody's; and what an answer offers to ask next."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.test import Client

from assistant.conversations import prompts, suggestions
from governance import grants
from governance.errors import Conflict, InvalidInput, NotFound
from governance.roles import Level
from ingestion import catalog, pipeline
from ingestion.documents import uploads
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance.database import leaves

LEAVE = "Leave is granted for as long as the law says, and longer by agreement with the head of department. "
HANDBOOK = f"# Handbook\n\n## Working abroad\n\n{asking.RULE * 8}\n\n## Parental leave\n\n{LEAVE * 8}\n".encode()
TEXT = "Write to {customer} about {subject}: we thank {customer}."


def names(found: list[Any]) -> list[str]:
    return [row.name for row in found]


def test_ones_own_and_what_is_shared_are_offered_and_nothing_else(house: House, neighbour: House) -> None:
    prompts.create(house.bob, "Private", TEXT)
    prompts.create(house.bob, "Common", TEXT, is_shared=True)
    prompts.create(house.charlie, "Mine", "What of it?")
    prompts.create(neighbour.bob, "Theirs", TEXT, is_shared=True)
    assert names(prompts.listed(house.charlie)) == ["Mine", "Common"]
    assert names(prompts.listed(house.bob, "thank")) == ["Common", "Private"]
    offered = portal.signed_in(house, "charlie").get("/prompts/offered?q=comm").content.decode()
    assert "Common" in offered
    assert "Private" not in offered
    common = prompts.listed(house.bob, "thank")[0]
    assert "Shared by Bob" in portal.signed_in(house, "charlie").get(f"/prompts/{common.pk}").text
    assert prompts.places(TEXT) == ["customer", "subject"]


def test_only_its_person_changes_it_and_an_admin_takes_away_what_is_shared(house: House) -> None:
    private, common = (prompts.create(house.bob, n, TEXT, is_shared=n == "Common") for n in ("Private", "Common"))
    for row in (private, common):
        with pytest.raises(NotFound):
            prompts.change(house.ada, row.pk, "Hers", "x", is_shared=False)
        with pytest.raises(NotFound):
            prompts.delete(house.charlie, row.pk)
    with pytest.raises(NotFound):
        prompts.delete(house.ada, private.pk)
    prompts.delete(house.ada, common.pk)
    assert names(prompts.listed(house.bob)) == ["Private"]
    (leaf,) = leaves(house, "saved_prompt.deleted")
    assert leaf["actor"]["id"] == str(house.ids["ada"])
    assert leaf["facts"]["person"] == str(house.ids["bob"])


def test_a_name_is_given_once_and_a_text_is_not_empty(house: House) -> None:
    row = prompts.create(house.bob, "Summary", TEXT)
    with pytest.raises(Conflict):
        prompts.create(house.bob, " Summary ", "x")
    other = prompts.create(house.bob, "Other", "x")
    with pytest.raises(Conflict):
        prompts.change(house.bob, other.pk, "Summary", "x", is_shared=False)
    for name, text in (("", "x"), ("x", "  "), ("x" * 81, "x")):
        with pytest.raises(InvalidInput):
            prompts.change(house.bob, row.pk, name, text, is_shared=False)
    page = portal.signed_in(house, "bob").post("/prompts/", {"name": "Summary", "text": "kept as it was typed"})
    assert page.status_code == 409
    assert "kept as it was typed" in page.content.decode()


def test_what_was_changed_stays_on_the_page_where_it_is_refused(house: House) -> None:
    prompts.create(house.bob, "Summary", TEXT)
    row = prompts.create(house.bob, "Other", "x")
    bob = portal.signed_in(house, "bob")
    sent = {"name": "Summary", "text": "kept as it was typed", "is_shared": "1"}
    page = bob.post(f"/prompts/{row.pk}", sent)
    assert page.status_code == 409
    assert "You have a prompt named “Summary” already." in page.text
    assert 'value="Summary"' in page.text
    assert ">kept as it was typed</textarea>" in page.text
    assert "checked" in page.text
    assert bob.post(f"/prompts/{row.pk}", sent | {"name": " "}).status_code == 400
    assert prompts.get(house.bob, row.pk).text == "x"
    assert bob.post(f"/prompts/{row.pk}", sent | {"name": "Third"}).status_code == 302
    assert prompts.get(house.bob, row.pk).text == "kept as it was typed"
    assert portal.signed_in(house, "ada").post(f"/prompts/{row.pk}", sent).status_code == 404


def test_ones_own_are_listed_however_many_are_shared_and_the_page_says_where_it_ends(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts, "LISTED", 2)
    for name in ("A", "B"):
        prompts.create(house.ada, name, TEXT, is_shared=True)
    prompts.create(house.bob, "Z", TEXT)
    bob = portal.signed_in(house, "bob")
    assert names(prompts.listed(house.bob, most=2)) == ["Z", "A"]
    page = bob.get("/prompts/").text
    assert ("Z" in cells(page), "A" in cells(page), "B" in cells(page)) == (True, True, False)
    assert "These are 2, yours first; more are shared." in page
    monkeypatch.setattr(prompts, "LISTED", 3)
    assert "more are shared" not in bob.get("/prompts/").text


def test_ones_own_are_the_first_that_a_slash_offers(house: House) -> None:
    for number in range(10):
        prompts.create(house.ada, f"A{number}", TEXT, is_shared=True)
    prompts.create(house.bob, "Z", TEXT)
    offered = portal.signed_in(house, "bob").get("/prompts/offered").text
    assert re.findall(r"<strong>(\w+)</strong>", offered) == ["Z", *(f"A{number}" for number in range(7))]


def cells(page: str) -> list[str]:
    """The names in the list."""
    return re.findall(r'<a href="/prompts/[0-9a-f-]{36}">(\w+)</a>', page)


def test_the_api_saves_reads_and_changes_them(house: House) -> None:
    api = Client(headers={"Authorization": f"Bearer {house.key('bob', 'ask')}"})
    made = api.post("/api/v1/prompts", {"name": "A", "text": TEXT}, content_type="application/json").json()
    assert made["places"] == ["customer", "subject"]
    one = f"/api/v1/prompts/{made['id']}"
    sent = {"name": "B", "text": "Ask {whom}.", "is_shared": True}
    assert api.put(one, sent, content_type="application/json").json()["places"] == ["whom"]
    assert [row["name"] for row in api.get("/api/v1/prompts?q=whom").json()["prompts"]] == ["B"]
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404


def test_an_answer_offers_what_stands_near_its_sources_of_what_may_be_read(house: House, settings: Any) -> None:
    made = catalog.create(house.ada, "Handbook").pk
    given = grants.give(house.ada, made, grants.Holder(group=house.team), Level.READ)
    row = uploads.upload(house.ada, made, "handbook.md", io.BytesIO(HANDBOOK))
    assert row.latest_id
    pipeline.ingest(house.tenant, row.latest_id)
    asking.speak(settings, ["Twenty working days a year may be spent abroad."])
    answer = asking.answered(house.bob)
    offered = suggestions.follow_ups(house.bob, answer)
    assert any("Parental leave" in one for one in offered)
    assert not any("Working abroad" in one for one in offered), "that was just asked"
    page = portal.signed_in(house, "bob").get(f"/c/{answer.conversation_id}").content.decode()
    assert "Parental leave" in page
    api = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    assert api.get(f"/api/v1/answers/{answer.pk}/suggestions").json()["questions"] == offered
    grants.withdraw(house.ada, made, given.pk)
    assert suggestions.follow_ups(house.bob, answer) == []
