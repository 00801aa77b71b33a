"""A label is seen wherever its text is, decides where a rule says so, and stands on the record as it was then."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from assistant import models
from assistant.answering.reasons import ReasonRequired
from assistant.conversations import assistants, exporting, shared, sharing
from assistant.conversations.assistants import Draft
from assistant.models import Status
from governance import labels
from governance.errors import InvalidInput
from governance.grants import Holder
from governance.policy import documents as rule_documents
from governance.policy import residence, versions
from governance.policy.replay import traffic as recorded
from governance.policy.rules import Action, Fixture, Place, Rule, Stage
from inference.runners.scripted import ScriptedChat
from ingestion.documents import labelled, restrictions
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance import policies
from tests.governance.database import leaves

NAMES = ("Public", "Internal", "Secret")
SECRET = {"rank": 2, "name": "Secret"}


def every(name: str, stage: Stage, action: Action, **fields: Any) -> Rule:
    message = "Not from here." if action > Action.ALLOW else ""
    fixtures = (Fixture("Anything.", action),)
    return Rule(name, frozenset({stage}), "every_text", action, 0.5, message, fixtures=fixtures, **fields)


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    """One document, labelled Secret; everybody is cleared for all."""
    made = asking.shelf(house)
    labels.write(house.ada, NAMES, None)
    restrictions.label(house.ada, document(house, made), 2)
    return made


def document(house: House, shelf: uuid.UUID) -> uuid.UUID:
    from ingestion import documents

    (row,) = documents.listed(house.bob, shelf)
    return row.pk


def test_an_answer_and_its_sources_carry_it_as_it_was_called_then(
    house: House, settings: Any, shelf: uuid.UUID
) -> None:
    asking.speak(settings)
    row = asking.answered(house.bob)
    labels.write(house.ada, ("Public", "Internal", "Top secret"), None)
    cited, *_ = [one for segment in row.segments.all() for one in segment.citations]
    assert (row.label, cited["label"], row.receipt["kept"][0]["label"]) == (SECRET, SECRET, SECRET)
    (looked_up,), ended = leaves(house, "retrieval.performed", row.pk), asking.end(house, row.pk)
    assert (looked_up["facts"]["label"], looked_up["facts"]["passages"][0]["label"], ended["label"]) == (2, 2, 2)
    assert asking.opened(house, looked_up)["receipt"]["kept"][0]["label"] == SECRET

    client = portal.signed_in(house, "bob")
    page = client.get(f"/c/{row.conversation_id}").content.decode()
    assert page.count("</span>Secret</span>") == 3  # the answer's, its source's and the receipt's
    assert "</span>Top secret</span>" in client.get(f"/collections/{shelf}/documents").content.decode()
    for form, said in (("markdown", b"**Label: Secret**"), ("pdf", b"%PDF")):
        assert said in exporting.export(house.bob, row.conversation_id, form, lambda _: "https://x.example").content
    sharing.share(house.bob, row.conversation_id, Holder(person=house.ids["ada"]))
    ((turn,),) = [shared.read(house.ada, row.conversation_id)[1]]
    assert turn.label == SECRET

    later = asking.answered(house.bob, "Make it shorter.", conversation=row.conversation_id, is_model_only=True)
    assert later.label == SECRET  # it may say the same in other words


def test_where_nothing_is_labelled_nothing_is_told(house: House, settings: Any) -> None:
    asking.shelf(house)
    asking.speak(settings)
    row = asking.answered(house.bob)
    (event,) = leaves(house, "retrieval.performed", row.pk)
    assert row.label == {}
    assert "label" not in event["facts"]
    assert "label" not in asking.end(house, row.pk)
    assert all("label" not in one for segment in row.segments.all() for one in segment.citations)
    page = portal.signed_in(house, "bob").get(f"/c/{row.conversation_id}").content.decode()
    assert "badge carried" not in page


def test_a_rule_holds_from_its_label_on(house: House, settings: Any, shelf: uuid.UUID) -> None:
    model = asking.speak(settings)
    policies.publish(house, [every("secret-is-flagged", Stage.OUTPUT, Action.FLAG, label=2)])
    row = asking.answered(house.bob)
    assert (row.status, flagged(house, row)) == (Status.ANSWERED, {"secret-is-flagged"})
    restrictions.label(house.ada, document(house, shelf), 1)
    assert flagged(house, asking.answered(house.bob)) == set()

    restrictions.label(house.ada, document(house, shelf), 2)
    policies.publish(
        house, [every("secret-stays", Stage.PASSAGE, Action.BLOCK, label=2, groups=frozenset([house.team]))]
    )
    asked = len(model.requests)
    row = asking.answered(house.bob)
    assert (row.status, row.label, len(model.requests)) == (Status.REFUSED, {}, asked)
    assert row.receipt["withheld"][0]["why"] == "Not from here."
    assert asking.answered(house.ada).status == Status.ANSWERED  # she is in no group that it is for

    policies.publish(house, [every("why-secret", Stage.INPUT, Action.REQUIRE_REASON, label=2)])
    with pytest.raises(ReasonRequired):
        asking.ask(house.bob)
    restrictions.label(house.ada, document(house, shelf), 1)
    assert asking.ask(house.bob).status == Status.QUEUED  # nothing that may be found is as high


def flagged(house: House, row: models.Answer) -> set[str]:
    told = leaves(house, "policy.decided", row.pk)
    return {one["rule"] for leaf in told for one in leaf["facts"]["decisions"] if one["action"] == "flag"}


def test_what_a_label_keeps_in_the_house_goes_to_no_model_outside(
    house: House, settings: Any, shelf: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels.write(house.ada, NAMES, None, 2)
    monkeypatch.setattr(ScriptedChat, "is_in_house", False)
    model = asking.speak(settings)
    row = asking.answered(house.bob)
    assert (row.status, model.requests) == (Status.REFUSED, [])
    assert row.receipt["withheld"][0]["why"] == residence.WITHHELD
    assert labelled.kept_home(house.system) == {shelf}
    restrictions.label(house.ada, document(house, shelf), 1)
    assert labelled.kept_home(house.system) == set()
    told = asking.answered(house.bob)
    assert told.status == Status.ANSWERED
    restrictions.label(house.ada, document(house, shelf), 2)  # what was said from it before stays, too
    later = asking.answered(house.bob, "And what is shorter?", conversation=told.conversation_id, is_model_only=True)
    assert asking.RULE not in "".join(one.content for one in model.requests[-1].messages)
    assert later.label == {}


def test_a_rule_for_an_assistant_is_its_own(house: House, settings: Any, shelf: uuid.UUID) -> None:
    asking.speak(settings)
    travel, other = (assistants.compose(house.ada, Draft(name, is_for_all=True)).pk for name in ("Travel", "Other"))
    rule = policies.words("no-zebras", Stage.INPUT, Action.BLOCK, "zebra", assistants=frozenset([travel]))
    version = policies.publish(house, [rule])
    asked = "Is the zebra abroad?"
    blocked = asking.ask(house.bob, asked, assistant=travel)
    assert blocked.status == Status.BLOCKED
    assert [asking.ask(house.bob, asked, **to).status for to in ({}, {"assistant": other})] == [Status.QUEUED] * 2
    begun = asking.answered(house.bob, assistant=travel)
    assert asking.ask(house.bob, asked, conversation=begun.conversation_id).status == Status.BLOCKED

    (event,) = leaves(house, "policy.decided", blocked.pk)
    assert event["facts"]["assistants"] == [str(travel)]
    places = {one.place for one in replayed(house, blocked.pk)}
    assert [version.applying(place) != () for place in places] == [True]
    assert {one.place.assistants for one in replayed(house, begun.pk)} == {frozenset([travel])}


def replayed(house: House, interaction: uuid.UUID) -> list[recorded.Text]:
    """What a replay reads of it, and where each text stood."""
    from governance.audit import rows

    with house.olga.as_system().transaction():
        (row,) = rows.read({"interaction": str(interaction), "actions": ["prompt.received"]}, 2)
        return list(recorded.texts_of(house.system, row, frozenset(Stage)))


def test_an_answers_own_rules_know_assistant_and_label(house: House, settings: Any, shelf: uuid.UUID) -> None:
    asking.speak(settings)
    travel = assistants.compose(house.ada, Draft("Travel", is_for_all=True)).pk
    policies.publish(house, [every("own", Stage.OUTPUT, Action.FLAG, assistants=frozenset([travel]), label=1)])
    ours, others = asking.answered(house.bob, assistant=travel), asking.answered(house.bob)
    assert (flagged(house, ours), flagged(house, others)) == ({"own"}, set())
    texts = [one for one in replayed(house, ours.pk) if one.stage is Stage.OUTPUT]
    assert {(one.place.labels, one.place.assistants) for one in texts} == {(frozenset([2]), frozenset([travel]))}


def test_a_rules_place_is_written_and_read_and_an_older_ones_hash_stays() -> None:
    one = every("a", Stage.OUTPUT, Action.BLOCK, label=2, assistants=frozenset([uuid.uuid4()]))
    assert rule_documents.read(rule_documents.of(one)) == one
    plain = rule_documents.of(every("a", Stage.OUTPUT, Action.BLOCK))
    assert set(plain["scope"]) == {"collections", "groups"}
    for place in ({"label": "2"}, {"label": True}, {"label": 12}, {"label": -1}, {"assistants": ["x"]}):
        with pytest.raises(InvalidInput) as fault:
            rule_documents.read(plain | {"scope": place})
        assert fault.value.param == "scope"
    for wrong in ({"stages": ["upload"], "scope": {"assistants": [str(uuid.uuid4())]}}, {"action": "redact"}):
        with pytest.raises(InvalidInput):
            rule_documents.read(plain | wrong)


def test_where_it_is_not_known_no_rule_is_left_out() -> None:
    rule = every("a", Stage.OUTPUT, Action.BLOCK, label=2)
    places = {None: True, frozenset[int](): False, frozenset([1]): False, frozenset([0, 2]): True}
    assert {labels: rule.applies(Place(labels=labels)) for labels in places} == places
    one = uuid.uuid4()
    rule = every("a", Stage.OUTPUT, Action.BLOCK, assistants=frozenset([one]))
    told = {None: True, frozenset[uuid.UUID](): False, frozenset([one]): True, frozenset([uuid.uuid4()]): False}
    assert {asked: rule.applies(Place(assistants=asked)) for asked in told} == told


def test_the_rooms_form_writes_them(house: House, shelf: uuid.UUID) -> None:
    travel = assistants.compose(house.ada, Draft("Travel")).pk
    number, client = policies.drafted(house), portal.signed_in(house, "ada")
    page = client.get(f"/policy/{number}/new-rule?detector=every_text").content.decode()
    assert f'value="{travel}"' in page
    assert ">Secret</option>" in page
    sent = {"name": "mine", "stages": ["output"], "action": "flag", "threshold": "0.5", "message": "Mind it."}
    sent |= {"assistants": [str(travel)], "label": "2", "fixture": ["Anything."], "expect": ["acts"]}
    assert client.post(f"/policy/{number}/new-rule?detector=every_text", sent).status_code == 302
    with house.olga.transaction():
        rule = versions.rule_of(house.olga, number, "mine")
    assert rule["scope"] == {"collections": [], "groups": [], "assistants": [str(travel)], "label": 2}
    read = portal.signed_in(house, "olga").get(f"/policy/{number}/rules/mine").content.decode()
    assert "Travel" in read


def test_what_is_attached_and_what_came_within(house: House, shelf: uuid.UUID) -> None:
    with house.bob.transaction():
        marks = labelled.marks(house.bob, [document(house, shelf), uuid.uuid4()])
    assert [one.as_json() for one in marks.values()] == [SECRET]
    assert labelled.ranks(house.bob, None) == {2}
    assert labelled.ranks(house.charlie, None) == set()
