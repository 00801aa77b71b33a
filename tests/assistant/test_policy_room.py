"""The policy's room: a draft is written, tried, published and taken back in pages, and refused beside its fields."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from lxml import html

from governance import assignments, roles
from governance.policy import builtin, documents, publishing, versions
from governance.policy.rules import Action, Stage
from ingestion import catalog
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance import policies
from tests.governance.database import leaves

FALCON = policies.words("falcon", Stage.INPUT, Action.BLOCK, "Falcon")
FORM: dict[str, Any] = {
    "name": "falcon",
    "is_enabled": "on",
    "action": "block",
    "threshold": "0.5",
    "stages": ["input", "upload"],
    "message": "Falcon is not to be spoken of.",
    "option-words": "Falcon\n  Project F  \n\n",
    "option-type": "project",
    "fixture": ["What is Falcon?", "What is a hawk?", ""],
    "expect": ["acts", "leaves", "leaves"],
}


@pytest.fixture
def ada(house: House) -> Client:
    return portal.signed_in(house, "ada")


def draft(house: House, *rules: Any) -> int:
    return versions.draft(house.ada, "", [documents.of(rule) for rule in rules] if rules else None).number


@pytest.fixture(scope="module")
def standing(shared_house: House, django_db_blocker: Any) -> int:
    """The number of a draft of the shared tenant that stays as it is."""
    with django_db_blocker.unblock():
        return draft(shared_house)


def filled(page: Any) -> dict[str, list[str]]:
    """What a browser would send of the rule's form as it stands."""
    form = next(
        one
        for one in html.fromstring(page.text).forms
        if one.fields.get("csrfmiddlewaretoken") and "fixture" in one.fields
    )
    sent: dict[str, list[str]] = {}
    for name, value in form.form_values():
        sent.setdefault(name, []).append(value)
    return sent


def test_a_rule_is_written_tried_published_and_taken_back(house: House, ada: Client) -> None:
    begun = ada.post("/policy/", {"note": "About Falcon"})
    assert begun["Location"] == "/policy/2"
    assert "Words and expressions of your own" in ada.get("/policy/2/new-rule").text
    assert "One a line." in ada.get("/policy/2/new-rule?detector=pattern").text
    saved = ada.post("/policy/2/new-rule?detector=pattern", FORM)
    assert saved["Location"] == "/policy/2", saved.text
    rule = versions.rule_of(house.ada, 2, "falcon")
    assert rule["options"] == {"words": ["Falcon", "Project F"], "type": "project"}
    assert rule["stages"] == ["input", "upload"]
    assert rule["fixtures"] == [
        {"text": "What is Falcon?", "expect": "block"},
        {"text": "What is a hawk?", "expect": "allow"},
    ]
    page = ada.get("/policy/2").text
    assert "1 rule differs from what is in force" in page
    tried = ada.post("/policy/2/try", {"stage": "input", "text": "Where is <b>Falcon</b>?"}).text
    assert "&lt;b&gt;<mark>Falcon" in tried.replace("\n", "").replace(" ", "") or "<mark>Falcon" in tried
    assert "<b>Falcon" not in tried
    assert "Falcon is not to be spoken of." in tried
    assert "came out as they should" in ada.post("/policy/2/fixtures").text
    assert ada.post("/policy/2/publish", {"sha256": versions.get(house.ada, 2).sha256})["Location"] == "/policy/2"
    assert versions.in_force(house.bob).stamp.number == 2
    assert ada.post("/policy/1/restore", {"note": "Enough"})["Location"] == "/policy/3"
    listed = ada.get("/policy/").text
    assert "the rules of version 1 again" in listed
    assert listed.count("Superseded") == 2
    assert "falcon" in ada.get("/policy/3/changes?since=2").text


def test_a_rule_is_changed_and_removed_in_a_draft(house: House, ada: Client) -> None:
    number = draft(house, FALCON)
    shown = ada.get(f"/policy/{number}/rules/falcon").text
    assert "It is Falcon there." in shown
    collection = str(catalog.create(house.ada, "Board papers").pk)
    sent = FORM | {"name": "bird", "action": "flag", "collections": [collection], "groups": [str(house.team)]}
    assert ada.post(f"/policy/{number}/rules/falcon", sent)["Location"] == f"/policy/{number}"
    rule = versions.rule_of(house.ada, number, "bird")
    assert rule["scope"] == {"collections": [collection], "groups": [str(house.team)]}
    assert {one["expect"] for one in rule["fixtures"]} == {"flag", "allow"}
    assert ada.get(f"/policy/{number}/rules/falcon").status_code == 404
    assert "only for some" in ada.get(f"/policy/{number}").text
    assert ada.post(f"/policy/{number}/rules/bird/remove")["Location"] == f"/policy/{number}"
    assert "bird" not in str(versions.get(house.ada, number).rules)


