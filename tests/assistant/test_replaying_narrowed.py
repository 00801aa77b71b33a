"""An answer run again whose documents are narrower by now, or under another label: that is named, and not their text."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.test import Client

from assistant import models, replaying
from governance import labels, quotas
from governance.errors import Unavailable
from governance.grants import Holder
from governance.policy.rules import Action, Stage
from inference.runners import scripted
from inference.runners.base import Delta
from inference.runners.scripted import ScriptedChat
from ingestion import catalog
from ingestion.documents import restrictions
from tests.assistant import asking, portal
from tests.assistant.test_replaying import LANE, changed, read_aloud
from tests.cast import House
from tests.governance import policies
from tests.governance.database import as_superuser, leaves
from tests.ingestion import shelves

NAMES = ("Public", "Internal", "Secret")
OTHER = f"{asking.RULE} So it was in 2019, said the works council then."
Narrow = Callable[[House, uuid.UUID], None]


def restricted(house: House, document: uuid.UUID) -> None:
    restrictions.restrict(house.ada, document, [Holder(person=house.ids["ada"])])


def uncleared(house: House, document: uuid.UUID) -> None:
    restrictions.label(house.ada, document, 2)
    labels.write(house.ada, NAMES, 1)


def above_its_collection(house: House, document: uuid.UUID) -> None:
    restrictions.label_collection(house.ada, restrictions.collection_of(house.ada, document), 2)
    labels.write(house.ada, NAMES, 1)


def answered(house: House, *texts: str) -> tuple[models.Answer, list[uuid.UUID]]:
    """In the lane, from a document of one passage for each text, all of which the model was given."""
    labels.write(house.ada, NAMES, None)
    shelf = asking.shelf(house, texts[0])
    for text in texts[1:]:
        shelves.indexed(house.system, shelf, [text])
    row = asking.answered(house.bob, **LANE)
    given = [uuid.UUID(one["document"]) for one in row.passages]
    assert len(set(given)) == len(row.capsule["sent"]) == len(texts)
    return row, given


def named(house: House, row: models.Answer) -> list[tuple[str, str, str]]:
    return [(str(one.ingredient), one.then, one.now) for one in replaying.replay(house.bob, row.pk).changed]


@pytest.mark.parametrize("narrow", [restricted, uncleared, above_its_collection])
def test_what_is_kept_from_its_person_by_now_is_a_permission_and_no_other_text(
    house: House, settings: Any, narrow: Narrow
) -> None:
    model = asking.speak(settings, read_aloud)
    row, (document,) = answered(house, asking.RULE)
    narrow(house, document)
    asked = len(model.requests)
    found = replaying.replay(house.bob, row.pk)
    assert [str(one.ingredient) for one in found.changed] == ["permission"]
    assert (found.now, len(model.requests)) == ("", asked)
    (told,) = leaves(house, "answer.replayed", row.pk)
    assert told["facts"]["changed"] == ["permission"]

    with as_superuser() as database:  # what it says by now is not theirs to know
        changing = "UPDATE chunk SET text = upper(text), content_hash = %s WHERE tenant_id = %s AND document_id = %s"
        database.execute(changing, ["e" * 64, house.tenant, document])
    assert named(house, row) == [("permission", "", "")]


def test_one_of_two_that_is_kept_from_its_person_is_a_permission_too(house: House, settings: Any) -> None:
    model = asking.speak(settings, read_aloud)
    row, (first, second) = answered(house, asking.RULE, OTHER)
    restricted(house, first)
    assert changed(house, row) == ["permission"]
    assert model.requests[-1].messages[0].content.count("<excerpt") == 1

    with as_superuser() as database:  # beside it, what they may read still is told of
        changing = "UPDATE chunk SET text = upper(text), content_hash = %s WHERE tenant_id = %s AND document_id = %s"
        database.execute(changing, ["e" * 64, house.tenant, second])
    assert changed(house, row) == ["permission", "passage"]


def test_a_document_that_is_narrower_and_was_not_given_to_the_model_is_not_told_of(house: House, settings: Any) -> None:
    asking.speak(settings, read_aloud)
    row, (document,) = answered(house, asking.RULE)
    shelf = restrictions.collection_of(house.ada, document)
    restricted(house, shelves.indexed(house.system, shelf, [OTHER]).document_id)
    assert changed(house, row) == []


@pytest.mark.parametrize("stage", [Stage.PASSAGE, Stage.OUTPUT])
def test_a_label_that_a_rule_asks_for_is_named_and_is_no_fault_of_the_house(
    house: House, settings: Any, stage: Stage
) -> None:
    model = asking.speak(settings, read_aloud)
    policies.add(house, policies.words("secret-stays", stage, Action.BLOCK, "abroad", label=2))
    row, (document,) = answered(house, asking.RULE)
    assert changed(house, row) == []
    restrictions.label(house.ada, document, 2)
    asked = len(model.requests)
    found = replaying.replay(house.bob, row.pk)
    assert [(str(one.ingredient), one.then, one.now) for one in found.changed] == [("label", "Public", "Secret")]
    assert (found.now, found.was_promised) == ("", False)
    assert len(model.requests) == asked + (stage is Stage.OUTPUT)

    out = StringIO()
    call_command("replay_answer", house.slug, str(row.pk), stdout=out)
    assert out.getvalue().splitlines() == ["different", "changed: label Public → Secret"]
    page = portal.signed_in(house, "bob").post(f"/a/{row.pk}/replay").content.decode()
    assert "A document’s label, or whether its text stays in the house" in page
    assert "Tell your operator." not in page


def test_one_of_two_that_its_label_withholds_is_a_label_and_no_other_text(house: House, settings: Any) -> None:
    asking.speak(settings, read_aloud)
    policies.add(house, policies.words("secret-stays", Stage.PASSAGE, Action.BLOCK, "abroad", label=2))
    row, (first, _) = answered(house, asking.RULE, OTHER)
    restrictions.label(house.ada, first, 2)
    assert named(house, row) == [("label", "Public", "Secret")]


def test_a_label_that_no_rule_asks_for_is_named_and_hides_nothing_else_that_changed(
    house: House, settings: Any
) -> None:
    asking.speak(settings, read_aloud)
    row, (document,) = answered(house, asking.RULE)
    restrictions.label(house.ada, document, 1)
    found = replaying.replay(house.bob, row.pk)
    assert (changed(house, row), found.is_identical) == (["label"], True)
    labels.write(house.ada, ("Public", "For us", "Secret"), None)  # its name is not what counts
    assert named(house, row) == [("label", "Public", "For us")]
    with as_superuser() as database:
        renaming = "UPDATE document SET name = 'Another.txt' WHERE tenant_id = %s AND id = %s"
        database.execute(renaming, [house.tenant, document])
    assert changed(house, row) == ["label", "passage"]


def test_of_what_was_kept_without_labels_nothing_is_said_of_them(house: House, settings: Any) -> None:
    asking.speak(settings, read_aloud)
    policies.add(house, policies.words("secret-stays", Stage.PASSAGE, Action.BLOCK, "abroad", label=2))
    row, (document,) = answered(house, asking.RULE)
    capsule = row.capsule
    for one in capsule["ingredients"]["passages"]:
        del one["label"], one["stays_home"]
    with house.system.transaction():
        models.Answer.objects.filter(pk=row.pk).update(capsule=capsule)
    restrictions.label(house.ada, document, 1)
    assert changed(house, row) == []
    restrictions.label(house.ada, document, 2)
    assert changed(house, row) == ["checks"], "it is withheld, and that much is known"


def test_what_stays_in_the_house_by_now_is_named_where_the_model_stands_outside(
    house: House, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = asking.speak(settings, read_aloud)
    row, (document,) = answered(house, asking.RULE)
    shelf = uuid.UUID(row.passages[0]["collection"])
    labels.write(house.ada, NAMES, None, 2)
    monkeypatch.setattr(ScriptedChat, "is_in_house", False)
    assert changed(house, row) == []
    asked = len(model.requests)
    restrictions.label(house.ada, document, 2)
    assert named(house, row) == [("label", "Public", "Secret")]
    restrictions.label(house.ada, document, None)
    assert len(model.requests) == asked
    catalog.change(house.ada, shelf, classification="restricted")
    found = replaying.replay(house.bob, row.pk)
    assert ([str(one.ingredient) for one in found.changed], found.now) == (["label"], "")
    assert (found.changed[0].then, found.changed[0].now) == ("", "")


def test_what_is_withheld_although_nothing_else_has_changed_is_what_is_let_through(
    house: House, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking.speak(settings, read_aloud)
    labels.write(house.ada, NAMES, None)
    shelf = asking.shelf(house)
    catalog.change(house.ada, shelf, classification="restricted")
    row = asking.answered(house.bob, **LANE)
    monkeypatch.setattr(ScriptedChat, "is_in_house", False)
    found = replaying.replay(house.bob, row.pk)
    assert ([str(one.ingredient) for one in found.changed], found.now) == (["checks"], "")


@pytest.mark.parametrize("finish", ["content_filter", "error", "insufficient_system_resource"])
def test_a_model_that_is_broken_off_gives_nothing_to_compare(
    house: House, settings: Any, monkeypatch: pytest.MonkeyPatch, finish: str
) -> None:
    asking.speak(settings, read_aloud)
    row, _ = answered(house, asking.RULE)
    spoken = scripted._Recital.deltas

    def cut(self: scripted._Recital) -> Iterator[Delta]:
        yield from (replace(one, finish=finish) if one.finish else one for one in spoken(self))

    with monkeypatch.context() as patched:
        patched.setattr(scripted._Recital, "deltas", cut)
        with pytest.raises(Unavailable, match="broke off"), mock.patch.object(quotas, "settle") as settled:
            replaying.replay(house.bob, row.pk)
        ((_, _, written, read), _) = settled.call_args
        assert (written > 0, read > 0) == (True, True), "what it did counts"
        told = Client(headers={"Authorization": f"Bearer {house.key('bob')}"}).post(f"/api/v1/answers/{row.pk}/replay")
        assert (told.status_code, told.json()["error"]["code"]) == (503, "unavailable")
    assert not leaves(house, "answer.replayed", row.pk)
    assert changed(house, row) == []
