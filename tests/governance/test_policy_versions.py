"""A policy is a set of reviewed rules with a hash: drafted, tried, published, superseded, and never changed after that."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import replace

import pytest
import rfc8785

from governance import roles
from governance.errors import Conflict, NotFound
from governance.policy import builtin, documents, enforcement, engine, fixtures, publishing, versions
from governance.policy.rules import Action, Fixture, Rule, Stage
from governance.policy.versions import State
from tests.cast import House
from tests.governance import policies
from tests.governance.database import leaves, payloads
from tests.governance.policies import FALCON, drafted


def a_second_admin(house: House) -> None:
    from governance import assignments

    assignments.give(house.system, house.ids["bob"], roles.Role.TENANT_ADMIN)


def test_a_new_tenant_has_the_built_in_policy_as_its_first_version(house: House) -> None:
    (row,) = versions.listed(house.ada)
    assert (row.number, row.state, row.made_by) == (1, State.PUBLISHED, None)
    assert versions.compiled(row) == replace(builtin.policy(), rules=versions.rules_of(row))
    assert versions.in_force(house.bob).stamp == (1, row.sha256)


def test_the_hash_is_sha256_of_the_rules_canonical_json(house: House) -> None:
    (row,) = versions.listed(house.ada)
    assert row.sha256 == hashlib.sha256(rfc8785.dumps({"v": 1, "rules": row.rules})).hexdigest()
    assert documents.sha256(reversed(builtin.rules())) == row.sha256


@pytest.mark.parametrize("rule", builtin.rules(), ids=lambda rule: rule.name)
def test_every_built_in_rule_shows_what_it_catches_and_what_it_leaves(rule: Rule) -> None:
    assert {one.expect for one in rule.fixtures} == {rule.action, Action.ALLOW}
    assert fixtures.run([rule]).passes
    assert documents.read(json.loads(json.dumps(documents.of(rule)))) == rule


def test_a_draft_changes_nothing_until_it_is_published(house: House) -> None:
    number = drafted(house, FALCON)
    assert versions.in_force(house.bob).stamp.number == 1
    assert enforcement.check(house.bob, Stage.INPUT, "About Falcon.", interaction=uuid.uuid4()).action is Action.ALLOW
    published = publishing.publish(house.ada, number)
    assert (published.number, published.state, published.published_by) == (2, State.PUBLISHED, house.ids["ada"])
    verdict = enforcement.check(house.bob, Stage.INPUT, "About Falcon.", interaction=uuid.uuid4())
    assert (verdict.action, verdict.policy) == (Action.BLOCK, (2, published.sha256))
    assert [row.state for row in versions.listed(house.ada)] == [State.PUBLISHED, State.SUPERSEDED]


def test_a_draft_can_be_evaluated_beside_what_is_in_force(house: House) -> None:
    draft = versions.compiled(versions.get(house.olga, drafted(house, FALCON)))
    assert engine.check(draft, Stage.INPUT, "About Falcon.").action is Action.BLOCK
    assert engine.check(versions.in_force(house.bob), Stage.INPUT, "About Falcon.").action is Action.ALLOW


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ((), "missing"),
        ((Fixture("Nothing.", Action.ALLOW),), "nothing that it must catch"),
        ((Fixture("No bird.", Action.BLOCK),), "one that is not caught"),
        ((Fixture("Falcon", Action.BLOCK), Fixture("A Falcon.", Action.ALLOW)), "one that is caught"),
        ((Fixture("Falcon", Action.BLOCK), Fixture("Falcon again", Action.FLAG)), "another action"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_without_passing_test_texts_is_not_published(
    shown: tuple[Fixture, ...], name: str, house: House
) -> None:
    number = drafted(house, replace(FALCON, fixtures=shown))
    for deed in (publishing.publish, publishing.submit):
        with pytest.raises(publishing.FixturesFail, match="falcon") as refused:
            deed(house.ada, number)
        assert not refused.value.report.passes
    assert versions.in_force(house.bob).stamp.number == 1
    assert not leaves(house, "policy.published")


def test_a_rule_that_is_switched_off_needs_no_test_texts(house: House) -> None:
    number = drafted(house, replace(FALCON, fixtures=(), is_enabled=False))
    publishing.publish(house.ada, number)
    assert engine.check(versions.in_force(house.bob), Stage.INPUT, "Falcon").action is Action.ALLOW


def test_test_texts_that_do_not_end_in_time_publish_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    number = drafted(house, FALCON)
    monkeypatch.setattr("governance.policy.fixtures.time.monotonic", iter(range(0, 10_000, 20)).__next__)
    with pytest.raises(publishing.FixturesFail, match="in time"):
        publishing.publish(house.ada, number)


def test_a_test_text_of_a_detector_that_fails_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = replace(FALCON, action=Action.FLAG, fixtures=(Fixture("Falcon", Action.FLAG),))
    assert fixtures.run([rule]).passes

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("governance.policy.detectors.pattern.Pattern.detect", fail)
    (outcome,) = fixtures.run([rule]).failed
    assert (outcome.got, outcome.error) == (Action.FLAG, "RuntimeError in detector pattern")


def test_where_the_tenant_wants_a_second_person_the_author_cannot_publish(house: House) -> None:
    a_second_admin(house)
    publishing.require_second(house.ada, True)
    number = drafted(house, FALCON)
    for who in (house.ada, house.bob):
        with pytest.raises(publishing.SecondPersonNeeded, match="Submit it first"):
            publishing.publish(who, number)
    publishing.submit(house.ada, number)
    with pytest.raises(publishing.SecondPersonNeeded, match="another person"):
        publishing.publish(house.ada, number)
    published = publishing.publish(house.bob, number)
    assert (published.submitted_by, published.published_by) == (house.ids["ada"], house.ids["bob"])
    told = [leaf["action"] for leaf in leaves(house) if leaf["action"].startswith("policy.")]
    assert told == ["policy.drafted", "policy.changed", "policy.submitted", "policy.published"]


def test_whoever_changes_a_draft_is_its_author_and_it_must_be_submitted_again(house: House) -> None:
    a_second_admin(house)
    publishing.require_second(house.ada, True)
    number = drafted(house, FALCON)
    publishing.submit(house.ada, number)
    versions.put_rule(house.bob, number, documents.of(replace(FALCON, message="Not here.")))
    with pytest.raises(publishing.SecondPersonNeeded):
        publishing.publish(house.bob, number)
    publishing.submit(house.ada, number)
    with pytest.raises(publishing.SecondPersonNeeded):
        publishing.publish(house.bob, number)
    with pytest.raises(publishing.SecondPersonNeeded):
        publishing.publish(house.ada, number)


def test_what_is_published_is_what_the_publisher_saw(house: House) -> None:
    number = drafted(house, FALCON)
    seen = versions.get(house.ada, number).sha256
    versions.put_rule(house.ada, number, documents.of(replace(FALCON, message="Not here.")))
    with pytest.raises(Conflict, match="changed since"):
        publishing.publish(house.ada, number, seen)
    publishing.publish(house.ada, number, versions.get(house.ada, number).sha256)


def test_going_back_publishes_the_older_rules_under_a_new_number(house: House) -> None:
    publishing.publish(house.ada, drafted(house, FALCON))
    open_draft = drafted(house, policies.words("eagle", Stage.INPUT, Action.BLOCK, "Eagle"))
    back = publishing.restore(house.ada, 1, "Falcon is public now")
    assert (back.number, back.restores, back.state) == (4, 1, State.PUBLISHED)
    assert back.sha256 == versions.get(house.ada, 1).sha256
    assert versions.in_force(house.bob).stamp == (4, back.sha256)
    (leaf,) = leaves(house, "policy.rolled_back")
    assert (leaf["facts"]["restores"], leaf["facts"]["supersedes"]) == (1, 2)
    later = publishing.publish(house.ada, open_draft)
    assert later.number == 5
    with pytest.raises(Conflict):
        publishing.restore(house.ada, 5)


def test_going_back_takes_a_second_person_too(house: House) -> None:
    a_second_admin(house)
    publishing.publish(house.ada, drafted(house, FALCON))
    publishing.require_second(house.ada, True)
    asked = publishing.restore(house.ada, 1)
    assert (asked.state, asked.restores, versions.in_force(house.bob).stamp.number) == (State.DRAFT, 1, 2)
    with pytest.raises(publishing.SecondPersonNeeded):
        publishing.publish(house.ada, asked.number)
    publishing.publish(house.bob, asked.number)
    assert len(leaves(house, "policy.rolled_back")) == 1


def test_one_draft_at_a_time_and_a_discarded_one_stays_in_the_list(house: House) -> None:
    number = drafted(house, FALCON)
    with pytest.raises(Conflict, match="draft already"):
        versions.draft(house.ada)
    versions.discard(house.ada, number)
    assert versions.draft(house.ada).number == number + 1
    assert versions.get(house.ada, number).state == State.DISCARDED
    with pytest.raises(Conflict, match="no draft"):
        publishing.publish(house.ada, number)


def test_every_step_is_on_the_record_without_the_words_of_the_rules(house: House) -> None:
    number = drafted(house, FALCON)
    versions.remove_rule(house.ada, number, "contact-details")
    publishing.publish(house.ada, number)
    told = [leaf for leaf in leaves(house) if leaf["action"].startswith("policy.")]
    assert [leaf["action"] for leaf in told] == [
        "policy.drafted",
        "policy.changed",
        "policy.changed",
        "policy.published",
    ]
    assert told[1]["facts"]["rule"] == "falcon"
    assert told[3]["facts"]["sha256"] == versions.get(house.ada, number).sha256
    assert "Falcon" not in json.dumps(told)
    (published,) = payloads(house, "policy.published")
    assert [rule["name"] for rule in published["rules"]] == told[3]["facts"]["rules"]
    changed, removed = payloads(house, "policy.changed")
    assert (changed["before"], changed["after"]["options"]) == ({}, {"words": ["Falcon"]})
    assert (removed["before"]["name"], removed["after"]) == ("contact-details", {})


def test_saving_a_rule_as_it_is_changes_nothing(house: House) -> None:
    number = drafted(house, FALCON)
    before = len(leaves(house))
    versions.put_rule(house.ada, number, documents.of(FALCON))
    assert len(leaves(house)) == before


def test_a_rule_is_renamed_in_its_place_and_takes_no_other_s_name(house: House) -> None:
    number = drafted(house, FALCON)
    renamed = documents.of(replace(FALCON, name="project-falcon"))
    row = versions.put_rule(house.ada, number, renamed, replaces="falcon")
    assert {"project-falcon"} == {rule["name"] for rule in row.rules} - {rule.name for rule in builtin.rules()}
    with pytest.raises(Conflict, match="already"):
        versions.put_rule(house.ada, number, renamed | {"name": "contact-details"}, replaces="project-falcon")
    with pytest.raises(NotFound):
        versions.put_rule(house.ada, number, renamed, replaces="falcon")
