"""Mails, archives and marked text that mean harm: each ends in a state with a name, within its limits, and nothing leaves."""

from __future__ import annotations

import io
import stat
import uuid
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion import catalog, documents, formats
from ingestion.documents import parts
from ingestion.parsers.base import ParseFailed, Part, Skipped
from ingestion.parsers.containers import archive
from ingestion.parsers.limited import sandbox
from ingestion.parsers.limited.sandbox import Limits
from tests.cast import House
from tests.ingestion import bells

HEAD = b"From: a@x\nMessage-ID: <1@x>\nMIME-Version: 1.0\n"
LIMITS = Limits(unpacked=20 << 20, part=4 << 20, parts=200, characters=2_000_000, cpu_s=40)


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            packed.writestr(name, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def book(page: bytes, spine: int = 1) -> bytes:
    items = "".join(f'<item id="a{n}" href="a.x" media-type="text/html"/>' for n in range(spine))
    order = "".join(f'<itemref idref="a{n}"/>' for n in range(spine))
    opf = f"<p><manifest>{items}</manifest><spine>{order}</spine></p>"
    container = b'<c><rootfile full-path="a.opf"/></c>'
    return zipped(("META-INF/container.xml", container), ("a.opf", opf.encode()), ("a.x", page))


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a mail with a hundred thousand parts": (
        formats.MAIL,
        lambda: (
            HEAD
            + b"Content-Type: multipart/mixed; boundary=b\n\n"
            + b"--b\nContent-Disposition: attachment\n\nx\n" * 100_000
        ),
    ),
    "mails in mails": (formats.MAIL, lambda: (HEAD + b"Content-Type: message/rfc822\n\n") * 10_000 + HEAD + b"\nhi"),
    "a subject of encoded words": (
        formats.MAIL,
        lambda: HEAD + b"Subject: " + b"=?utf-8?q?=41?= " * 200_000 + b"\n\nx",
    ),
    "a hundred thousand recipients": (formats.MAIL, lambda: HEAD + b"To: " + b"a@x, " * 100_000 + b"\n\nx"),
    "a hundred thousand headers": (formats.MAIL, lambda: HEAD + b"X-A: b\n" * 100_000 + b"\nx"),
    "a type with many quotes": (
        formats.MAIL,
        lambda: HEAD + b"Content-Type: text/plain; " + b'a="b;c"; ' * 50_000 + b"\n\nx",
    ),
    "base64 beyond a part's size": (
        formats.MAIL,
        lambda: HEAD + b"Content-Type: a/b; name=a\nContent-Transfer-Encoding: base64\n\n" + b"QUFB\n" * 2_000_000,
    ),
    "a mailbox of many mails": (formats.MAILBOX, lambda: b"From a\nSubject: x\n\nhi\n\n" * 30_000),
    "an archive of 65,000 members": (formats.ZIP, lambda: zipped(*((str(n), b"x") for n in range(65_000)))),
    "an archive that unpacks to a thousand times its size": (
        formats.ZIP,
        lambda: zipped(*((str(n), bytes(4 << 20)) for n in range(20))),
    ),
    "an archive with names without an end": (
        formats.ZIP,
        lambda: zipped(*((f"{'a/' * 30_000}{n}", b"x") for n in range(20))),
    ),
    "a book that unpacks to too much": (formats.EPUB, lambda: book(b"<p>" + bytes(40 << 20))),
    "a book of one page a hundred thousand times": (formats.EPUB, lambda: book(b"<p>x", 100_000)),
    "values in values": (formats.JSON, lambda: b"[" * 100_000),
    "objects in objects": (formats.JSON, lambda: b'{"a":' * 100_000),
    "elements in elements": (formats.XML, lambda: b"<a>" * 100_000),
    "an element of many attributes": (
        formats.XML,
        lambda: b"<r " + b" ".join(b'a%d="1"' % n for n in range(50_000)) + b"/>",
    ),
    "a line without an end": (formats.CODE, lambda: b"a " * 1_000_000),
    "lines that look like functions": (formats.CODE, lambda: (b"a " * 190 + b"\n") * 4_000),
    "braces without an end": (formats.LATEX, lambda: b"\\section{" * 50_000),
    "rules without a title": (formats.RST, lambda: b"-" * 1_000_000),
    "a line folded without an end": (
        formats.CALENDAR,
        lambda: b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\n" + b" y\n" * 300_000,
    ),
    "tags without an end": (formats.SUBTITLES, lambda: b"WEBVTT\n\n00:01.000 --> x\n" + b"<a" * 300_000),
    "boxes in boxes of links": (formats.HTML, lambda: b"<div class=menu><a href=x>x</a>" * 20_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_in_a_state_with_a_name(name: str, tmp_path: Path) -> None:
    media_type, made = HOSTILE[name]
    document = tmp_path / "upload"
    document.write_bytes(made())
    told: list[Part | Skipped] = []
    try:
        sandbox.run(document, media_type, LIMITS, on_part=told.append)
    except ParseFailed as fault:
        state = fault.code
        # Neither killed nor out of time: its own parser knows what it is.
        assert state in {"too_large", "broken", "empty", "encrypted"}, fault.message  # noqa: PT017  either is an end
    kinds = Counter(type(one) for one in told)
    assert kinds[Part] <= LIMITS.parts
    assert sum(len(one.content) for one in told if isinstance(one, Part)) <= LIMITS.unpacked
    assert [one.name for one in tmp_path.iterdir()] == ["upload"]


def test_names_and_links_that_lead_elsewhere_become_names_within(house: House, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    names = (
        "../../up.txt",
        "/etc/cron.d/x.txt",
        "C:\\autoexec.txt",
        "a/../../b.txt",
        "evil\x1b.txt",
        "con.txt",
        "..",
    )
    content = zipped((link, b"/etc/passwd"), *((name, b"words of " + name.encode()) for name in names))
    collection = catalog.create(house.ada, f"Hostile {uuid.uuid4().hex[:8]}").pk
    before = sorted(one.name for one in tmp_path.iterdir())
    with bells.silent():
        row = bells.ingested(house, collection, content, "names.zip")
        other = bells.ingested(house, collection, "Beside it lies a harmless note.", "note.txt")
    assert other.latest is not None
    assert other.latest.status == "ready"
    found = [one.path for one in documents.within(house.ada, row.pk)]
    assert all(not path.startswith(("/", ".")) and ".." not in path.split("/") and "\x1b" not in path for path in found)
    assert len(found) == len(set(found)) == len(names)
    assert row.latest is not None
    assert row.latest.skipped == [{"path": "link", "why": archive.LINK}]
    # What is stored lies in the tenant's own folder, under names of its own.
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted({*before, house.tenant.hex})
    assert all(uuid.UUID(hex=one.name) for one in (tmp_path / house.tenant.hex).iterdir())


def test_archives_in_archives_end_at_their_depth(house: House) -> None:
    """As in the one of 42 kB that holds sixteen, each of which holds sixteen, and so on."""
    content = b"The bottom."
    for _ in range(parts.DEEPEST + 3):
        content = zipped(("a.zip", content), ("b.zip", content + b"\x00"))
    collection = catalog.create(house.ada, f"Hostile {uuid.uuid4().hex[:8]}").pk
    with bells.silent():
        waiting = [bells.ingested(house, collection, content, "42.zip")]
        seen = 0
        while waiting:
            row = waiting.pop()
            seen += 1
            for part in documents.within(house.ada, row.pk):
                bells.ingest(house, part)
                waiting.append(part)
    assert seen == sum(2**depth for depth in range(parts.DEEPEST + 1))
