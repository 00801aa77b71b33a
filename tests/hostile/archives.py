"""ZIP archives, and what is one within: bombs, lies, names that climb, links that lead out."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial

from tests.hostile import quine
from tests.hostile.case import Case, Member, deflated, packed, zeros

DOCUMENT = b"word/document.xml"
CONTAINER = (
    b'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="c.opf"'
    b' media-type="application/oebps-package+xml"/></rootfiles></container>'
)
# What makes an archive each of the formats that are archives within.
INSIDES = {
    ".docx": [(b"[Content_Types].xml", b"<Types/>"), (DOCUMENT, b"")],
    ".xlsx": [(b"[Content_Types].xml", b"<Types/>"), (b"xl/workbook.xml", b"<workbook/>"), (b"xl/sharedStrings.xml", b"")],
    ".pptx": [(b"[Content_Types].xml", b"<Types/>"), (b"ppt/presentation.xml", b"<p/>"), (b"ppt/slides/slide1.xml", b"")],
    ".odt": [(b"mimetype", b"application/vnd.oasis.opendocument.text"), (b"content.xml", b"")],
    ".ods": [(b"mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), (b"content.xml", b"")],
    ".epub": [
        (b"mimetype", b"application/epub+zip"),
        (
            b"META-INF/container.xml",
            CONTAINER,
        ),
        (b"c.opf", b""),
    ],
    ".zip": [(b"note.txt", b"A note."), (b"big.txt", b"")],
}  # fmt: skip


def inside(ending: str, last: Member) -> bytes:
    """An archive of the format, whose last part is `last` under the name that it is looked for."""
    parts = INSIDES[ending]
    named = Member(parts[-1][0], last.content, last.method, last.size, last.crc, last.flags, last.mode)
    return packed(*(Member(name, content, crc=zlib.crc32(content)) for name, content in parts[:-1]), named)


def cases() -> Iterator[Case]:
    yield from _bombs()
    yield from _overlapping()
    yield from _nested()
    yield from _names()
    yield from _lies()
    yield from _codecs()


def _bombs() -> Iterator[Case]:
    small = zeros(300 << 20)
    for ending in INSIDES:
        yield Case("zip bomb", f"flat{ending}", inside(ending, Member(b"", small, 8, size=300 << 20)))
    yield Case(
        "zip bomb",
        "four-gigabytes.docx",
        inside(".docx", Member(b"", zeros(4000 << 20), 8, size=1 << 20)),
        is_heavy=True,
    )
    many = [Member(b"%d.txt" % number, zeros(16 << 20), 8, size=16 << 20) for number in range(64)]
    yield Case("zip bomb", "many-large.zip", packed(*many))


def _overlapping() -> Iterator[Case]:
    """Every entry of the list points at the same bytes, as D. Fifield's zip bomb of 2019 has them."""
    kernel = zeros(8 << 20)
    first = Member(b"0.txt", kernel, 8, size=8 << 20)
    rest = [Member(b"%d.txt" % number, b"", 8, size=8 << 20, at=0) for number in range(1, 2_000)]
    yield Case("zip overlapping", "shared.zip", packed(first, *rest))
    word = [Member(DOCUMENT, kernel, 8, size=8 << 20), *(Member(b"word/%d.xml" % n, b"", 8, at=0) for n in range(500))]
    yield Case("zip overlapping", "shared.docx", packed(*word))


def _nested() -> Iterator[Case]:
    content = b"the innermost text"
    for _ in range(60):
        content = _zip({"inner.zip": content})
    yield Case("zip nested", "sixty-deep.zip", content)
    wide = _zip({"a.txt": bytes(1 << 20)})
    for _ in range(5):
        wide = _zip({f"{number}.zip": wide for number in range(16)})
    yield Case("zip nested", "sixteen-to-the-fifth.zip", wide)
    yield Case("zip nested", "itself.zip", quine.quine())
    word = _zip({"word/document.xml": b"<w/>"})
    yield Case("zip nested", "documents-in-document.zip", _zip({f"{n}/report.docx": word for n in range(400)}))


