"""Documents within documents: each by itself, once, and gone with the one it came in."""

from __future__ import annotations

import io
import uuid
import zipfile
from email.message import EmailMessage
from unittest import mock

import pytest

from governance import models
from governance.errors import NotFound
from ingestion import catalog, documents
from ingestion.documents import contents, parts, purging, removal
from ingestion.models import Document, Status, Version
from tests.cast import House
from tests.hostile import quine
from tests.ingestion import bells, ingests


def mail(subject: str = "Offer", text: str = "See what is attached.", **attached: bytes) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Ada <ada@house.example>", "bob@house.example", subject
    made.set_content(text)
    for name, content in attached.items():
        made.add_attachment(content, "application", "octet-stream", filename=name.replace("_", "."))
    return bytes(made)


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Letters").pk


def within(house: House, row: Document) -> dict[str, Document]:
    return {one.path: one for one in documents.within(house.ada, row.pk)}


def test_what_is_attached_is_a_document_of_its_own_that_says_where_it_came_from(
    house: House, collection: uuid.UUID
) -> None:
    with bells.silent() as rung:
        around = bells.ingested(house, collection, mail(invoice_txt=b"Forty zebras were invoiced."), "offer.eml")
    assert around.latest is not None
    assert around.latest.status == Status.READY
    found = within(house, around)
    part = found["invoice.txt"]
    assert list(found) == ["invoice.txt"]
    assert (part.name, part.parent_id, part.collection_id) == ("invoice.txt", around.pk, collection)
    assert len(rung) == 1
    bells.ingest(house, part)
    assert ingests.found(house, "zebras invoiced")[0] == "Forty zebras were invoiced."


def test_members_of_an_archive_keep_their_folders_and_their_names_apart(house: House, collection: uuid.UUID) -> None:
    content = zipped(
        {
            "a/report.txt": b"First report.",
            "b/report.txt": b"Second report.",
            "../../up.txt": b"Up.",
            "/etc/x.txt": b"x",
        }
    )
    found = within(house, bells.ingested(house, collection, content, "batch.zip"))
    assert {path: row.name for path, row in found.items()} == {
        "a/report.txt": "report.txt",
        "b/report.txt": "report.txt",
        "up.txt": "up.txt",
        "etc/x.txt": "x.txt",
    }


def test_a_parse_that_was_killed_and_is_repeated_makes_no_part_twice(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, zipped({f"{n}.txt": b"text %d" % n for n in range(4)}), "batch.zip")
    put, calls = parts._Shelf._put, []

    def killed(shelf: parts._Shelf, one: parts._Kept) -> None:
        put(shelf, one)
        calls.append(one.path)
        if len(calls) == 2:
            raise ingests.KilledError

    with bells.silent(), mock.patch.object(parts._Shelf, "_put", killed), pytest.raises(ingests.KilledError):
        bells.ingest(house, row)
    first = within(house, row)
    assert sorted(first) == ["0.txt", "1.txt"]
    ingests.lapse(house, row)
    with bells.silent():
        bells.ingest(house, row)
    again = within(house, row)
    assert sorted(again) == ["0.txt", "1.txt", "2.txt", "3.txt"]
    assert {path: again[path].pk for path in first} == {path: one.pk for path, one in first.items()}
    with house.system.transaction():
        assert not Version.objects.filter(document__parent=row.pk, number__gt=1).exists()
    assert purging.verify_index(house.system).files == 0


def test_a_new_version_updates_adds_and_removes_parts(house: House, collection: uuid.UUID) -> None:
    with bells.silent():
        row = bells.ingested(house, collection, zipped({"same": b"same", "new": b"old", "gone": b"gone"}), "batch.zip")
        before = within(house, row)
        second = bells.upload(house, collection, zipped({"same": b"same", "new": b"new", "more": b"more"}), "batch.zip")
        assert sorted(within(house, row)) == ["gone", "new", "same"]
        bells.ingest(house, second)
    after = within(house, row)
    assert sorted(after) == ["more", "new", "same"]
    assert {path: (after[path].pk, after[path].latest.number) for path in ("new", "same")} == {
        "new": (before["new"].pk, 2),
        "same": (before["same"].pk, 1),
    }
    with pytest.raises(NotFound):
        documents.get(house.ada, before["gone"].pk)


def test_a_part_that_goes_takes_along_what_of_it_lies_in_the_bin(house: House, collection: uuid.UUID) -> None:
    with bells.silent():
        row = bells.ingested(house, collection, zipped({"in.zip": zipped({"deep": b"deep"})}), "batch.zip")
        inner = within(house, row)["in.zip"]
        bells.ingest(house, inner)
        removal.delete(house.ada, within(house, inner)["deep"].pk)
        bells.ingest(house, bells.upload(house, collection, zipped({"other": b"other"}), "batch.zip"))
    assert sorted(within(house, row)) == ["other"]
    assert purging.verify_index(house.system).total == 0


def test_a_part_that_was_deleted_comes_back_with_the_next_version(house: House, collection: uuid.UUID) -> None:
    with bells.silent():
        row = bells.ingested(house, collection, zipped({"one": b"one"}), "batch.zip")
        removal.delete(house.ada, within(house, row)["one"].pk)
        assert within(house, row) == {}
        bells.ingest(house, bells.upload(house, collection, zipped({"one": b"one", "two": b"two"}), "batch.zip"))
    assert sorted(within(house, row)) == ["one", "two"]


