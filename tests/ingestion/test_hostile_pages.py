"""Hostile PDFs and pictures: read, drawn and recognised, each ends in a named state or in what it says, within its limits."""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion import formats
from ingestion.parsers.base import ParseFailed
from ingestion.parsers.limited import sandbox
from ingestion.parsers.limited.sandbox import Limits
from ingestion.pipeline import recognition

LIMITS = Limits(cpu_s=5, wall_s=60.0)
NAMED = {"broken", "empty", "encrypted", "too_large", "out_of_memory", "timeout", "crashed", "no_page"}
PAGE = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<{resources}>>>>"
WORDS = b"BT /F1 12 Tf 72 700 Td (Trains are booked in second class.) Tj ET"
FONT = "/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"


def stream(content: bytes, entries: str = "") -> bytes:
    return f"<</Length {len(content)}{entries}>>stream\n".encode() + content + b"\nendstream"


def pdf(
    *objects: bytes | str, xref: bool = True, page: str = PAGE.format(resources=FONT), text: bytes = WORDS
) -> bytes:
    """Catalogue, page tree, a page and its text; `objects` are those from 5 on."""
    tree = ("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>")
    return raw(*tree, page, stream(text), *objects, xref=xref)


def raw(*objects: bytes | str, xref: bool = True) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), list[int]()
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + (one.encode() if isinstance(one, str) else one) + b"\nendobj\n"
    if not xref:
        return bytes(out + b"trailer<</Root 1 0 R>>\n%%EOF")
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    return bytes(out + f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode())


def packed(size: int, times: int = 1) -> bytes:
    """Zeros, packed again and again."""
    made = zlib.compressobj(9)
    content = b"".join(made.compress(bytes(1 << 20)) for _ in range(size >> 20)) + made.flush()
    for _ in range(times - 1):
        content = zlib.compress(content, 9)
    return content


def pictured(entries: str, content: bytes) -> bytes:
    image = stream(content, f"/Type/XObject/Subtype/Image{entries}")
    page = PAGE.format(resources="/XObject<</X 5 0 R>>")
    return pdf(image, page=page, text=b"q 595 0 0 842 0 0 cm /X Do Q")


def boxed(box: str) -> bytes:
    return pdf(page=PAGE.format(resources=FONT).replace("[0 0 595 842]", box))


def png(width: int, height: int, content: bytes = b"") -> bytes:
    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", content) + part(b"IEND", b"")


