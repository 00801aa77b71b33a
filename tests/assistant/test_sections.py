"""Small to big: the model is given what stands around a passage, and each sentence is cited by the passage that carries it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from assistant import answering, conversations, models
from assistant.answering import prompting
from governance.policy.rules import Action, Stage
from inference import runners
from ingestion import catalog, cutting
from ingestion.cutting import Cutting
from ingestion.models import Chunk
from tests.assistant import asking
from tests.cast import House
from tests.governance import policies
from tests.ingestion import bells

NOTE = """# Hotels

A hotel in Kassel is booked by the travel desk alone, which has a contract with the houses of that town
and of the villages around it.

Breakfast comes to eleven euros at most, and whoever had it on the house is paid nothing for it by anybody,
neither at home nor abroad.

Falcon is the name under which the rooms are kept, and it has to be said at the reception on arriving there,
whatever the hour may be.
"""


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    made = catalog.create(house.ada, "Travel").pk
    cutting.change(house.ada, made, Cutting(size=40, most=44))
    bells.ingested(house, made, NOTE, "hotels.md")
    return made


@pytest.fixture
def prompts(settings: Any) -> list[str]:
    """What the model was asked, which says the sentence on breakfast."""
    chat = runners.chat()
    said: list[str] = []

    def script(request: Any) -> str:
        said.append("\n".join(message.content for message in request.messages))
        return "Breakfast comes to eleven euros at most."

    chat._script = script  # type: ignore[attr-defined]
    return said


def ask(house: House, collection: uuid.UUID) -> models.Answer:
    with asking.unrung():
        row = conversations.ask(house.ada, "Who books a hotel in Kassel, the travel desk?", collections=[collection])
    answering.answer(house.tenant, row.pk)
    with house.ada.transaction():
        return models.Answer.objects.prefetch_related(models.ordered_segments()).get(pk=row.pk)


def cited(house: House, row: models.Answer) -> list[str]:
    ids = [one["chunk_id"] for segment in row.segments.all() for one in segment.citations]
    with house.system.transaction():
        return [Chunk.objects.get(tenant_id=house.tenant, pk=one).text for one in ids]


def test_by_default_a_passage_is_given_by_itself(
    house: House, collection: uuid.UUID, prompts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "PASSAGES", 1)
    ask(house, collection)
    assert "travel desk alone" in prompts[0]
    assert "Breakfast" not in prompts[0]


def test_what_stands_around_is_given_along_and_cited_for_itself(
    house: House, collection: uuid.UUID, prompts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "PASSAGES", 1)
    cutting.change(house.ada, collection, Cutting(size=40, most=44, around=1))
    row = ask(house, collection)
    assert prompts[0].count("<excerpt") == 1
    assert prompts[0].index("travel desk alone") < prompts[0].index("Breakfast comes to eleven")
    assert "Falcon" not in prompts[0]
    (text,) = cited(house, row)
    assert text.startswith("Breakfast")
    assert next(iter(row.segments.all())).is_supported


def test_what_the_policy_withholds_is_not_given_along_either(
    house: House, collection: uuid.UUID, prompts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    policies.publish(house, [policies.words("falcon", Stage.PASSAGE, Action.BLOCK, "Falcon")])
    monkeypatch.setattr(answering, "PASSAGES", 1)
    cutting.change(house.ada, collection, Cutting(size=40, most=44, around=3))
    ask(house, collection)
    assert "Breakfast comes to eleven" in prompts[0]
    assert "Falcon" not in prompts[0]


def test_sections_give_way_to_passages_where_there_is_no_room(
    house: House, collection: uuid.UUID, prompts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cutting.change(house.ada, collection, Cutting(size=40, most=44, around=1))
    bells.ingested(house, collection, "Whoever books a hotel in Kassel asks the travel desk first.", "first.txt")
    monkeypatch.setattr(answering, "PASSAGES", 2)
    chat = runners.chat()
    monkeypatch.setattr(chat, "window", 10_000)
    ask(house, collection)
    whole = len(prompts[-1].split())
    assert "Breakfast comes" in prompts[-1]
    monkeypatch.setattr(prompting, "MARGIN", 10_000 - 512 - whole + 8)
    ask(house, collection)
    assert prompts[-1].count("<excerpt") == 2
    assert "Breakfast comes" not in prompts[-1]
