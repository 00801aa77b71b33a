"""The API against its own OpenAPI file: whatever is sent to whichever operation, what comes is what the file says, and no 5xx.

Fixed cases, once each; bench/contract_fuzz.py has many thousands, as every role.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import jsonschema_rs
import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from assistant import conversations
from assistant.api import deprecated, evidence
from assistant.conversations import prompts
from governance import custom_roles, grants
from governance.audit.out import targets
from governance.roles import Level
from governance.service_accounts import accounts
from inference import runners
from ingestion import catalog, glossary
from tests.assistant import test_matrix
from tests.assistant.contract_cases import BESIDE, BODIES, HUGE, JSON, OF_ONE, RECORD, ROOMS, VALUES, VERBS


@dataclass(frozen=True)
class Operation:
    path: str
    verb: str
    told: dict[str, Any]
    components: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.verb.upper()} {self.path}"

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Of the body in JSON, where there is one."""
        content = self.told.get("requestBody", {}).get("content", {}).get(JSON)
        return (self._read(content["schema"]).get("properties") or {"name": {}}) if content else {}

    @property
    def is_of_one(self) -> bool:
        return self.path.endswith("}") or self.path in OF_ONE

    @property
    def asked(self) -> list[str]:
        return [one["name"] for one in self.told.get("parameters", ()) if one["in"] == "query"]

    def _read(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            _, _, kind, name = node["$ref"].split("/")
            node = self.components[kind][name]
        return node

    def fault(self, response: Any) -> str:
        """What the response has that the file does not say; empty where there is nothing."""
        status = str(response.status_code)
        if response.status_code >= 500:
            return f"{status}: {response.content[:300]!r}"
        told = self.told["responses"].get(status) or self.told["responses"].get("default")
        if told is None:
            return f"{status} is not among {list(self.told['responses'])}"
        told = self._read(told)
        if missing := [name for name in told.get("headers", {}) if name not in response.headers]:
            return f"{status} without {missing}"
        media, content = response.headers.get("Content-Type", "").split(";")[0], told.get("content", {})
        if not content or status == "304":
            return "" if getattr(response, "streaming", False) or not response.content else f"{status} has a body"
        if media not in content:
            return f"{status} as {media!r}, not {list(content)}"
        return self._unfit(content[media]["schema"], response) if media == JSON else ""

    def _unfit(self, schema: dict[str, Any], response: Any) -> str:
        whole = schema | {"components": self.components}
        return next((f"{one.instance_path}: {one.message}"[:300] for one in _errors(whole, response.json())), "")


def _schema() -> dict[str, Any]:
    made: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return made


def _errors(schema: dict[str, Any], told: Any) -> Iterator[Any]:
    yield from jsonschema_rs.validator_for(schema).iter_errors(told)


@dataclass(frozen=True)
class Ground:
    operations: list[Operation]
    ids: dict[str, object]
    clients: dict[str, Client]

    def client(self, operation: Operation) -> Client:
        return self.clients[next((who for start, who in ROOMS.items() if operation.path.startswith(start)), "ada")]

    def read(self, operation: Operation, **asked: Any) -> Any:
        response = self.client(operation).get(operation.path.format(**self.ids), asked)
        return response.json() if response.headers.get("Content-Type", "").startswith(JSON) else None

    def send(self, operation: Operation, address: str, body: bytes = b"{}", media: str = JSON) -> str:
        response = self.client(operation).generic(operation.verb.upper(), address, body, content_type=media)
        fault = operation.fault(response)
        return f"{operation} {address[-80:]}: {fault}" if fault else ""


@pytest.fixture(scope="module")
def ground(django_db_blocker: Any) -> Ground:
    stage = test_matrix.furnished(django_db_blocker.unblock())
    with django_db_blocker.unblock():
        house = stage.houses["no grant"]
        grants.give(
            house.ada, uuid.UUID(str(stage.ids["collection"])), grants.Holder(person=house.ids["ada"]), Level.MANAGE
        )
        for name in ("Alpha", "Beta"):
            catalog.create(house.ada, name)
            prompts.create(house.ada, name, f"What of {name}?")
            glossary.add(house.ada, name, ["a letter"])
            custom_roles.create(house.ada, name, ["collection.see"])
            accounts.create(house.ada, accounts.Draft(name, "Counts.", house.ids["ada"]))
            conversations.begin(house.ada, name)
            targets.create(house.ada, targets.Draft(name, "webhook", f"https://{name}.example", "jsonl"))
        schema = json.loads(json.dumps(_schema(), default=str))
        operations = [
            Operation(path, verb, verbs[verb], schema["components"])
            for path, verbs in schema["paths"].items()
            for verb in VERBS
            if verb in verbs
        ]
        clients = {
            who: Client(headers={"Authorization": f"Bearer {house.key(who)}"}, raise_request_exception=False)
            for who in ("ada", "olga")
        }
        return Ground(operations, stage.ids, clients)


@contextmanager
def unawaited() -> Iterator[None]:
    """What another process does, a bundle or a second embedding model, is there at once or not at all."""
    any_name = mock.patch.object(runners, "embedder", return_value=runners.embedder())
    with mock.patch.object(evidence, "WAIT_MOST_S", 0.0), any_name:
        yield


def _sent(operation: Operation, value: Any) -> bytes:
    return json.dumps(dict.fromkeys(operation.fields, value)).encode()


def test_what_is_read_is_what_the_file_says(ground: Ground) -> None:
    """Every GET, of things that are there."""
    readable = [one for one in ground.operations if one.verb == "get"]
    assert len(readable) > 60
    assert [fault for one in readable if (fault := ground.send(one, one.path.format(**ground.ids)))] == []


def test_no_address_and_no_query_makes_a_fault(ground: Ground) -> None:
    """Ids that nobody has; of each parameter something that it is not."""
    strange = {name: uuid.uuid4() for name in ground.ids} | {"number": 2**31, "rule": "x" * 200}
    faults = []
    for one in ground.operations:
        if one.verb == "get" and "{" in one.path:
            faults.append(ground.send(one, one.path.format(**strange)))
        for value in ("\x00", HUGE, "-1") if one.asked else ():
            query = urlencode(dict.fromkeys(one.asked, value))
            faults.append(ground.send(one, f"{one.path.format(**ground.ids)}?{query}"))
    assert [fault for fault in faults if fault] == []


def test_no_body_makes_a_fault(ground: Ground) -> None:
    """Each kind of broken body to every third operation that takes one, and of every field a value that it is not to all."""
    writing = [one for one in ground.operations if one.fields]
    assert len(writing) > 50
    faults = []
    with unawaited():
        for place, one in enumerate(writing):
            address = one.path.format(**ground.ids)
            for number, body in enumerate(BODIES.values()):
                if number % 3 == place % 3:
                    faults.append(ground.send(one, address, body))
            faults += [ground.send(one, address, _sent(one, value)) for value in VALUES]
            faults.append(ground.send(one, address, b"<a/>", "text/xml"))
    assert [fault for fault in faults if fault] == []


def test_every_list_is_read_in_parts_whose_sum_is_the_whole(ground: Ground) -> None:
    """A route that gives a list takes `cursor` and `limit` and says `next`; one after the other its rows are those at once."""
    walked = 0
    for one in (one for one in ground.operations if one.verb == "get" and not one.is_of_one):
        told = ground.read(one)
        rows = [name for name, value in (told or {}).items() if isinstance(value, list) and name not in BESIDE]
        if not rows or "error" in told:
            assert "cursor" not in one.asked or "error" in told, str(one)
            continue
        (name,) = rows
        assert {"cursor", "limit"} <= set(one.asked), f"{one} gives {name} whole"
        assert ground.client(one).get(one.path.format(**ground.ids), {"limit": 501}).status_code == 400, str(one)
        if one.path.startswith(RECORD):
            continue  # to read it is itself recorded: it grows while it is read
        parts: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            part = ground.read(one, limit=1, cursor=cursor)
            assert len(part[name]) <= 1, str(one)
            parts, cursor = parts + part[name], part["next"]
        assert parts == told[name], str(one)
        walked += len(parts) > 1
        strange = ground.client(one).get(one.path.format(**ground.ids), {"cursor": "WyJ4Il0"})
        assert strange.status_code == 400, f"{one} takes a cursor that nobody gave out"
    assert walked >= 7


def test_a_value_of_another_kind_is_refused_and_never_read_as_something_else(ground: Ground) -> None:
    """`"name": 5` is not the name "5", nor `"limit": "8"` the number."""
    ada = ground.clients["ada"]
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("/api/v1/collections", {"name": 5}),
        ("/api/v1/collections", {"name": True}),
        ("/api/v1/search", {"query": "days", "limit": "8"}),
        ("/api/v1/search", {"query": "days", "limit": True}),
        ("/api/v1/search", {"query": "days", "collections": {"a": 1}}),
        ("/api/v1/search", {"query": "days", "earlier": [{"question": 1}]}),
        ("/api/v1/answers", {"question": "When?", "stream": "true"}),
    ]
    for address, body in wrong:
        response = ada.post(address, body, content_type=JSON)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_input"), (address, body)


