"""Words of Office and OpenDocument files that their parser loses: `python -m bench.words_lost`.

Every file of these formats in the packages of docs/formats.md is read twice: by its parser, and bare, paragraph by paragraph from
the parts that a reader sees. A paragraph with a word that no section holds is told with its place in the XML. Comments, deletions
and tables of contents, which are left out on purpose, are not looked for.
"""

from __future__ import annotations

import importlib
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from ingestion import formats
from ingestion.parsers.base import Parsed, ParseFailed
from tests.ingestion.formats import samples

PARTS = {
    formats.DOCX: r"word/(?:document\d*|header\d*|footer\d*|footnotes|endnotes|charts/chart\d+|diagrams/data\d+)\.xml",
    formats.PPTX: r"ppt/(?:slides/slide\d+|notesSlides/notesSlide\d+|charts/chart\d+|diagrams/data\d+)\.xml",
    formats.XLSX: r"xl/(?:sharedStrings|worksheets/sheet\d+|drawings/drawing\d+|charts/chart\d+)\.xml",
    formats.ODT: r"(?:.*/)?content\.xml|styles\.xml",
    formats.ODS: r"(?:.*/)?content\.xml",
    formats.ODP: r"(?:.*/)?content\.xml",
}
LARGEST = 3_000_000  # bytes
ASIDE = frozenset(("annotation", "tracked-changes", "table-of-content", "note-citation", "rPh"))
PARAGRAPHS = frozenset(("p", "h", "si", "is"))
APART = PARAGRAPHS | {"tbl", "txbxContent"}
SPACES = frozenset(("tab", "br", "s", "line-break", "cr", "sym"))
WORD = re.compile(r"\w+")


def name_of(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def said(element: Any, *, is_open: bool, is_first: bool = True) -> str:
    """Of one paragraph without those inside it; in OpenDocument (`is_open`) every element may hold text."""
    name = name_of(element)
    if not name or name in ASIDE or (name in APART and not is_first):
        return ""
    parts = [" " if name in SPACES else "", (element.text or "") if is_open or name == "t" else ""]
    for child in element:
        parts += [said(child, is_open=is_open, is_first=False), (child.tail or "") if is_open else ""]
    return "".join(parts)


def paragraphs(media_type: str, raw: bytes) -> Iterator[tuple[str, str]]:
    """(place, text)"""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for part in archive.namelist():
            if not re.fullmatch(PARTS[media_type], part):
                continue
            for element in etree.fromstring(archive.read(part)).iter("{*}p", "{*}h", "{*}si", "{*}is"):
                above = [name_of(one) for one in element.iterancestors()]
                if not (ASIDE | {"si", "is"}).intersection(above):
                    place = "/".join([re.sub(r"\d+", "N", part), *above[:3][::-1], name_of(element)])
                    yield place, said(element, is_open=media_type in (formats.ODT, formats.ODS, formats.ODP))


def words(parsed: Parsed) -> set[str]:
    told = (word for one in parsed.sections for word in (one.text, one.locator.sheet or "", *one.heading_path))
    return set(WORD.findall(" ".join([parsed.title, *told]).lower()))


def read(media_type: str, raw: bytes) -> Parsed | None:
    module, _, name = next(one.parser for one in formats.FORMATS if one.media_type == media_type).rpartition(".")
    try:
        parsed: Parsed = getattr(importlib.import_module(f"ingestion.parsers.{module}"), name)().parse(io.BytesIO(raw))
        return parsed
    except ParseFailed:
        return None


def files() -> Iterator[tuple[str, Path]]:
    kinds = {f".{kind}": getattr(formats, kind.upper()) for kind in ("docx", "pptx", "xlsx", "odt", "ods", "odp")}
    for package in {sample.package: None for sample in samples.manifest()[0]}:
        for path in sorted(samples.unpacked(package).rglob("*")):
            if path.suffix in kinds and path.is_file() and path.stat().st_size <= LARGEST:
                yield kinds[path.suffix], path


def main() -> None:
    lost: defaultdict[str, list[str]] = defaultdict(list)
    count = all_of_them = 0
    for media_type, path in files():
        raw = path.read_bytes()
        parsed = read(media_type, raw)
        if parsed is None:
            continue
        count += 1
        held = words(parsed)
        try:
            told = list(paragraphs(media_type, raw))
        except (etree.XMLSyntaxError, zipfile.BadZipFile):
            continue
        all_of_them += len(told)
        for place, text in told:
            if any(word not in held for word in WORD.findall(text.lower())):
                lost[place].append(f"{path.name}: {' '.join(text.split())[:60]}")
    print(f"{count} files, {all_of_them} paragraphs, {sum(map(len, lost.values()))} with a word that is lost\n")
    for place, found in sorted(lost.items(), key=lambda one: -len(one[1])):
        print(len(found), place, *found[:3], sep="\n    ")


if __name__ == "__main__":
    main()
