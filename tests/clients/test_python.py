"""The typed client, against a running server: what it is made from, what it does, and what it tries again."""

from __future__ import annotations

import ast
import importlib
import io
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chancery_client
import generate
import httpx
import pytest
from chancery_client import Chancery, shapes

from inference.runners.scripted import ScriptedChat
from ingestion import pipeline
from ingestion.models import Document
from tests.assistant import asking, serving
from tests.cast import House
from tests.clients.places import CLIENTS, run_python, samples
from tests.governance.database import leaves


def client(site: str, key: str, **options: Any) -> Chancery:
    return Chancery(site, key, **options)


def test_what_is_committed_is_what_the_schema_gives(web: str) -> None:
    schema = serving.caller(web).get("/api/schema/", headers={"Accept": "application/json"}).json()
    for name, made in (("shapes.py", generate.shapes(schema)), ("operations.py", generate.operations(schema))):
        kept = (CLIENTS / "python" / "chancery_client" / name).read_text(encoding="utf-8")
        assert ast.dump(ast.parse(kept)) == ast.dump(ast.parse(made)), f"{name} is old: see clients/README.md"


def test_what_the_page_shows_is_run_as_it_stands_there(
    site: str, house: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    (sample,) = samples("python", "python")
    told = run_python(sample, site, house.key("bob"))
    assert told.count("Twenty working days") >= 2
    assert f"answered {asking.RULE}" in told


def test_it_brings_documents_waits_reads_and_sees_what_others_changed(
    site: str, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client(site, house.key("ada")) as ada:
        made = ada.create_collection("Papers", description="All of them")
        with pytest.raises(chancery_client.Conflict) as there:
            ada.create_collection("Papers")
        assert there.value.status == 409
        sent = ada.upload_document(made["id"], io.BytesIO(b"# Rules\n\nTwenty days.\n"), name="Rules.md")
        assert sent["outcome"] == "new"
        with house.system.transaction():
            version = Document.objects.get(pk=sent["id"]).latest_id
        assert version
        pipeline.ingest(house.tenant, version)
        assert ada.wait_until_read(sent["id"], every=0.1)["status"] == "ready"
        (listed,) = chancery_client.every(ada.list_documents, "documents", made["id"])
        assert listed["id"] == sent["id"]
        for name in "abc":
            (tmp_path / f"{name}.md").write_text(f"# {name}")
        monkeypatch.setattr("chancery_client.client.FILES_MOST", 2)
        many = ada.upload_documents(made["id"], [tmp_path / "a.md", ("x/b.md", tmp_path / "b.md"), tmp_path / "c.md"])
        assert [(one["name"], one["outcome"]) for one in many] == [("a.md", "new"), ("x/b.md", "new"), ("c.md", "new")]
        rows = chancery_client.every(ada.list_documents, "documents", made["id"], limit=1)
        assert sorted(one["name"] for one in rows) == ["Rules.md", "a.md", "c.md", "x/b.md"]
        kept = io.BytesIO()
        ada.download(sent["id"], kept)
        assert kept.getvalue() == b"# Rules\n\nTwenty days.\n"
        seen = ada.get_collection(made["id"])
        ada.change_collection(made["id"], name="Rules")
        with pytest.raises(chancery_client.Conflict) as stale:
            ada.change_collection(made["id"], name="Laws", if_match=chancery_client.etag(seen))
        assert (stale.value.status, stale.value.code) == (412, "precondition_failed")
        assert ada.check_policy("input", "hello")["action"] == "allow"


def test_its_shapes_are_those_that_come(site: str, house: House, shelf: uuid.UUID, model: ScriptedChat) -> None:
    with client(site, house.key("bob")) as bob:
        came: list[tuple[Any, Any]] = [
            (shapes.Me, bob.me()),
            (shapes.Collection, bob.list_collections()["collections"][0]),
            (shapes.Found, bob.search("days abroad")),
            (shapes.Passage, bob.search("days abroad")["passages"][0]),
            (shapes.Answer, answer := bob.ask(asking.QUESTION)),
            (shapes.Citation, answer["citations"][0]),
            (shapes.Segment, answer["segments"][0]),
        ]
    for shape, told in came:
        assert shape.__required_keys__ <= set(told) <= shape.__required_keys__ | shape.__optional_keys__, shape


def test_who_may_not_is_told_by_an_exception_of_its_own(
    site: str, house: House, neighbour: House, shelf: uuid.UUID
) -> None:
    with client(site, "chy_wrong") as nobody, pytest.raises(chancery_client.NotSignedIn):
        nobody.me()
    for outsider in (house, neighbour):
        with client(site, outsider.key("charlie")) as charlie:
            assert charlie.search("days abroad")["passages"] == []
            told = set()
            for collection in (shelf, uuid.uuid4()):
                with pytest.raises(chancery_client.NotFound) as fault:
                    charlie.get_collection(collection)
                told.add((fault.value.code, fault.value.message))
                assert fault.value.request_id
            assert len(told) == 1
    with client(site, house.key("bob", "read")) as reader, pytest.raises(chancery_client.Forbidden):
        reader.search("days abroad")


class Cutting(httpx.BaseTransport):
    """A connection that breaks off behind the first sentence, once."""

    def __init__(self) -> None:
        self.real, self.is_cut = httpx.HTTPTransport(), False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.real.handle_request(request)
        if self.is_cut or "answers" not in request.url.path:
            return response
        return httpx.Response(response.status_code, headers=response.headers, stream=Cut(self, response))


class Cut(httpx.SyncByteStream):
    def __init__(self, owner: Cutting, response: httpx.Response) -> None:
        self.owner, self.response = owner, response

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.response.iter_raw():
            yield chunk
            if b"event: segment" in chunk:
                self.owner.is_cut = True
                raise httpx.ReadError("cut")

    def close(self) -> None:
        self.response.close()


def test_a_stream_that_breaks_off_goes_on_and_nothing_comes_twice(
    site: str, house: House, shelf: uuid.UUID, model: ScriptedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chancery_client.client.pause", lambda _: 0.0)
    cutting = Cutting()
    with client(site, house.key("bob"), transport=cutting) as bob:
        heard = list(bob.stream(asking.QUESTION))
    assert cutting.is_cut
    assert "".join(one.data["text"] for one in heard if one.name == "segment") == asking.RULE
    assert [one.name for one in heard].count("done") == 1
    assert len(leaves(house, "prompt.received")) == 1


class Scripted(httpx.BaseTransport):
    """Answers by a list, and remembers what it was sent."""

    def __init__(self, *answers: tuple[int, dict[str, str], Any] | Exception) -> None:
        self.answers, self.sent = list(answers), list[httpx.Request]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, headers, body = answer
        return httpx.Response(status, headers=headers, json=body)


def test_it_tries_again_what_does_no_harm_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("chancery_client.transport.time.sleep", waited.append)
    made: tuple[int, dict[str, str], Any] = (201, {}, {"id": "1"})
    away, broke = (503, {"Retry-After": "2"}, {"error": {"code": "unavailable"}}), httpx.ReadError("gone")
    script = Scripted(away, broke, (409, {}, {"error": {"code": "idempotency_key_in_use"}}), made)
    with Chancery("http://test", "k", transport=script) as it:
        assert it.create_collection("Papers")["id"] == "1"
    assert len({one.headers["Idempotency-Key"] for one in script.sent}) == 1
    assert waited[0] == 2.0

    file = io.BytesIO(b"whole")
    script = Scripted(away, (202, {}, {"id": "2"}))
    with Chancery("http://test", "k", transport=script) as it:
        it.upload_document("c", file, name="a.md")
    assert all(b"whole" in one.content for one in script.sent)

    in_vain: list[tuple[Any, type[Exception]]] = [
        ((429, {}, {"error": {"code": "quota_spent"}}), chancery_client.Busy),
        ((429, {"Retry-After": "3600"}, {"error": {"code": "busy", "wait_s": 3600}}), chancery_client.Busy),
        ((400, {}, {"error": {"code": "invalid_input"}}), chancery_client.InvalidInput),
        ((502, {}, "a proxy's page"), chancery_client.Unavailable),
        (broke, chancery_client.Unavailable),
    ]
    for answer, kind in in_vain:
        tries = 1 if answer != broke and answer[0] == 502 else 4
        script = Scripted(answer)
        with Chancery("http://test", "k", transport=script, tries=tries) as it, pytest.raises(kind):
            it.search("days")
        assert len(script.sent) == 1


def test_every_example_of_the_schema_fits_its_shape(web: str) -> None:
    jsonschema: Any = importlib.import_module("jsonschema")
    schema = serving.caller(web).get("/api/schema/", headers={"Accept": "application/json"}).json()
    held = 0
    for _, _, told in generate._taken(schema):
        parts = [told.get("requestBody", {}), *told["responses"].values()]
        for content in (one.get("content", {}).get("application/json", {}) for one in parts):
            for example in content.get("examples", {}).values():
                resolver = content["schema"] | {"components": schema["components"]}
                jsonschema.validate(example["value"], resolver)
                held += 1
    assert held >= 20
