"""Uploads of one document: only what changed is embedded again, an older one comes back, a failure goes on where it was."""

from __future__ import annotations

import uuid
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from governance.errors import Conflict, Forbidden, NotFound
from inference import runners
from inference.runners.scripted import ScriptedEmbedder
from ingestion import documents, indexes, stores
from ingestion.documents import extracts, purging, versions
from ingestion.documents.extracts import Wanted
from ingestion.line import leases
from ingestion.models import Chunk, Status, Version
from ingestion.parsers.limited import sandbox
from ingestion.pipeline import indexing
from ingestion.search import postings
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells, ingests, shelves


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the embedder was given of documents."""
    seen: list[str] = []
    embed = ScriptedEmbedder.embed

    def listening(self: Any, texts: Any, kind: Any) -> Any:
        seen.extend(texts if kind == "passage" else ())
        return embed(self, texts, kind)

    monkeypatch.setattr(ScriptedEmbedder, "embed", listening)
    return seen


def markdown(*bodies: str) -> str:
    return "\n\n".join(f"# Part {n}\n\n{body} {'It is told at some length. ' * 30}" for n, body in enumerate(bodies))


def vectors(house: House, version: uuid.UUID) -> dict[str, str]:
    with house.system.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.context, e.vector::text FROM chunk c JOIN embedding e ON e.chunk_id = c.id"
            " WHERE e.tenant_id = %s AND c.tenant_id = %s AND c.version_id = %s",
            [house.tenant, house.tenant, version],
        )
        return dict(cursor.fetchall())


def test_passages_that_read_the_same_are_embedded_once(
    house: House, collection: uuid.UUID, embedded: list[str]
) -> None:
    part = f"# Notice\n\n{'Nobody smokes in the stairwell. ' * 30}\n\n"
    row = bells.ingested(house, collection, part * 5 + "# End\n\nThe lift has a rule of its own.", "notices.md")
    assert row.current is not None
    assert row.current.chunks == 6
    assert len(embedded) == len(set(embedded)) == 2
    assert stores.store().count(house.system, runners.embedder().name) == 6


def test_only_the_passages_that_changed_are_embedded_again(
    house: House, collection: uuid.UUID, embedded: list[str]
) -> None:
    bodies = [f"Chapter {n} speaks of city number {n}." for n in range(6)]
    first = bells.ingested(house, collection, markdown(*bodies), "guide.md")
    assert first.current is not None
    total = first.current.chunks
    assert len(embedded) == total >= 6
    before = vectors(house, first.current.pk)
    embedded.clear()

    bodies[3] = "Chapter 3 speaks of a village now."
    second = bells.ingested(house, collection, markdown(*bodies), "guide.md")
    version = second.current
    assert version is not None
    assert (second.pk, version.number) == (first.pk, 2)
    assert len(embedded) == 1
    assert "village" in embedded[0]
    after = vectors(house, version.pk)
    assert len(after) == version.chunks == total
    kept = before.keys() & after.keys()
    assert len(kept) == total - 1
    assert all(before[context] == after[context] for context in kept)
    told = next(mark for mark in version.timeline if mark["stage"] == "embed")
    assert (told["unchanged"], told["chunks"]) == (total - 1, total)
    assert any("village" in text for text in ingests.found(house, "village"))
    assert purging.verify_index(house.system).total == 0


def test_a_passage_that_reads_as_before_under_another_title_is_embedded_anew(
    house: House, collection: uuid.UUID, embedded: list[str]
) -> None:
    """What is embedded is the title, the headings and the text: all three have to be the same."""
    bells.ingested(house, collection, "# Travel\n\n## Rates\n\nA hotel is 140 euros.", "a.md")
    embedded.clear()
    bells.ingested(house, collection, "# Travel 2027\n\n## Rates\n\nA hotel is 140 euros.", "a.md")
    assert len(embedded) == 1


def test_vectors_of_another_index_are_not_carried_over(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, "A hotel.")
    assert row.current_id is not None
    with house.system.transaction():
        context = Chunk.objects.get(tenant_id=house.tenant, version_id=row.current_id).context
        newer = shelves.version(house.system, row, [context], is_current=False, number=2)
    store, live = stores.store(), indexes.live(house.system)
    assert store.carry_over(house.system, "another", row.current_id, newer.pk) == 0
    assert store.carry_over(house.system, live, row.current_id, newer.pk) == 1


def test_an_older_version_comes_back_as_the_newest(house: House, collection: uuid.UUID, embedded: list[str]) -> None:
    bells.ingested(house, collection, "The rate is 100 euros.")
    row = bells.ingested(house, collection, "The rate is 120 euros.")
    with bells.silent():
        versions.again(house.ada, row.pk, 1)
    bells.ingest(house, documents.get(house.ada, row.pk))
    found = documents.get(house.ada, row.pk)
    assert found.current is not None
    assert (found.pk, found.current.number) == (row.pk, 3)
    assert ingests.found(house, "rate") == ["The rate is 100 euros."]
    history = versions.listed(house.bob, row.pk)
    assert [one.number for one in history] == [3, 2, 1]
    assert history[0].sha256 == history[2].sha256
    assert history[0].path != history[2].path
    assert [leaf["facts"].get("again") for leaf in leaves(house, "document.uploaded")] == [None, None, 1]
    with pytest.raises(Conflict):
        versions.again(house.ada, row.pk, 1)  # those bytes are the newest already
    with pytest.raises(NotFound):
        versions.again(house.ada, row.pk, 9)
    with pytest.raises(Forbidden):
        versions.again(house.bob, row.pk, 2)


def test_an_older_file_is_handed_to_those_who_may_write(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, "The rate is 100 euros.")
    row = bells.ingested(house, collection, "The rate is 120 euros.")
    file, _ = documents.open_file(house.ada, row.pk, 1)
    with file:
        assert file.read() == b"The rate is 100 euros."
    for scope, refusal in ((house.bob, Forbidden), (house.charlie, NotFound)):
        with pytest.raises(refusal):
            documents.open_file(scope, row.pk, 1)
    with pytest.raises(NotFound):
        documents.open_file(house.ada, row.pk, 7)


def test_a_failure_behind_the_reading_goes_on_there_and_reads_nothing_twice(
    house: House, collection: uuid.UUID, embedded: list[str]
) -> None:
    """Whatever embeds is down for good, after the first passages."""
    row = bells.upload(
        house,
        collection,
        markdown(*(f"Part {n} of the hotel." for n in range(indexing.STORED_AT_ONCE + 8))),
        "guide.md",
    )
    whole = ScriptedEmbedder.embed
    given = 0

    def down(self: Any, texts: Any, kind: Any) -> Any:
        nonlocal given
        given += len(texts)
        if given > indexing.STORED_AT_ONCE:
            raise RuntimeError("out of order")
        return whole(self, texts, kind)

    with mock.patch.object(ScriptedEmbedder, "embed", down):
        for _ in range(leases.ATTEMPTS):
            ingests.lapse(house, row)
            bells.ingest(house, row)
    version = ingests.version(house, row)
    assert (version.status, version.stage, version.resumes_at) == (Status.FAILED, "embed", "embed")
    assert version.chunks > indexing.STORED_AT_ONCE
    assert purging.verify_index(house.system).total == 0  # what can go on is no orphan
    assert extracts.found(house.ada, row.pk, Wanted(number=1)).total == version.chunks
    embedded.clear()

    with bells.silent():
        documents.retry(house.ada, row.pk)
    assert [leaf["facts"]["from"] for leaf in leaves(house, "document.retried")] == ["embed"]
    with mock.patch.object(sandbox, "run", side_effect=AssertionError("it was read already")):
        bells.ingest(house, row)
    version = ingests.version(house, row)
    assert version.status == Status.READY
    assert 0 < len(embedded) < version.chunks
    assert len(vectors(house, version.pk)) == version.chunks


def test_a_failure_in_reading_reads_anew(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    with mock.patch.object(postings, "write", side_effect=RuntimeError("no")), ingests.break_parser():
        bells.ingest(house, row)
    assert ingests.version(house, row).resumes_at == "parse"


def test_what_failed_before_is_forgotten_once_a_newer_version_is_ready(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, "The old rate.")
    with house.system.transaction():
        Version.objects.filter(document=row).update(status=Status.FAILED)
    bells.ingested(house, collection, "The new rate.")
    with house.system.transaction():
        assert {one.version_id for one in Chunk.objects.filter(tenant_id=house.tenant, document_id=row.pk)} != {
            row.latest_id
        }
        assert Version.objects.get(pk=bells.latest(row)).chunks == 0
    assert purging.verify_index(house.system).total == 0


def test_the_passages_are_found_by_words_and_by_the_page_that_holds_one(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, markdown(*(f"City number {n}." for n in range(30))), "guide.md")
    whole = extracts.found(house.bob, row.pk, Wanted(), size=7)
    assert [chunk.ordinal for chunk in whole.page.rows] == list(range(7))
    last = extracts.found(house.bob, row.pk, Wanted(page=99), size=7).page
    assert last.rows[-1].ordinal == whole.total - 1
    there = extracts.found(house.bob, row.pk, Wanted(chunk=last.rows[-1].id), size=7).page
    assert (there.number, last.rows[-1].id in {chunk.id for chunk in there.rows}) == (last.number, True)
    found = extracts.found(house.bob, row.pk, Wanted(words="CITY 17.")).page
    assert [("number 17." in chunk.text) for chunk in found.rows] == [True]
    assert extracts.found(house.bob, row.pk, Wanted(words="100%_nothing")).page.total == 0
    with pytest.raises(NotFound):
        extracts.found(house.charlie, row.pk, Wanted())
    with pytest.raises(NotFound):
        extracts.found(house.ada, row.pk, Wanted(number=4))
    with pytest.raises(Forbidden):
        extracts.found(house.bob, row.pk, Wanted(number=4))
