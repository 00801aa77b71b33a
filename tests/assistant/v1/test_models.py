"""The names a key may use, by the `openai` client."""

from __future__ import annotations

import uuid
from typing import Any

import openai
import pytest
from openai import OpenAI

from governance import grants
from governance.errors import Unavailable
from inference import runners
from inference.runners.base import RunnerState
from inference.runners.scripted import ScriptedChat
from tests.assistant.v1 import clients
from tests.cast import House

EMBEDDER = "scripted-384"


def ids(client: OpenAI) -> list[str]:
    return [one.id for one in client.models.list()]


def test_the_list_names_what_the_key_may_use_and_of_what_kind_it_is(bob: OpenAI, shelf: uuid.UUID) -> None:
    listed = list(bob.models.list())
    assert [one.id for one in listed] == ["chancery", "chancery/Handbook", "scripted", EMBEDDER]
    assert {one.object for one in listed} == {"model"}
    assert all(one.created > 1_700_000_000 for one in listed)
    kinds: list[Any] = [(one.model_extra or {})["chancery"] for one in listed]
    assert [kind["kind"] for kind in kinds] == ["grounded", "grounded", "model_only", "embedding"]
    assert kinds[1]["collection"] == str(shelf)


def test_each_that_is_listed_can_be_fetched_and_a_collection_by_its_id_too(bob: OpenAI, shelf: uuid.UUID) -> None:
    for one in bob.models.list():
        assert bob.models.retrieve(one.id) == one
    assert bob.models.retrieve(f"chancery/{shelf}").id == "chancery/Handbook"


def test_what_others_may_read_is_neither_listed_nor_fetched(
    site: str, house: House, neighbour: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    for outsider in (house, neighbour):
        charlie = clients.of(outsider, "charlie", site)
        assert ids(charlie) == ["chancery", "scripted", EMBEDDER]
        told = set()
        for name in ("chancery/Handbook", f"chancery/{shelf}", f"chancery/{uuid.uuid4()}", "gpt-4o"):
            with pytest.raises(openai.NotFoundError) as fault:
                charlie.models.retrieve(name)
            told.add((fault.value.code, fault.value.param, fault.value.message))
        assert len(told) == 1


def test_a_collection_is_gone_from_the_list_with_its_grant(bob: OpenAI, house: House, shelf: uuid.UUID) -> None:
    for row in grants.listed(house.ada, shelf):
        if row.group_id:
            grants.withdraw(house.ada, shelf, row.pk)
    assert "chancery/Handbook" not in ids(bob)


@pytest.mark.parametrize(
    ("scopes", "named"),
    [
        ("read", []),
        ("search", [EMBEDDER]),
        ("record", []),
        ("ask", ["chancery", "chancery/Handbook", "scripted", EMBEDDER]),
    ],
)
def test_any_key_may_list_and_is_told_what_its_scopes_are_good_for(
    site: str, house: House, model: ScriptedChat, scopes: str, named: list[str]
) -> None:
    assert ids(clients.of(house, "bob", site, scopes)) == named


def test_a_model_that_is_down_is_not_listed_and_other_names_are_told_to_wait(
    bob: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = RunnerState("default", "", "", "", 0, is_ready=False, detail="connection refused")
    monkeypatch.setattr(runners.chat(), "probe", lambda: down)
    assert ids(bob) == ["chancery", "chancery/Handbook", EMBEDDER]
    with pytest.raises(openai.InternalServerError) as told:
        bob.chat.completions.create(model="scripted", messages=clients.said("Make it shorter."))
    assert (told.value.status_code, told.value.code) == (503, Unavailable.code)


def test_the_openapi_file_leaves_openais_own_contract_to_openai(site: str) -> None:
    from tests.assistant import serving

    schema = serving.caller(site).get("/api/schema/", headers={"Accept": "application/json"}).text
    assert "/api/v1/answers" in schema
    assert "/v1/chat/completions" not in schema
