"""What the malware scanner finds is held back, by the name it has for it; and what it cannot see is not read unseen."""

from __future__ import annotations

import io
import tempfile
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from governance.errors import Conflict, Unavailable
from ingestion import catalog, documents, scanning
from ingestion.documents import purging
from ingestion.models import Status
from ingestion.scanning.base import UnscannableError
from ingestion.scanning.clamd import Clamd
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells, clamds, ingests

CLEAN = "A night in a hotel is paid."
INFECTED = b"A hotel. " + clamds.EICAR


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


@pytest.fixture(scope="module")
def clamd() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="c-") as home, clamds.real(Path(home)) as address:
        yield address


def use(settings: Any, address: str, **options: float) -> None:
    given = {"address": address, "scan_s": 60.0, **options}
    settings.SCANNER = {"BACKEND": "ingestion.scanning.clamd.Clamd", "OPTIONS": given}


def written(folder: Path, content: bytes) -> Path:
    path = folder / "upload"
    path.write_bytes(content)
    return path


def test_the_double_gets_the_bytes_in_pieces_and_its_word_is_heard(tmp_path: Path) -> None:
    content = bytes(range(256)) * 1_000
    with clamds.double() as server:
        scanner = clamds.scanner(server.address)
        assert not scanner.scan(written(tmp_path, content)).is_infected
        assert scanner.scan(written(tmp_path, b"a" * 70_000 + clamds.EICAR)).signature == clamds.NAME
        assert not scanner.scan(written(tmp_path, b"")).is_infected
    assert server.heard[0] == content


def test_the_real_daemon_finds_eicar_also_in_an_archive_and_nothing_else(tmp_path: Path, clamd: str) -> None:
    scanner = clamds.scanner(clamd)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/note.com", clamds.EICAR)
    assert scanner.scan(written(tmp_path, clamds.EICAR)).signature.startswith(clamds.NAME)
    assert scanner.scan(written(tmp_path, packed.getvalue())).signature.startswith(clamds.NAME)
    assert not scanner.scan(written(tmp_path, CLEAN.encode())).is_infected
    with pytest.raises(UnscannableError, match="larger"):
        scanner.scan(written(tmp_path, bytes(2 << 20)))  # the daemon takes one megabyte


@pytest.mark.parametrize("which", ["double", "real"])
def test_what_is_infected_is_quarantined_recorded_and_handed_to_nobody(
    house: House, collection: uuid.UUID, settings: Any, which: str, request: pytest.FixtureRequest
) -> None:
    with clamds.double() as server:
        use(settings, server.address if which == "double" else request.getfixturevalue("clamd"))
        row = bells.ingested(house, collection, INFECTED)
        good = bells.ingested(house, collection, CLEAN, "good.txt")
    version = ingests.version(house, row)
    assert (version.status, version.error_code) == (Status.QUARANTINED, "infected")
    assert clamds.NAME in version.error
    assert version.remedy
    assert ingests.stages(version) == [*ingests.CAME, "scan", "quarantined"]  # no parser has seen it
    (failed,) = leaves(house, "document.failed")
    assert failed["facts"]["signature"].startswith(clamds.NAME)
    assert failed["facts"]["code"] == "infected"
    with pytest.raises(Conflict, match="not handed out"):
        documents.open_file(house.ada, row.pk)
    assert ingests.version(house, good).status == Status.READY
    assert ingests.stages(ingests.version(house, good))[:5] == [*ingests.CAME, "scan", "parse"]
    assert purging.verify_index(house.system).total == 0


def test_a_scanner_that_is_away_is_waited_for(house: House, collection: uuid.UUID, settings: Any) -> None:
    use(settings, "tcp://127.0.0.1:1", connect_s=1.0)
    row = bells.ingested(house, collection, CLEAN)
    version = ingests.version(house, row)
    assert (version.status, version.attempts) == (Status.QUEUED, 0)
    assert version.timeline[-1]["note"] == "The malware scanner is away."
    with clamds.double() as server:
        use(settings, server.address)
        bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.READY


def test_where_it_is_set_so_a_file_is_read_without_a_scanner_and_says_so(
    house: House, collection: uuid.UUID, settings: Any
) -> None:
    settings.READ_UNSCANNED = True
    use(settings, "tcp://127.0.0.1:1", connect_s=1.0)
    version = ingests.version(house, bells.ingested(house, collection, CLEAN))
    assert version.status == Status.READY
    notes = [mark["note"] for mark in version.timeline if mark["stage"] == "scan"]
    assert notes == ["", "The malware scanner is away.", "It was read without being scanned."]


def test_what_it_cannot_scan_is_not_read_and_can_be_tried_again(
    house: House, collection: uuid.UUID, settings: Any
) -> None:
    with clamds.double(most=10) as server:
        use(settings, server.address)
        row = bells.ingested(house, collection, CLEAN)
        version = ingests.version(house, row)
        assert (version.status, version.error_code) == (Status.FAILED, "unscanned")
        server.most = 1_000
        with bells.silent():
            documents.retry(house.ada, row.pk)
        bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.READY


def test_a_scanner_that_hangs_up_again_and_again_ends_in_failed(
    house: House, collection: uuid.UUID, settings: Any
) -> None:
    with clamds.double(answer=b"") as server:
        use(settings, server.address)
        row = bells.upload(house, collection, CLEAN)
        for _ in range(3):
            bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.FAILED


@pytest.mark.parametrize(
    ("answer", "limits", "said"),
    [
        (None, {"scan_s": 0.2}, "too long"),
        (b"stream: Can't allocate memory ERROR\0", {}, "could not scan"),
        (b"what?\0", {}, "could not scan"),
        (b"x" * 10_000, {}, "could not scan"),
        (b"stream: OK\0", {"most": 3}, "larger"),
    ],
)
def test_anything_else_it_says_is_no_clean_bill(
    tmp_path: Path, answer: bytes | None, limits: dict[str, float], said: str
) -> None:
    with clamds.double(answer) as server, pytest.raises(UnscannableError, match=said):
        clamds.scanner(server.address, **limits).scan(written(tmp_path, b"words"))


def test_a_signature_s_name_is_told_without_signs_of_its_own(tmp_path: Path) -> None:
    with clamds.double(b"stream: <b>Win.\xe2\x80\xaeEvil\n FOUND\0") as server:
        assert clamds.scanner(server.address).scan(written(tmp_path, b"words")).signature == "bWin.Evil"


def test_an_address_that_is_none_is_said_at_once(settings: Any) -> None:
    for wrong in ("127.0.0.1:3310", "tcp://", "http://host:1", "unix:"):
        with pytest.raises(ValueError, match="must read"):
            Clamd(wrong)
        use(settings, wrong)
        with pytest.raises(ImproperlyConfigured, match="SCANNER"):
            scanning.scanner()


def test_a_socket_that_is_not_there_is_a_scanner_that_is_away(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Clamd(f"unix://{tmp_path}/none.ctl").scan(written(tmp_path, b"words"))
