"""Kinds of text that say what they are by how they begin, or by what they are called."""

from __future__ import annotations

import re
from functools import partial

from ingestion.formats import ASCIIDOC, CALENDAR, CARDS, CODE, JSON, LATEX, RST, SUBTITLES, XML

_JSON = re.compile(
    rb"\s*(?:\{\s*(?:\"(?:[^\"\\\n]|\\.){0,200}\"\s*:|\}\s*\Z)|\[\s*(?:\{\s*(?:\"|\})|\[\s*[\"\d\[{-]|\"(?:[^\"\\\n]|\\.){0,200}\"\s*[,\]]))"
)
_XML = re.compile(rb"\s*(?:<\?xml\s|<!DOCTYPE\s+(?!html)|<(?:rss|feed|svg)[\s>])", re.IGNORECASE)
_SUBTITLES = re.compile(rb"(?:WEBVTT(?:[ \t\r\n]|\Z)|\s*\d{1,6}[ \t]*\r?\n[ \t]*\d{1,3}:\d\d:\d\d[,.]\d{1,3}[ \t]*-->)")
_LATEX = re.compile(rb"(?:[ \t]*(?:%[^\n]*)?\n){0,200}[ \t]*\\(?:documentclass|documentstyle|begin\{document\})")
_SHEBANG = re.compile(rb"#![ \t]*/[^\n]{1,200}\n|\s*<\?php\b")
ENDINGS = {
    JSON: frozenset((".json", ".jsonl", ".ndjson", ".geojson", ".ipynb", ".har", ".webmanifest")),
    XML: frozenset(
        (".xml", ".rss", ".atom", ".svg", ".xsd", ".xsl", ".xslt", ".tei", ".dbk", ".docbook", ".dita", ".opml", ".rdf", ".gpx",
         ".kml", ".fb2", ".xlf", ".xliff", ".wsdl", ".plist", ".nxml")
    ),
    RST: frozenset((".rst", ".rest")),
    ASCIIDOC: frozenset((".adoc", ".asciidoc", ".asc")),
    LATEX: frozenset((".tex", ".ltx", ".latex")),
    SUBTITLES: frozenset((".srt", ".vtt")),
    CODE: frozenset(
        f".{ending}"
        for ending in re.findall(
            r"\S+",
            "py pyi pyx rb js mjs cjs jsx ts tsx java kt kts scala groovy gradle go rs swift c h cc cpp cxx "
            "hh hpp hxx m mm cs fs vb vbs bas cls pas pp lua pl pm php r jl hs lhs ml mli clj cljs ex exs "
            "erl hrl dart nim zig sol v vhd vhdl sv f f90 f95 for cob cbl abap sql psql plsql sh bash zsh "
            "fish ps1 psm1 bat cmd awk sed tcl css scss sass less vue svelte proto thrift graphql tf hcl "
            "cmake mk asm s el lisp scm rkt d ada adb ads coffee elm",
        )
    ),
}  # fmt: skip


_SAYS = {
    CALENDAR: re.compile(rb"\s*BEGIN:VCALENDAR", re.IGNORECASE),
    CARDS: re.compile(rb"\s*BEGIN:VCARD", re.IGNORECASE),
    SUBTITLES: _SUBTITLES,
    JSON: _JSON,
    XML: _XML,
    LATEX: _LATEX,
    CODE: _SHEBANG,
}
_ORDER = (CALENDAR, CARDS, SUBTITLES, JSON, XML, LATEX, RST, ASCIIDOC, CODE)


def _fits(media_type: str, letters: bytes, ending: str) -> bool:
    pattern = _SAYS.get(media_type)
    if pattern is not None and pattern.match(letters):
        return True
    is_called_so = ending in ENDINGS.get(media_type, ())
    return is_called_so and (media_type != XML or letters.lstrip().startswith(b"<"))


# The first that fits decides. A name is believed only where a text says nothing of itself.
SAY_SO = tuple((media_type, partial(_fits, media_type)) for media_type in _ORDER)