def test_no_two_operations_or_shapes_share_a_name() -> None:
    """The generator would tell them apart by a number that changes with the next one."""
    GENERATOR_STATS.reset()
    _schema()
    assert not GENERATOR_STATS, [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]


def test_every_operation_has_one_shape_of_error(ground: Ground) -> None:
    fault = {"$ref": "#/components/schemas/ErrorOut"}
    for one in ground.operations:
        for code, told in one.told["responses"].items():
            if not code.startswith(("2", "3")):
                content = one._read(told)["content"]
                assert content == {JSON: {"schema": fault}}, (str(one), code)
        assert {"401", "403", "429", "default"} <= one.told["responses"].keys(), str(one)


def test_what_is_deprecated_in_the_file_says_so_in_its_responses(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = [
        (one.verb, one.path, told["name"])
        for one in ground.operations
        for told in one.told.get("parameters", ())
        if told.get("deprecated")
    ]
    assert marked == [(verb, path, one.name) for (verb, path), leaving in deprecated.LEAVING.items() for one in leaving]
    for one in (one for leaving in deprecated.LEAVING.values() for one in leaving):
        assert (one.until - one.since).days >= deprecated.KEPT_DAYS
    address = f"/api/v1/collections/{ground.ids['collection']}/documents"
    old, new = ground.clients["ada"].get(address, {"page": 1}), ground.clients["ada"].get(address)
    assert (old["Deprecation"], old["Sunset"]) == ("@1795824000", "Wed, 01 Dec 2027 00:00:00 GMT")
    assert "Deprecation" not in new.headers
    assert old.json() == new.json()
    whole = deprecated.Leaving(deprecated.Kind.OPERATION, "", *_span(), "Nothing.")
    field = deprecated.Leaving(deprecated.Kind.FIELD, "description", *_span(), "Nothing.")
    table = {("get", "/api/v1/me"): [whole], ("post", "/api/v1/collections"): [field]}
    monkeypatch.setattr(deprecated, "LEAVING", table)
    schema = _schema()
    assert schema["paths"]["/api/v1/me"]["get"]["deprecated"] is True
    assert schema["components"]["schemas"]["CollectionIn"]["properties"]["description"]["deprecated"] is True
    assert "Sunset" in ground.clients["ada"].get("/api/v1/me").headers
    for sent, is_told in (({"name": "A"}, False), ({"name": "B", "description": "of old"}, True)):
        made = ground.clients["ada"].post("/api/v1/collections", sent, content_type=JSON)
        assert (made.status_code, "Sunset" in made.headers) == (201, is_told)


def _span() -> tuple[Any, Any]:
    (one,) = next(iter(deprecated.LEAVING.values()))
    return one.since, one.until