def tiff(*entries: tuple[int, int, int, int], following: int = 8) -> bytes:
    """One directory at 8, and where the next one is said to be: by itself it comes round again."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\x00" + struct.pack("<IH", 8, len(entries)) + body + struct.pack("<I", following) + bytes(64)


DEEP = [f"<</Type/Pages/Kids[{n + 1} 0 R]/Count 1/Parent {n - 1} 0 R>>" for n in range(3, 30_000)]
RGB = "/Width {0}/Height {0}/BitsPerComponent 8/ColorSpace/DeviceRGB"
PDFS: dict[str, Callable[[], bytes]] = {
    "a page tree that comes round": lambda: raw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>"),
    "a page tree of thirty thousand floors": lambda: raw(
        "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", *DEEP, "<</Type/Page>>"
    ),
    "a page tree that counts two thousand million": lambda: raw(
        "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 2147483647>>", "<</Type/Page/Parent 2 0 R>>"
    ),
    "a page of a thousand million points": lambda: boxed("[0 0 1000000000 1000000000]"),
    "a page without a size": lambda: boxed("[0 0 0 0]"),
    "a page from inside out": lambda: boxed("[842 842 -842 -842]"),
    "a page of words for a size": lambda: boxed("[/a (b) null true]"),
    "a page as thin as nothing": lambda: boxed("[0 0 0.0001 14400]"),
    "two hundred thousand objects": lambda: pdf(*["<</A 1>>"] * 200_000),
    "a page packed to a thousandth": lambda: raw(
        "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", PAGE.format(resources=FONT),
        stream(packed(1 << 27), "/Filter/FlateDecode"),
    ),
    "a page packed twice": lambda: raw(
        "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", PAGE.format(resources=FONT),
        stream(packed(1 << 27, 2), "/Filter[/FlateDecode/FlateDecode]"),
    ),
    "objects packed to a thousandth": lambda: pdf(
        stream(packed(1 << 27), "/Type/ObjStm/N 100000000/First 900000000/Filter/FlateDecode"), xref=False
    ),
    "a form that draws itself": lambda: pdf(
        stream(b"/X Do", "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>"),
        page=PAGE.format(resources="/XObject<</X 5 0 R>>"), text=b"/X Do",
    ),
    "a million brackets": lambda: pdf(text=b"[" * 1_000_000),
    "a million states": lambda: pdf(text=b"q " * 1_000_000),
    "letters of a million points": lambda: pdf(text=WORDS.replace(b"12 Tf", b"1000000 Tf")),
    "letters of no size": lambda: pdf(text=WORDS.replace(b"12 Tf", b"0 Tf")),
    "three hundred thousand letters": lambda: pdf(text=WORDS.replace(b"Trains", b"Trains " * 40_000)),
    "bookmarks that come round": lambda: raw(
        "<</Type/Catalog/Pages 2 0 R/Outlines 5 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", PAGE.format(resources=FONT),
        stream(WORDS), "<</First 6 0 R/Last 6 0 R>>", "<</Title(a)/Parent 5 0 R/Next 6 0 R/First 6 0 R>>",
    ),
    "a form with fields within themselves": lambda: raw(
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        PAGE.format(resources=FONT).replace("/Contents", "/Annots[5 0 R]/Contents"), stream(WORDS),
        "<</T(a)/FT/Tx/V(b)/Kids[5 0 R]/Parent 5 0 R/Type/Annot/Subtype/Widget/Rect[0 0 9 9]>>",
    ),
    "no table of its objects": lambda: pdf(xref=False),
    "a table of lies": lambda: pdf().replace(b"00000 n", b"99999 n").replace(b"0000000", b"9999999"),
    "a table that points to itself": lambda: pdf().replace(b"trailer<<", b"trailer<</Prev 9/XRefStm 9"),
    "a length of lies": lambda: pdf().replace(b"/Length 65", b"/Length 4294967295"),
    "a picture of ten thousand million pixels": lambda: pictured(
        RGB.format(100_000) + "/Filter/FlateDecode", packed(1 << 24)
    ),
    "a picture packed by LZW": lambda: pictured(
        RGB.format(60_000) + "/Filter/LZWDecode", b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01" * 1000
    ),
    "a picture packed by JBIG2": lambda: pictured(
        RGB.format(50_000).replace("DeviceRGB", "DeviceGray").replace("Component 8", "Component 1")
        + "/Filter/JBIG2Decode",
        struct.pack(">IBBIIIIIBH", 0, 48, 0, 1, 19, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 0) + bytes(99),
    ),
    "a picture packed by JPEG 2000": lambda: pictured(
        RGB.format(50_000) + "/Filter/JPXDecode", b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(200)
    ),
    "a predictor of a million columns": lambda: pictured(
        RGB.format(1000) + "/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 2147483647/Colors 32/BitsPerComponent 16>>",
        packed(1 << 20),
    ),
}  # fmt: skip
PICTURES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a PNG of ten thousand million pixels": (formats.PNG, lambda: png(100_000, 100_000, packed(1 << 24))),
    "a PNG of less than it says": (formats.PNG, lambda: png(9_000, 9_000, zlib.compress(b"few"))),
    "a PNG of no size": (formats.PNG, lambda: png(0, 0)),
    "a TIFF whose pages come round": (
        formats.TIFF, lambda: tiff((256, 3, 1, 8), (257, 3, 1, 8), (273, 4, 1, 100), (279, 4, 1, 8)),
    ),
    "a TIFF of ten thousand million pixels": (
        formats.TIFF, lambda: tiff((256, 4, 1, 100_000), (257, 4, 1, 100_000), (273, 4, 1, 100), following=0),
    ),
    "a GIF of four thousand million pixels": (formats.GIF, lambda: b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0)),
    "a JPEG that ends": (formats.JPEG, lambda: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20)),
    "a WebP of lies": (formats.WEBP, lambda: b"RIFF\xff\xff\xff\xffWEBPVP8L\xff\xff\xff\xff\x2f\xff\xff\xff\xff" + bytes(50)),
    "a BMP upside down and endless": (
        formats.BMP, lambda: b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 65535, -2**31, 1, 24, 0, 0, 0, 0, 0, 0),
    ),
}  # fmt: skip
HOSTILE = {name: (formats.PDF, make) for name, make in PDFS.items()} | PICTURES


def ended(deed: Callable[[], object]) -> str:
    """How, in a word; a fault has to say what to do."""
    try:
        deed()
    except ParseFailed as fault:
        return fault.code if fault.message.endswith(".") and fault.remedy.endswith(".") else "not said"
    return "read"


@functools.cache
def made(name: str) -> tuple[str, bytes]:
    media_type, make = HOSTILE[name]
    return media_type, make()


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_read_or_ends_by_name(name: str, tmp_path: Path) -> None:
    media_type, content = made(name)
    path = tmp_path / "hostile"
    path.write_bytes(content)
    assert ended(lambda: sandbox.run(path, media_type, LIMITS)) in NAMED | {"read"}
    assert [each.name for each in tmp_path.iterdir()] == ["hostile"]


@pytest.mark.parametrize("name", HOSTILE)
def test_its_page_is_drawn_or_ends_by_name(name: str, tmp_path: Path) -> None:
    media_type, content = made(name)
    path = tmp_path / "hostile"
    path.write_bytes(content)
    order = {"media_type": media_type, "page": 1}
    with path.open("rb") as file:
        told = ended(lambda: sandbox.ask("draw", [file], order, LIMITS, lambda said: said, lambda said, _: said))
    assert told in NAMED | {"read"}


@pytest.mark.parametrize(
    "name", ["no table of its objects", "two hundred thousand objects", "bookmarks that come round"]
)
def test_what_is_only_odd_is_read(name: str, tmp_path: Path) -> None:
    """The others would pass with a parser that reads nothing."""
    path = tmp_path / "hostile"
    path.write_bytes(made(name)[1])
    assert sandbox.run(path, formats.PDF, LIMITS).sections[0].text == "Trains are booked in second class."


@pytest.mark.parametrize("name", ["a PNG of less than it says", "a picture packed by LZW"])
def test_recognition_ends_by_name_too(name: str, tmp_path: Path) -> None:
    media_type, content = made(name)
    path = tmp_path / "hostile"
    path.write_bytes(content)
    assert ended(lambda: recognition._recognise(path, media_type, [1], lambda *_: None)) in NAMED | {"read"}
