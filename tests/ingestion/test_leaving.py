"""A collection goes away with all that is in it, and comes in again elsewhere; what was changed on the way does not."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from governance import grants
from governance.errors import ChanceryError, Forbidden, InvalidInput, NotFound
from governance.models import Grant
from governance.roles import Level
from ingestion import catalog, documents, search
from ingestion.documents import removal
from ingestion.leaving import archive, arrival, export
from ingestion.models import Document, Status, Version
from ingestion.scanning.base import INFECTED
from tests.cast import House
from tests.governance.database import leaves, payloads
from tests.ingestion import bells

RULE = "# Travel\n\nTwenty working days a year may be spent abroad.\n\n## Longer stays\n\nThey need consent.\n"
AWKWARD = (
    "=cmd|calc!A0.md",
    "CON.txt",
    "ünïcödé – naïve.md",
    "a" * 240 + ".md",
    "trailing dots....md",
    "Überblick.md",
)


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    made = catalog.create(house.ada, "Rules: 2026/27", "What holds").pk
    grants.give(house.ada, made, grants.Holder(group=house.team), Level.READ)
    bells.ingested(house, made, RULE, "travel.md")
    return made


def taken(started: export.Started) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(started.pieces)))


def told(zipped: zipfile.ZipFile, name: str) -> Any:
    return json.loads(zipped.read(name))


def texts(house: House, shelf: uuid.UUID) -> dict[str, list[str]]:
    return {
        row.name: [one.text for one in search.document_text(house.system, row.pk)]
        for row in documents.listed(house.system, shelf)
    }


def test_everything_is_in_it_and_each_file_is_the_one_that_the_manifest_names(house: House, shelf: uuid.UUID) -> None:
    bells.ingested(house, shelf, RULE.replace("Twenty", "Thirty"), "travel.md")
    with taken(export.start(house.ada, shelf)) as zipped:
        assert zipped.testzip() is None
        manifest = told(zipped, "manifest.json")
        assert sorted(zipped.namelist()) == sorted([*manifest["files"], "manifest.json"])
        for name, said in manifest["files"].items():
            content = zipped.read(name)
            assert (len(content), hashlib.sha256(content).hexdigest()) == (said["size"], said["sha256"])
        assert zipped.read("documents/00001-travel.md").decode() == RULE.replace("Twenty", "Thirty")
        assert "Thirty working days" in zipped.read("text/00001-travel.md.txt").decode()
        about = told(zipped, "about/00001-travel.md.json")
        assert [one["number"] for one in about["versions"]] == [1, 2]
        assert about["versions"][1]["sha256"] == hashlib.sha256(RULE.replace("Twenty", "Thirty").encode()).hexdigest()
        assert about["passages"][0]["locator"]["heading"]
        collection = told(zipped, "collection.json")
    assert collection["name"] == "Rules: 2026/27"
    assert {(one["person"], one["group"], one["level"]) for one in collection["grants"]} == {
        (house.email("ada"), None, "manage"), (None, "Team", "read"),
    }  # fmt: skip
    (event,) = leaves(house, "collection.exported")
    assert (event["facts"], event["resource"]["id"]) == ({"documents": 1}, str(shelf))
    assert payloads(house, "collection.exported") == [{"name": "Rules: 2026/27"}]
    assert event["id"] == manifest["event"]


def test_nothing_leaves_before_it_is_recorded(house: House, shelf: uuid.UUID) -> None:
    export.start(house.ada, shelf)
    assert len(leaves(house, "collection.exported")) == 1


def test_names_are_safe_on_every_system_and_the_list_runs_in_no_spreadsheet(house: House, shelf: uuid.UUID) -> None:
    for name in AWKWARD:
        bells.ingested(house, shelf, f"{RULE}{name}", name)
    with taken(export.start(house.ada, shelf)) as zipped:
        names = zipped.namelist()
        rows = list(csv.DictReader(io.StringIO(zipped.read("documents.csv").decode("utf-8-sig"))))
    assert len({name.casefold() for name in names}) == len(names) == 3 + 3 * (1 + len(AWKWARD)) + 1
    for name in names:
        last = name.rpartition("/")[2]
        assert not set(last) & set('<>:"\\|?*') and last.isprintable() and len(last.encode()) <= 130  # noqa: PT018
        assert last == last.strip(". ")
        assert ".." not in name.split("/")
        assert not name.startswith("/")
    assert [row["name"] for row in rows if row["name"].startswith("'=cmd")]
    assert not any(value[:1] in "=+-@" for row in rows for value in row.values() if value)
    assert archive.safe("..\\..\\evil\u202egnp.exe", 7) == "00007-.._.._evil_gnp.exe"


@pytest.mark.parametrize("who", ["bob", "charlie", "olga"])
def test_whoever_does_not_manage_it_takes_nothing_away(who: str, house: House, shelf: uuid.UUID) -> None:
    with pytest.raises((Forbidden, NotFound)):
        export.start(house.scope(who), shelf)
    assert leaves(house, "collection.exported") == []


def test_running_it_without_reading_it_is_not_enough(house: House, shelf: uuid.UUID) -> None:
    """An admin manages every collection, and reads those that they were given."""
    with house.system.transaction():
        Grant.objects.filter(resource=shelf, person=house.ids["ada"]).delete()
    with pytest.raises(Forbidden):
        export.start(house.ada, shelf)


def test_another_tenants_collection_is_not_there(house: House, neighbour: House, shelf: uuid.UUID) -> None:
    with pytest.raises(NotFound):
        export.start(neighbour.ada, shelf)


def test_a_right_that_was_withdrawn_ends_it_without_a_manifest(house: House, shelf: uuid.UUID) -> None:
    for number in range(3):
        bells.ingested(house, shelf, f"{RULE}{number}", f"rule-{number}.md")
    started = export.start(house.ada, shelf, lambda _: house.scope("ada"))
    pieces = []

    def read() -> None:
        for piece in started.pieces:
            pieces.append(piece)
            if b"documents/00001" in piece:
                with house.system.transaction():
                    Grant.objects.filter(resource=shelf, person=house.ids["ada"]).delete()

    with pytest.raises(ChanceryError):
        read()
    assert b"manifest.json" not in b"".join(pieces)
    assert b"documents/00002" not in b"".join(pieces)


def test_a_document_that_goes_meanwhile_is_left_out_and_counted(house: House, shelf: uuid.UUID) -> None:
    gone = bells.ingested(house, shelf, f"{RULE}more", "zzz.md")
    started = export.start(house.ada, shelf)
    removal.delete(house.ada, gone.pk)
    with taken(started) as zipped:
        assert (told(zipped, "manifest.json")["documents"], told(zipped, "manifest.json")["gone"]) == (1, 1)


def test_what_malware_was_found_in_is_told_of_and_not_handed_out(house: House, shelf: uuid.UUID) -> None:
    bad = bells.ingested(house, shelf, "A letter.", "letter.txt")
    with house.system.transaction():
        Version.objects.filter(document=bad).update(status=Status.QUARANTINED, error_code=INFECTED)
    zipped = taken(export.start(house.ada, shelf))
    assert [name for name in zipped.namelist() if "letter" in name and name.startswith("documents/")] == []
    (about,) = [name for name in zipped.namelist() if "letter" in name and name.startswith("about/")]
    assert told(zipped, about)["versions"][0]["error"] == INFECTED
    (line,) = [
        one
        for one in csv.DictReader(io.TextIOWrapper(zipped.open("documents.csv"), "utf-8-sig"))
        if one["name"] == "letter.txt"
    ]
    assert line["file"] == ""


def test_what_was_exported_comes_in_elsewhere_with_the_same_documents(
    house: House, neighbour: House, shelf: uuid.UUID
) -> None:
    for name in AWKWARD[2:]:
        bells.ingested(house, shelf, f"{RULE}{name}", name)
    content = b"".join(export.start(house.ada, shelf).pieces)
    with bells.silent():
        arrived = arrival.take(neighbour.ada, io.BytesIO(content))
    assert (arrived.taken, arrived.refused) == (1 + len(AWKWARD[2:]), ())
    for row in documents.listed(neighbour.system, arrived.collection):
        bells.ingest(neighbour, row)
    assert texts(neighbour, arrived.collection) == texts(house, shelf)
    assert catalog.get(neighbour.ada, arrived.collection).name == "Rules: 2026/27"
    with pytest.raises(NotFound):  # nobody's rights came along
        catalog.get(neighbour.bob, arrived.collection)


def _without_the_manifest(zipped: dict[str, bytes]) -> None:
    del zipped["manifest.json"]


def _another_original(zipped: dict[str, bytes]) -> None:
    zipped["documents/00001-travel.md"] += b"!"


def _one_more(zipped: dict[str, bytes]) -> None:
    zipped["documents/../../evil.md"] = b"evil"


def _one_less(zipped: dict[str, bytes]) -> None:
    del zipped["about/00001-travel.md.json"]


def _a_bomb(zipped: dict[str, bytes]) -> None:
    zipped["documents/00001-travel.md"] = bytes(50 * 2**20)


def _no_list(zipped: dict[str, bytes]) -> None:
    zipped["manifest.json"] = b"[]"


@pytest.mark.parametrize(
    "change", [_without_the_manifest, _another_original, _one_more, _one_less, _a_bomb, _no_list],
    ids=lambda change: change.__name__,
)  # fmt: skip
def test_what_was_changed_on_the_way_does_not_come_in(
    change: Callable[[dict[str, bytes]], None], house: House, neighbour: House, shelf: uuid.UUID
) -> None:
    with taken(export.start(house.ada, shelf)) as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    change(files)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as again:
        for name, content in files.items():
            again.writestr(name, content)
    with pytest.raises(InvalidInput):
        arrival.take(neighbour.ada, made)
    assert catalog.listed(neighbour.ada) == []


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"no zip at all" * 99])
def test_what_is_no_archive_does_not_come_in(content: bytes, house: House) -> None:
    with pytest.raises(InvalidInput):
        arrival.take(house.ada, io.BytesIO(content))


def test_an_operator_takes_it_away_and_in_by_commands(
    house: House, neighbour: House, shelf: uuid.UUID, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rules.zip"
    call_command("export_collection", "--tenant", house.slug, "--collection", str(shelf), "--out", str(out))
    with bells.silent():
        call_command(
            "import_collection",
            "--tenant",
            neighbour.slug,
            "--user",
            neighbour.email("ada"),
            "--name",
            "Theirs",
            str(out),
        )
    assert "1 documents" in capsys.readouterr().out
    (made,) = catalog.listed(neighbour.ada)
    with neighbour.system.transaction():
        rows = Document.objects.filter(collection=made.pk).values_list("name", flat=True)
        assert list(rows) == ["travel.md"]
        assert Version.objects.filter(collection=made.pk).count() == 1
    (event,) = leaves(house, "collection.exported")
    assert event["actor"]["kind"] == "system"