def _names() -> Iterator[Case]:
    climbing = (
        b"../../../../tmp/climbed", b"/etc/cron.d/climbed", b"..\\..\\climbed.txt", b"C:\\climbed.txt", b"a/../../../climbed",
        b"\\\\host\\share\\climbed", b"./././climbed.txt", b"~/.ssh/authorized_keys",
    )  # fmt: skip
    yield Case("path traversal", "names.zip", packed(*(Member(name, b"climbed") for name in climbing)))
    yield Case(
        "path traversal", "parts.docx",
        packed(Member(DOCUMENT, b"<w/>"), Member(b"word/../../../tmp/climbed.xml", b"<w/>")),
    )  # fmt: skip
    links = [Member(b"link", b"/etc/passwd", mode=0o120777), Member(b"link/under.txt", b"through the link")]
    yield Case("symbolic link", "link.zip", packed(*links))
    yield Case("symbolic link", "device.zip", packed(Member(b"null", b"", mode=0o020666), Member(b"p", mode=0o010666)))
    strange = (
        b"a\x00b.txt", b"\xed\xa0\x80.txt", b"\xff\xfe.txt", "gpj.\u202etxt".encode(), b"", b"/", b"." * 200,
        b"x" * 60_000 + b".txt", b"con.txt", b"a\nb\r.txt", "\U0001f4a3.txt".encode(), b"<script>.html",
    )  # fmt: skip
    for flags in (0, 0x800):
        members = [Member(name, b"words", crc=zlib.crc32(b"words"), flags=flags) for name in strange]
        yield Case("strange names", f"flags-{flags}.zip", packed(*members))
    same = [Member(b"same.txt", b"%d" % number) for number in range(200)]
    yield Case("strange names", "two-hundred-times-the-same.zip", packed(*same))


def _lies() -> Iterator[Case]:
    text = deflated(b"<w:document/>")
    for size in (0, 1, 0xFFFFFFFF):
        yield Case("lying sizes", f"says-{size}.docx", inside(".docx", Member(b"", text, 8, size=size)))
    yield Case("lying sizes", "wrong-checksum.docx", inside(".docx", Member(b"", text, 8, size=13, crc=7)))
    yield Case("encrypted archive", "word.docx", inside(".docx", Member(b"", b"x" * 40, 8, flags=1)))
    yield Case("encrypted archive", "all.zip", packed(*(Member(b"%d.txt" % n, b"x" * 40, flags=1) for n in range(9))))
    for method in (1, 6, 9, 12, 14, 93, 97, 99):
        yield Case("unknown codec", f"method-{method}.docx", inside(".docx", Member(b"", b"x" * 40, method, size=40)))
    yield Case("many members", "empty.zip", packed(*(Member(b"%d" % number) for number in range(60_000))))
    yield Case("many members", "folders.zip", packed(*(Member(b"a/" * number + b"/") for number in range(1, 900))))
    whole = packed(Member(b"a.txt", b"words", crc=zlib.crc32(b"words")))
    for at in (10, 12, 16):  # entries, size of the list, offset of the list
        end = len(whole) - 22 + at
        yield Case("lying directory", f"field-{at}.zip", whole[:end] + b"\xff\xff\xff\x7f" + whole[end + 4 :])
    yield Case("lying directory", "only-the-end.zip", b"PK\x03\x04" + whole[-22:])
    yield Case("lying directory", "two-ends.zip", whole + whole[-22:] + b"PK\x05\x06")


def _codecs() -> Iterator[Case]:
    """A bomb for every codec that a file may come in, bare or as a part of an archive."""
    for method, level in ((zipfile.ZIP_BZIP2, 9), (zipfile.ZIP_LZMA, None)):
        for size in (16 << 20, 300 << 20):
            for ending, part in ((".docx", "word/document.xml"), (".zip", "big.txt")):
                made = partial(_zeros_in, part, size, method, level)
                yield Case("codec bomb", f"method-{method}-{size >> 20}{ending}", made, is_heavy=size > 16 << 20)
    block = bytes(16 << 20)
    yield Case("codec bomb", "bare.gz", gzip.compress(block))
    yield Case("codec bomb", "bare.bz2", bz2.compress(block))
    yield Case("codec bomb", "bare.xz", lzma.compress(block, preset=0))
    for ending, content in (("html", gzip.compress(b"<html>" + block)), ("svgz", gzip.compress(b"<svg>" + block))):
        yield Case("codec bomb", f"packed.{ending}", content)


def _zeros_in(part: str, size: int, method: int, level: int | None) -> bytes:
    return _zip({part: bytes(size)}, method, level)


def _zip(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, level: int | None = 6) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method, compresslevel=level) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()