def test_a_policy_without_rules_says_what_that_means(house: House, ada: Client) -> None:
    policies.publish(house, ())
    assert "Everything passes, and that is recorded." in ada.get("/policy/2").text


@pytest.mark.parametrize("rule", builtin.rules(), ids=lambda rule: rule.name)
def test_a_built_in_rule_saved_as_its_form_shows_it_stays_as_it_is(
    rule: Any, shared_house: House, standing: int
) -> None:
    house, number, ada = shared_house, standing, portal.signed_in(shared_house, "ada")
    page = ada.get(f"/policy/{number}/rules/{rule.name}")
    before = versions.get(house.ada, number).sha256
    ada.post(f"/policy/{number}/rules/{rule.name}", filled(page))
    assert versions.rule_of(house.ada, number, rule.name) == documents.of(rule)
    assert versions.get(house.ada, number).sha256 == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "Not A Name"}, "name"),
        ({"stages": []}, "stages"),
        ({"message": ""}, "message"),
        ({"action": "require_reason"}, "action"),
        ({"option-expressions": "(a"}, "options.expressions"),
        ({"option-words": ""}, "options.words"),
        ({"option-reach": "many"}, "options.reach"),
        ({"groups": ["the team"]}, "scope"),
        ({"fixture": ["x" * 4001], "expect": ["acts"]}, "fixtures"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_written_is_lost(
    wrong: dict[str, Any], field: str, shared_house: House, standing: int
) -> None:
    house, number, ada = shared_house, standing, portal.signed_in(shared_house, "ada")
    refused = ada.post(f"/policy/{number}/new-rule?detector=pattern", FORM | wrong)
    assert refused.status_code == 400
    assert f'id="{field}-fault"' in refused.text
    if field != "message":
        assert "Falcon is not to be spoken of." in refused.text
    assert "falcon" not in [rule["name"] for rule in versions.get(house.ada, number).rules]


def test_a_score_that_is_no_number_is_refused_beside_its_field(house: House, ada: Client) -> None:
    number = draft(house)
    refused = ada.post(
        f"/policy/{number}/new-rule?detector=pii", FORM | {"threshold": "high", "option-types": ["iban"]}
    )
    assert (refused.status_code, 'id="threshold-fault"' in refused.text) == (400, True)
    assert filled(refused)["option-types"] == ["iban"]


def test_a_draft_that_may_not_be_published_says_which_texts_fail(house: House, ada: Client) -> None:
    number = draft(house, policies.words("falcon", Stage.INPUT, Action.BLOCK, "Falcon", fixtures=()))
    refused = ada.post(f"/policy/{number}/publish")
    assert refused.status_code == 409
    assert "it has no text that it must catch" in refused.text
    assert versions.in_force(house.bob).stamp.number == 1


def test_a_second_admin_publishes_what_the_first_submitted(house: House, ada: Client) -> None:
    assignments.give(house.system, house.ids["bob"], roles.Role.TENANT_ADMIN)
    bob = portal.signed_in(house, "bob")
    ada.post("/policy/second", {"is_needed": "on"})
    number = draft(house, FALCON)
    assert f"/policy/{number}/publish" not in ada.get(f"/policy/{number}").text
    assert ada.post(f"/policy/{number}/publish").status_code == 403
    ada.post(f"/policy/{number}/submit")
    mine = ada.get(f"/policy/{number}").text
    assert "You had a hand in it" in mine
    assert f"/policy/{number}/publish" not in mine
    assert f"/policy/{number}/publish" in bob.get(f"/policy/{number}").text
    bob.post(f"/policy/{number}/publish")
    assert versions.in_force(house.bob).stamp.number == number


def test_an_officer_reads_and_tries_and_finds_nothing_to_write_with(house: House) -> None:
    number = draft(house, FALCON)
    olga = portal.signed_in(house, "olga")
    assert 'href="/policy/"' in olga.get("/c/").text
    for address in ("/policy/", f"/policy/{number}", f"/policy/{number}/rules/falcon", f"/policy/{number}/changes"):
        page = olga.get(address)
        assert page.status_code == 200
        for deed in ("publish", "submit", "discard", "restore", "second", "note", "remove", "new-rule"):
            assert f'/{deed}"' not in page.text, address
    assert "Save the rule" not in olga.get(f"/policy/{number}/rules/falcon").text
    assert "<mark>" in olga.post(f"/policy/{number}/try", {"stage": "input", "text": "Falcon"}).text
    (leaf,) = leaves(house, "policy.decided")
    assert (leaf["facts"]["is_trial"], leaf["facts"]["policy"]["version"]) == (True, number)
    for address, sent in (
        ("/policy/", {}),
        ("/policy/second", {"is_needed": "on"}),
        (f"/policy/{number}/rules/falcon", FORM),
        (f"/policy/{number}/new-rule?detector=pattern", FORM),
        *((f"/policy/{number}/{deed}", {}) for deed in ("publish", "submit", "discard", "note")),
        ("/policy/1/restore", {}),
        (f"/policy/{number}/rules/falcon/remove", {}),
    ):
        assert olga.post(address, sent).status_code == 403, address
    assert versions.get(house.ada, number).state == "draft"


def test_an_employee_sees_no_policy(house: House) -> None:
    number = draft(house, FALCON)
    bob = portal.signed_in(house, "bob")
    assert 'href="/policy/"' not in bob.get("/c/").text
    for address in ("/policy/", f"/policy/{number}", f"/policy/{number}/rules/falcon", f"/policy/{number}/changes"):
        refused = bob.get(address)
        assert (refused.status_code, "Falcon" in refused.text) == (403, False)


def test_what_was_published_is_read_and_not_written(house: House, ada: Client) -> None:
    publishing.publish(house.ada, draft(house, FALCON))
    page = ada.get("/policy/2/rules/falcon").text
    assert "its rules stay as they are" in page
    assert "Save the rule" not in page
    assert ada.post("/policy/2/rules/falcon", FORM).status_code == 409
    assert ada.post("/policy/2/note", {"note": "x"}).status_code == 409


def test_the_room_speaks_german(house: House, ada: Client) -> None:
    number = draft(house, FALCON)
    for address in ("/policy/", f"/policy/{number}", f"/policy/{number}/rules/falcon", f"/policy/{number}/changes"):
        page = ada.get(address, headers={"accept-language": "de"}).text
        assert "Fassung" in page
    refused = ada.post(
        f"/policy/{number}/new-rule?detector=pattern", FORM | {"message": ""}, headers={"accept-language": "de"}
    )
    assert "braucht" in refused.text


def test_a_version_that_is_not_there_is_not_found(ada: Client) -> None:
    assert ada.get("/policy/77").status_code == 404
    assert ada.get(f"/policy/1/rules/{uuid.uuid4()}").status_code == 404


def test_a_question_that_needs_a_reason_comes_back_with_a_field_for_it(house: House) -> None:
    policies.publish(
        house, [policies.words("trips", Stage.INPUT, Action.REQUIRE_REASON, "abroad", message="Say what it is for.")]
    )
    bob = portal.signed_in(house, "bob")
    with asking.unrung() as rung:
        asked = {"question": "How long abroad? <b>", "without": "spelling", "compare": "1", "model_only": ""}
        refused = bob.post("/c/ask", asked)
        assert (refused.status_code, rung) == (400, [])
        assert "Say what it is for." in refused.text
        assert "How long abroad? &lt;b&gt;" in refused.text
        sent = {name: value for name, value in html.fromstring(refused.text).forms[-1].form_values() if value}
        assert {"without": "spelling", "compare": "1"}.items() <= sent.items()
        taken = bob.post("/c/ask", sent | {"reason": "A trip in May"})
        assert (taken.status_code, len(rung)) == (302, 1)
        again = bob.post(f"/a/{rung[0]}/again", {"question": "And abroad in June?"})
        assert (again.status_code, len(rung)) == (400, 1)
    assert [leaf["action"] for leaf in leaves(house) if leaf["action"].startswith("prompt.")] == [
        "prompt.reason_asked",
        "prompt.received",
        "prompt.reason_asked",
    ]


def test_built_in_rules_that_a_draft_lacks_are_added_at_once(house: House, ada: Client) -> None:
    number = draft(house, FALCON)
    assert f"Add {len(builtin.rules())} built-in rules that are missing" in ada.get(f"/policy/{number}").text
    ada.post(f"/policy/{number}/built-in")
    names = {rule["name"] for rule in versions.get(house.ada, number).rules}
    assert names == {"falcon", *(rule.name for rule in builtin.rules())}
    assert "/built-in" not in ada.get(f"/policy/{number}").text
    assert portal.signed_in(house, "olga").post(f"/policy/{number}/built-in").status_code == 403
