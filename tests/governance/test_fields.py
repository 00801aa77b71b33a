"""The field table: whole, the same as the page prints, and in OCSF what its classes require."""

from __future__ import annotations

import base64
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from governance.audit import events, fields
from governance.audit.fields import kinds, page
from governance.audit.out import ocsf
from governance.audit.vocabulary import Event
from tests.cast import House
from tests.governance import told
from tests.governance.database import leaves, stored

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "record.md"
BEGIN, END = "<!-- the field table, by manage.py record_fields -->\n", "<!-- the end of the field table -->\n"
# By schema.ocsf.io, beside what the base event requires.
REQUIRED = {
    kinds.AUTHENTICATION: {"user", "service"},
    kinds.ACCOUNT: {"user"},
    kinds.ENTITY: {"entity"},
    kinds.USER_ACCESS: {"user"},
    kinds.GROUP: {"group"},
    kinds.API: {"actor", "api", "src_endpoint"},
    kinds.FILE: {"actor", "file", "src_endpoint"},
    kinds.FINDING: {"finding_info"},
}
ACTIVITIES = {
    kinds.AUTHENTICATION: {1, 2},
    kinds.ACCOUNT: {1, 2, 3, 4, 5, 6, 10, 11},
    kinds.ENTITY: {1, 2, 3, 4},
    kinds.USER_ACCESS: {1, 2},
    kinds.GROUP: {3, 4, 5, 6},
    kinds.API: {1, 2, 3, 4},
    kinds.FILE: {1, 2, 3, 4},
    kinds.FINDING: {1, 2, 3},
}


def test_every_event_there_is_has_its_row() -> None:
    missing = set(Event) - set(fields.KINDS)
    assert not missing, f"say in governance/audit/fields what these hold: {sorted(missing)}"


def test_the_page_prints_the_table() -> None:
    printed = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert printed.strip() == "\n".join(page.lines()).strip(), "print it anew with manage.py record_fields"


def test_classes_and_activities_are_those_of_ocsf() -> None:
    for event, kind in fields.KINDS.items():
        class_uid, activity = kind.ocsf
        assert class_uid in REQUIRED, event
        assert activity in ACTIVITIES[class_uid] | {kinds.OTHER}, event


def test_no_field_stands_twice_and_names_are_of_one_kind() -> None:
    seen: set[tuple[str, str, str]] = set()
    for event, where, one in fields.rows():
        assert (event, where, one.name) not in seen
        seen.add((event, where, one.name))
        assert one.meaning
        assert not one.otel or one.otel.startswith(("gen_ai.", "enduser.", "event.", "session.")), one


@pytest.mark.parametrize("event", list(Event))
def test_each_event_is_whole_in_ocsf(shared_house: House, event: Event) -> None:
    bob = shared_house.bob
    facts = {"action": "block", "stage": "input", "decisions": [{"rule": "r"}], "person": str(bob.person)}
    made = events.record(bob, event, resource=("thing", uuid.uuid4()), facts=facts)
    raw, _ = stored(shared_house, made)
    assert_is_ocsf(json.loads(raw), raw)


def assert_is_ocsf(leaf: dict[str, Any], raw: bytes) -> None:
    shown = ocsf.event(leaf, raw, 7, b"\x01" * 32)
    assert json.loads(json.dumps(shown)) == shown
    assert shown.keys() >= {"class_uid", "category_uid", "activity_id", "type_uid", "severity_id", "time", "metadata"}
    assert shown.keys() >= REQUIRED[shown["class_uid"]]
    assert shown["type_uid"] == shown["class_uid"] * 100 + shown["activity_id"]
    assert shown["category_uid"] == shown["class_uid"] // 1000
    assert shown["metadata"].keys() >= {"version", "product", "uid", "tenant_uid", "sequence"}
    assert shown["raw_data"].encode() == raw
    assert shown["unmapped"]["leaf_hash"] == base64.b64encode(b"\x01" * 32).decode()
    assert 0 < shown["time"] / 1000 < 5e9
    assert shown.get("file", {"name": 1}).keys() >= {"name"}
    assert shown.get("api", {"operation": 1}).keys() >= {"operation"}
    assert shown.get("finding_info", {"uid": 1}).keys() >= {"uid"}
    assert shown.get("entity", {"uid": 1}).keys() >= {"uid"}


def test_model_fields_have_their_gen_ai_names(house: House) -> None:
    facts = {
        "status": "answered",
        "model": {"name": "qwen", "engine": "xllamacpp"},
        "sampler": {"temperature": 0.5, "seed": 7, "max_tokens": 100},
        "usage": {"prompt_tokens": 90, "completion_tokens": 12, "cached_tokens": 3},
        "finish": "stop",
    }
    made = events.record(house.bob, Event.ANSWER_FINISHED, facts=facts)
    raw, _ = stored(house, made)
    unmapped = ocsf.event(json.loads(raw), raw, None, None)["unmapped"]
    assert {name: value for name, value in unmapped.items() if name.startswith("gen_ai.")} == {
        "gen_ai.response.model": "qwen",
        "gen_ai.provider.name": "xllamacpp",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.seed": 7,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 90,
        "gen_ai.usage.output_tokens": 12,
        "gen_ai.usage.cache_read.input_tokens": 3,
    }


@pytest.mark.parametrize(
    ("event", "facts", "status", "severity", "disposition"),
    [
        (Event.POLICY_DECIDED, {"action": "allow"}, 1, 1, 1),
        (Event.POLICY_DECIDED, {"action": "flag"}, 1, 2, 15),
        (Event.POLICY_DECIDED, {"action": "redact"}, 1, 3, 11),
        (Event.POLICY_DECIDED, {"action": "block"}, 2, 4, 2),
        (Event.ACCESS_DENIED, {}, 2, 2, 2),
        (Event.ANSWER_FINISHED, {"status": "failed"}, 2, 1, None),
        (Event.ANSWER_FINISHED, {"status": "answered"}, 1, 1, None),
    ],
)
def test_what_it_came_to_is_told_in_ocsfs_numbers(
    shared_house: House, event: Event, facts: dict[str, Any], status: int, severity: int, disposition: int | None
) -> None:
    raw, _ = stored(shared_house, events.record(shared_house.bob, event, facts=facts))
    shown = ocsf.event(json.loads(raw), raw, None, None)
    assert (shown["status_id"], shown["severity_id"], shown.get("disposition_id")) == (status, severity, disposition)


def test_a_field_that_the_table_does_not_know_is_found(house: House) -> None:
    facts: dict[str, Any] = {"passages": [{"rank": 1, "colour": "red"}], "asked": [], "withheld": []}
    events.record(house.bob, Event.RETRIEVED, facts=facts, payload={"receipt": {"any": "thing"}, "secret": "x"})
    leaf = leaves(house, "retrieval.performed")[0]
    assert told.unlisted(leaf) == ["retrieval.performed: passages[].colour"]
    assert told.of_house(house)[-2:] == [
        "retrieval.performed, encrypted: secret",
        "retrieval.performed: passages[].colour",
    ]
