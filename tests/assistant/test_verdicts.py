"""The ledger's page and its REST address."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import cast
from tests.assistant import asking, portal
from tests.governance.database import leaves

SECRET = "My password is Sommer2024!xy. May I keep it?"
HARMLESS = "When does the office open?"


def api(house: cast.House, name: str, scopes: str = "all") -> Client:
    return Client(headers={"Authorization": f"Bearer {house.key(name, scopes)}"})


@pytest.fixture
def blocked(house: cast.House) -> str:
    asking.ask(house.charlie, HARMLESS)
    return str(asking.ask(house.bob, SECRET).pk)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_an_officer_finds_the_blocked_prompt_and_the_way_to_its_words(house: cast.House, blocked: str) -> None:
    olga = portal.signed_in(house, "olga")
    response = olga.get("/record/verdicts?verdict=block&stage=input&within=24h&rule=secrets-input")
    shown = text(response)
    assert [str(row.interaction) for row, _ in response.context["rows"]] == [blocked]
    assert f'href="/record/interactions/{blocked}"' in shown
    assert "Bob" in shown
    assert "Sommer" not in shown
    interaction = text(olga.get(f"/record/interactions/{blocked}"))
    assert "Sommer" not in interaction
    assert "Why you open it" in interaction


def test_a_name_becomes_a_number_in_the_address(house: cast.House, blocked: str) -> None:
    olga = portal.signed_in(house, "olga")
    response = olga.get("/record/verdicts?who=bob&verdict=block")
    assert response.status_code == 302
    assert response["Location"] == f"/record/verdicts?verdict=block&person={house.ids['bob']}"
    rows = olga.get(response["Location"]).context["rows"]
    assert [str(row.interaction) for row, _ in rows] == [blocked]
    assert "Nobody here is called" in text(olga.get("/record/verdicts?who=Zacharias"))


def test_an_empty_ledger_and_one_where_nothing_matches_say_so(house: cast.House) -> None:
    olga = portal.signed_in(house, "olga")
    assert "No text has been judged here yet" in text(olga.get("/record/verdicts"))
    assert "Widen the filters" in text(olga.get("/record/verdicts?verdict=block"))


def test_what_cannot_be_understood_is_refused(house: cast.House) -> None:
    olga = portal.signed_in(house, "olga")
    for query in ("stage=thought", "person=bob", "cursor=x", "within=1y"):
        assert olga.get(f"/record/verdicts?{query}").status_code == 400, query


def test_the_api_gives_an_officer_the_same_rows(house: cast.House, blocked: str) -> None:
    olga = api(house, "olga", "record")
    (told,) = olga.get("/api/v1/policy/verdicts?action=block").json()["verdicts"]
    assert (told["interaction"], told["rule"], told["stage"]) == (blocked, "secrets-input", "input")
    assert told["person"] == str(house.ids["bob"])
    assert told["spans"][0]["type"] == "password"
    assert told["reason"]
    assert told["event"] in {leaf["id"] for leaf in leaves(house, "policy.decided")}
    assert "Sommer" not in str(told)
    page = olga.get("/api/v1/policy/verdicts?limit=1").json()
    rest = olga.get("/api/v1/policy/verdicts", {"limit": 1, "cursor": page["next"]}).json()
    assert [page["verdicts"][0]["interaction"], rest["verdicts"][0]["interaction"]][0] == blocked
    assert rest["next"] is None


@pytest.mark.parametrize("name", ["ada", "bob", "charlie"])
def test_an_outsider_gets_nothing_by_the_api_either(name: str, house: cast.House, blocked: str) -> None:
    refused = api(house, name).get("/api/v1/policy/verdicts")
    assert refused.status_code == 403
    assert blocked not in refused.content.decode()


def test_a_key_without_the_scope_reads_nothing(house: cast.House, blocked: str) -> None:
    assert api(house, "olga", "ask").get("/api/v1/policy/verdicts").status_code == 403


@pytest.mark.parametrize("query", ["action=forgive", "stage=thought", "limit=0", "person=bob", "since=yesterday"])
def test_a_wrong_filter_is_named(query: str, shared_house: cast.House) -> None:
    assert api(shared_house, "olga", "record").get(f"/api/v1/policy/verdicts?{query}").status_code == 400
