"""The policy over the API: a version is drafted, tried, published and taken back by programs, and refused to outsiders."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from governance.policy import documents, publishing, versions
from governance.policy.rules import Action, Stage
from tests.assistant import asking
from tests.cast import House
from tests.governance import policies
from tests.governance.database import leaves, payloads

URL = "/api/v1/policy/versions"
FALCON = documents.of(policies.words("falcon", Stage.INPUT, Action.BLOCK, "Falcon"))


def client(house: House, name: str, scopes: str = "all") -> Client:
    return Client(headers={"Authorization": f"Bearer {house.key(name, scopes)}"}, raise_request_exception=False)


@pytest.fixture
def ada(house: House) -> Client:
    return client(house, "ada")


def post(caller: Client, address: str, sent: object = None) -> Any:
    return caller.post(address, sent if sent is not None else {}, content_type="application/json")


def put(caller: Client, address: str, sent: object) -> Any:
    return caller.put(address, sent, content_type="application/json")


def test_a_policy_is_drafted_tried_published_and_taken_back(house: House, ada: Client) -> None:
    made = post(ada, URL, {"note": "Falcon stays inside"})
    assert (made.status_code, made.json()["number"], made.json()["state"]) == (201, 2, "draft")
    assert post(ada, f"{URL}/2/rules", FALCON).status_code == 201
    check = {"stage": "input", "text": "About Falcon."}
    tried = post(ada, "/api/v1/policy/check", check | {"version": 2}).json()
    assert (tried["action"], tried["policy"]["version"]) == ("block", 2)
    assert post(ada, "/api/v1/policy/check", check).json()["action"] == "allow"
    report = post(ada, f"{URL}/2/fixtures").json()
    assert report["passes"]
    assert {"rule": "falcon", "index": 0, "expected": "block", "got": "block", "passes": True, "error": ""} in report[
        "outcomes"
    ]
    found = ada.get(f"{URL}/2/changes?since=1").json()
    assert found == {"since": 1, "number": 2, "changes": [{"rule": "falcon", "kind": "added", "fields": {}}]}
    published = post(ada, f"{URL}/2/publish", {"sha256": ada.get(f"{URL}/2").json()["sha256"]}).json()
    assert (published["state"], published["published_by"]) == ("published", str(house.ids["ada"]))
    assert post(ada, "/api/v1/policy/check", check).json()["policy"] == {"version": 2, "sha256": published["sha256"]}
    back = post(ada, f"{URL}/1/restore", {"note": "Too strict"}).json()
    assert (back["number"], back["restores"], back["state"]) == (3, 1, "published")
    listed = ada.get(URL).json()["versions"]
    assert [(one["number"], one["state"]) for one in listed] == [
        (3, "published"),
        (2, "superseded"),
        (1, "superseded"),
    ]


def test_rules_of_a_draft_are_written_one_by_one(house: House, ada: Client) -> None:
    post(ada, URL)
    rules = f"{URL}/2/rules"
    assert post(ada, rules, FALCON).status_code == 201
    assert post(ada, rules, FALCON).json()["error"]["code"] == "conflict"
    assert ada.get(f"{rules}/falcon").json() == FALCON
    assert put(ada, f"{rules}/falcon", FALCON | {"name": "bird", "message": "No birds."}).status_code == 200
    assert ada.get(f"{rules}/falcon").status_code == 404
    assert ada.get(f"{rules}/bird").json()["message"] == "No birds."
    changed = ada.get(f"{URL}/2/changes?since=1").json()["changes"]
    assert [(one["rule"], one["kind"]) for one in changed] == [("bird", "added")]
    assert ada.delete(f"{rules}/bird").status_code == 200
    assert ada.get(rules).json()["rules"] == ada.get(f"{URL}/1/rules").json()["rules"]
    assert (
        ada.patch(f"{URL}/2", {"note": "Nothing yet"}, content_type="application/json").json()["note"] == "Nothing yet"
    )
    assert ada.delete(f"{URL}/2").status_code == 204
    assert ada.get(f"{URL}/2").json()["state"] == "discarded"


def test_a_draft_of_ones_own_rules_is_made_in_one_call(house: House, ada: Client) -> None:
    made = post(ada, URL, {"rules": [FALCON]}).json()
    assert [rule["name"] for rule in made["rules"]] == ["falcon"]
    assert post(ada, f"{URL}/2/publish").json()["state"] == "published"
    assert [rule.name for rule in versions.in_force(house.bob).rules] == ["falcon"]
    twice = post(ada, URL, {"rules": [FALCON, FALCON]})
    assert (twice.status_code, twice.json()["error"]["param"]) == (400, "name")


def test_what_is_wrong_with_a_rule_is_told_beside_its_field(house: House, ada: Client) -> None:
    post(ada, URL)
    wrong = FALCON | {"options": {"expressions": ["(a"]}}
    refused = post(ada, f"{URL}/2/rules", wrong)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "options.expressions")
    assert "cannot be read" in refused.json()["error"]["message"]
    assert post(ada, f"{URL}/2/rules", [FALCON]).status_code == 400


def test_a_draft_whose_test_texts_fail_is_refused_with_the_report(house: House, ada: Client) -> None:
    post(ada, URL, {"rules": [FALCON | {"fixtures": [{"text": "No bird.", "expect": "block"}]}]})
    refused = post(ada, f"{URL}/2/publish")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "fixtures_fail")
    (outcome,) = refused.json()["error"]["report"]["outcomes"]
    assert (outcome["rule"], outcome["got"], outcome["passes"]) == ("falcon", "allow", False)
    assert versions.in_force(house.bob).stamp.number == 1


def test_a_second_person_is_asked_for_over_the_api_too(house: House, ada: Client) -> None:
    publishing.require_second(house.ada, True)
    post(ada, URL, {"rules": [FALCON]})
    assert post(ada, f"{URL}/2/publish").json()["error"]["code"] == "second_person_needed"
    assert post(ada, f"{URL}/2/submit").json()["submitted_by"] == str(house.ids["ada"])
    assert post(ada, f"{URL}/2/publish").status_code == 403


WRITES = [
    ("post", URL, {"rules": [FALCON]}),
    ("patch", f"{URL}/2", {"note": "mine"}),
    ("delete", f"{URL}/2", None),
    ("post", f"{URL}/2/rules", FALCON),
    ("put", f"{URL}/2/rules/falcon", FALCON | {"message": "Mine."}),
    ("delete", f"{URL}/2/rules/falcon", None),
    ("post", f"{URL}/2/submit", {}),
    ("post", f"{URL}/2/publish", {}),
    ("post", f"{URL}/1/restore", {}),
]
READS = [
    ("get", URL, None),
    ("get", f"{URL}/2", None),
    ("get", f"{URL}/2/rules", None),
    ("get", f"{URL}/2/rules/falcon", None),
    ("get", f"{URL}/2/changes?since=1", None),
    ("post", f"{URL}/2/fixtures", {}),
    ("post", "/api/v1/policy/check", {"stage": "input", "text": "Falcon", "version": 2}),
]


def call(caller: Client, verb: str, address: str, sent: object) -> Any:
    given = {} if sent is None else {"data": sent, "content_type": "application/json"}
    return getattr(caller, verb)(address, **given)


@pytest.fixture(scope="module")
def drafting(shared_house: House, django_db_blocker: Any) -> House:
    """A tenant with a draft that nobody who is refused can touch."""
    with django_db_blocker.unblock():
        post(client(shared_house, "ada"), URL, {"rules": [FALCON]})
    return shared_house


@pytest.mark.parametrize(
    ("verb", "address", "sent"), [*WRITES, *READS], ids=lambda one: one if isinstance(one, str) else ""
)
def test_an_employee_without_the_role_gets_nothing(verb: str, address: str, sent: object, drafting: House) -> None:
    before = versions.get(drafting.ada, 2).sha256
    refused = call(client(drafting, "charlie"), verb, address, sent)
    assert refused.status_code == 403
    assert "Falcon" not in refused.text
    assert (versions.get(drafting.ada, 2).state, versions.get(drafting.ada, 2).sha256) == ("draft", before)


@pytest.mark.parametrize(("verb", "address", "sent"), WRITES, ids=lambda one: one if isinstance(one, str) else "")
def test_an_officer_reads_what_only_an_admin_writes(verb: str, address: str, sent: object, drafting: House) -> None:
    before = versions.get(drafting.ada, 2).sha256
    assert call(client(drafting, "olga"), verb, address, sent).status_code == 403
    assert (versions.get(drafting.ada, 2).state, versions.get(drafting.ada, 2).sha256) == ("draft", before)


@pytest.mark.parametrize(("verb", "address", "sent"), READS, ids=lambda one: one if isinstance(one, str) else "")
def test_an_officer_reads(verb: str, address: str, sent: object, drafting: House) -> None:
    assert call(client(drafting, "olga"), verb, address, sent).status_code == 200


@pytest.mark.parametrize("scopes", ["read", "search", "ask", "write", "record"])
def test_a_key_of_other_scopes_writes_nothing(scopes: str, drafting: House) -> None:
    narrow = client(drafting, "ada", scopes)
    assert {call(narrow, *one).status_code for one in WRITES} == {403}
    expected = {200} if scopes == "record" else {403}
    assert {call(narrow, *one).status_code for one in READS[:-1]} == expected


def test_a_question_that_needs_a_reason_goes_on_once_it_has_one(house: House, settings: Any) -> None:
    shelf = asking.shelf(house)
    asking.speak(settings)
    policies.add(house, policies.words("abroad", Stage.INPUT, Action.REQUIRE_REASON, "abroad", message="Say why."))
    bob = client(house, "bob")
    asked = {"question": "How many working days may be spent abroad?", "collections": [str(shelf)], "stream": True}
    refused = post(bob, "/api/v1/answers", asked)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "reason_required")
    assert (refused.json()["error"]["param"], refused.json()["error"]["message"]) == ("reason", "Say why.")
    (leaf,) = leaves(house, "prompt.reason_asked")
    (decided,) = leaves(house, "policy.decided")
    assert decided["interaction"] == leaf["interaction"]
    assert decided["facts"]["action"] == "require_reason"
    assert payloads(house, "prompt.reason_asked")[0]["text"] == asked["question"]
    assert not leaves(house, "prompt.received")
    assert post(bob, "/api/v1/answers", asked | {"reason": "x" * 501}).status_code == 400
    row = asking.answered(house.bob, collections=[shelf], reason="I plan a trip")
    assert row.status == "answered"
    (received,) = leaves(house, "prompt.received")
    assert received["facts"]["has_reason"] is True
    assert "trip" not in str(received)
    assert payloads(house, "prompt.received")[0]["reason"] == "I plan a trip"
