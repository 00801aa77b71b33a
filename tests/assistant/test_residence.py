"""A restricted collection never leaves the house: not in a prompt, not in a turn from before, not to be embedded."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Literal

import pytest

from assistant.answering import prompting
from assistant.models import Status
from governance import labels, models
from governance.errors import InvalidInput
from governance.policy import residence
from inference.runners.base import Vectors
from inference.runners.location import is_in_house
from inference.runners.scripted import ScriptedChat, ScriptedEmbedder
from ingestion import catalog, search
from ingestion.documents import restrictions
from ingestion.models import Status as Stands
from tests.assistant import asking
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells, ingests


@pytest.fixture
def restricted(house: House) -> uuid.UUID:
    made = asking.shelf(house)
    catalog.change(house.ada, made, classification="restricted")
    return made


def _outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedChat, "is_in_house", False)


def test_a_model_in_the_house_is_shown_it(house: House, settings: Any, restricted: uuid.UUID) -> None:
    model = asking.speak(settings)
    assert asking.answered(house.bob).status == Status.ANSWERED
    assert asking.RULE in "".join(one.content for one in model.requests[0].messages)


def test_a_model_outside_is_not_and_that_is_recorded(
    house: House, settings: Any, restricted: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    _outside(monkeypatch)
    model = asking.speak(settings)
    row = asking.answered(house.bob)
    assert (row.status, model.requests) == (Status.REFUSED, [])
    (withheld,) = row.receipt["withheld"]
    assert withheld["why"] == residence.WITHHELD
    (event,) = leaves(house, "retrieval.performed", row.pk)
    (told,) = event["facts"]["withheld"]
    assert (told["chunk"], told["rules"]) == (withheld["chunk"], [residence.RULE])
    with house.system.transaction():
        (line,) = models.PolicyDecision.objects.filter(interaction=row.pk, stage="passage")
    assert (line.rule, line.action, str(line.subject_id)) == (residence.RULE, "block", withheld["chunk"])


def test_a_copy_that_may_be_shown_is_not_left_out_for_the_one_that_may_not(
    house: House, settings: Any, restricted: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking.shelf(house, name="The same, for everybody")
    _outside(monkeypatch)
    model = asking.speak(settings)
    assert asking.answered(house.bob).status == Status.ANSWERED
    assert asking.RULE in "".join(one.content for one in model.requests[0].messages)


def test_what_was_said_from_it_before_is_not_told_to_a_model_outside(
    house: House, settings: Any, restricted: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking.shelf(house, "Hotels cost up to 140 euros a night.", name="Hotels")
    model = asking.speak(settings)
    first = asking.answered(house.bob, collections=[restricted])
    assert first.status == Status.ANSWERED
    _outside(monkeypatch)
    asking.answered(house.bob, "What do hotels cost a night?", conversation=first.conversation_id)
    assert "Hotels cost" in "".join(one.content for one in model.requests[-1].messages)
    assert "working days" not in "".join(one.content for one in model.requests[-1].messages)


def _heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that the embedder, which stands outside from now on, is sent of passages: to be counted, too."""
    heard, count, embed = list[str](), ScriptedEmbedder.count_tokens, ScriptedEmbedder.embed

    def counted(runner: ScriptedEmbedder, texts: Sequence[str]) -> list[int]:
        heard.extend(texts)
        return count(runner, texts)

    def embedded(runner: ScriptedEmbedder, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        heard.extend(texts if kind == "passage" else ())
        return embed(runner, texts, kind)

    monkeypatch.setattr(ScriptedEmbedder, "count_tokens", counted)
    monkeypatch.setattr(ScriptedEmbedder, "embed", embedded)
    monkeypatch.setattr(ScriptedEmbedder, "is_in_house", False)
    return heard


def test_it_is_neither_counted_nor_embedded_outside(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = catalog.create(house.ada, "Contracts", classification="restricted").pk
    heard = _heard(monkeypatch)
    version = ingests.version(house, bells.ingested(house, made, "The fee is 12 euros."))
    assert (version.status, version.error_code) == (Stands.FAILED, "outside")
    assert "12 euros" not in " ".join(heard)


def test_what_was_embedded_outside_before_is_not_sent_there_with_each_question(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = asking.shelf(house)

    def near() -> object:
        found = search.passages(house.ada, asking.QUESTION)
        assert found.passages
        return prompting.near(found.receipt["index"], found.passages)

    _heard(monkeypatch)
    assert near() is not None
    labels.write(house.ada, ["Internal", "Secret"], None, 1)
    restrictions.label_collection(house.ada, made, 1)
    assert near() is None
    monkeypatch.setattr(ScriptedEmbedder, "is_in_house", True)
    assert near() is not None


def test_while_nobody_says_where_the_model_stands_it_stands_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residence, "_asked", {})
    assert not residence.may_go("restricted")
    assert residence.may_go("internal")


def test_a_label_is_one_of_the_known_and_its_change_is_recorded(house: House) -> None:
    made = catalog.create(house.ada, "Papers").pk
    with pytest.raises(InvalidInput):
        catalog.change(house.ada, made, classification="secret-ish")
    catalog.change(house.ada, made, classification="restricted")
    (event,) = leaves(house, "collection.changed")
    assert event["facts"] == {"changed": ["classification"], "classification": "restricted"}


@pytest.mark.parametrize(
    ("address", "stays"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://localhost:8080/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://10.2.3.4/v1", True),
        ("http://[::ffff:10.2.3.4]/v1", True),
        ("http://192.168.1.20:11434/v1", True),
        ("http://[::ffff:8.8.8.8]/v1", False),
        ("https://8.8.8.8/v1", False),
        ("http://203.0.113.9/v1", False),
        ("https://no-such-host.invalid/v1", False),
        ("not an address", False),
    ],
)
def test_an_address_is_in_the_house_or_it_is_not(address: str, stays: bool) -> None:
    assert is_in_house(address) is stays