def test_a_new_version_that_cannot_be_read_changes_no_part(house: House, collection: uuid.UUID) -> None:
    with bells.silent():
        row = bells.ingested(house, collection, zipped({"one": b"one"}), "batch.zip")
        second = bells.upload(house, collection, zipped({"two": b"two"}), "batch.zip")
        with ingests.break_parser():
            bells.ingest(house, second)
    assert sorted(within(house, row)) == ["one"]


def test_what_is_deleted_takes_along_what_came_in_it(house: House, collection: uuid.UUID) -> None:
    inner = zipped({"deep.txt": b"Deep down."})
    with bells.silent():
        row = bells.ingested(house, collection, mail(inner_zip=inner, note_txt=b"A note."), "offer.eml")
        bells.ingest(house, within(house, row)["inner.zip"])
    removal.delete(house.ada, row.pk)
    assert documents.listed(house.ada, collection) == []
    assert purging.verify_index(house.system).total == 0


def test_a_document_and_its_parts_are_chosen_and_deleted_at_once(house: House, collection: uuid.UUID) -> None:
    with bells.silent():
        row = bells.ingested(house, collection, zipped({"a": b"a", "b": b"b"}), "batch.zip")
    chosen = [row.pk, *(one.pk for one in within(house, row).values())]
    assert len(contents.delete(house.ada, collection, chosen)) == 3
    assert documents.listed(house.ada, collection) == []


def test_what_is_not_taken_is_named_with_its_reason_and_fails_nothing(house: House, collection: uuid.UUID) -> None:
    with bells.silent():
        row = bells.ingested(
            house,
            collection,
            zipped({"a.exe": b"\x7fELF" + bytes(range(256)) * 9, "b.txt": b"b", "c": b""}),
            "batch.zip",
        )
    assert row.latest is not None
    assert row.latest.status == Status.READY
    assert {one["path"]: one["why"].partition(".")[0] for one in row.latest.skipped} == {
        "a.exe": "This kind of file cannot be read",
        "c": "It is empty",
    }
    assert "Documents within it: 1. Left out: 2." in [mark["note"] for mark in row.latest.timeline]


def test_a_part_that_fails_says_so_where_it_came_from(house: House, collection: uuid.UUID) -> None:
    with bells.silent():
        row = bells.ingested(house, collection, mail(broken_pdf=b"%PDF-1.7\nno pages at all"), "offer.eml")
        bells.ingest(house, within(house, row)["broken.pdf"])
    around = documents.get(house.ada, row.pk).latest
    assert around is not None
    assert around.status == Status.READY
    told = [mark["note"] for mark in around.timeline if mark["stage"] == "part"]
    assert len(told) == 1
    assert told[0].startswith("Within it, broken.pdf could not be read: ")


def test_a_full_tenant_takes_no_part_and_says_so(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, zipped({"a": b"a", "b": b"b"}), "batch.zip")
    with house.system.transaction():
        models.Tenant.objects.filter(pk=house.tenant).update(documents_max=2)
    with bells.silent():
        bells.ingest(house, row)
    assert list(within(house, row)) == ["a"]
    latest = documents.get(house.ada, row.pk).latest
    assert latest is not None
    assert latest.skipped == [{"path": "b", "why": parts.NO_ROOM}]


def test_what_is_packed_too_deep_is_left_out(house: House, collection: uuid.UUID) -> None:
    content = b"At the bottom."
    for depth in range(parts.DEEPEST + 2):
        content = zipped({f"{depth}.zip" if depth else "bottom.txt": content})
    with bells.silent():
        row = bells.ingested(house, collection, content, "deep.zip")
        for _ in range(parts.DEEPEST):
            (row,) = within(house, row).values()
            bells.ingest(house, row)
    assert within(house, row) == {}
    latest = documents.get(house.ada, row.pk).latest
    assert latest is not None
    assert [one["why"] for one in latest.skipped] == [parts.TOO_DEEP]


def test_an_archive_that_holds_itself_does_not_go_on_for_ever(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, quine.quine(b"r.zip"), "r.zip")
    with bells.silent():
        bells.ingest(house, row)
    latest = documents.get(house.ada, row.pk).latest
    assert latest is not None
    assert latest.status == Status.READY
    assert latest.skipped == [{"path": "r.zip", "why": parts.ITSELF}]


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("a/b.txt", "a/b.txt"),
        ("..\\..\\windows\\b.txt", "windows/b.txt"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\x.txt", "C:/x.txt"),
        ("a/./../b.txt", "a/b.txt"),
        ("a//\x00b.txt", "a/b.txt"),
        ("", "document"),
        ("../..", "document"),
    ],
)
def test_a_path_leads_nowhere(path: str, clean: str) -> None:
    assert parts.clean_path(path) == clean


def test_a_long_path_keeps_its_name() -> None:
    clean = parts.clean_path("/".join(["folder" * 30] * 50) + "/report.txt")
    assert clean.endswith("/report.txt")
    assert len(clean) <= 400
