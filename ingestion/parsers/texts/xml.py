"""XML: texts as paragraphs under their headings, data as paths with values and as tables. No entity is ever followed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from lxml import etree

from governance.sentence import phrase
from ingestion.parsers.base import Parsed, ParseFailed, Parser
from ingestion.parsers.outline import TITLE_MAX, Outline, fenced, one_line, table
from ingestion.parsers.package import broken
from ingestion.parsers.texts import html
from ingestion.parsers.texts.text import decode

_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"\A[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)")
# Of DocBook, TEI, DITA, JATS, FictionBook and their like, by local names: one that says `p` means a paragraph.
_SECTIONS = frozenset(
    re.findall(
        r"\w+",
        "book part chapter article section sect1 sect2 sect3 sect4 sect5 sec div div1 div2 div3 div4 topic concept task "
        "reference preface appendix bibliography glossary body refentry refsect1 refsect2 refsection simplesect text front back",
    )
)
_TITLES = frozenset(("title", "head", "heading", "article-title", "refname"))
_PARAGRAPHS = frozenset(
    re.findall(r"\w+", "p para simpara formalpara ab l line lg note abstract v subtitle caption cmd shortdesc")
)
_ITEMS = frozenset(("listitem", "item", "li", "member", "step", "callout"))
_LISTINGS = frozenset(("programlisting", "screen", "literallayout", "codeblock", "code-block", "eg", "synopsis"))
_TABLES = frozenset(("table", "informaltable", "tgroup", "simpletable"))
_ROWS, _CELLS = frozenset(("row", "tr", "strow", "sthead")), frozenset(("entry", "td", "th", "cell", "stentry"))
_FEEDS = frozenset(("rss", "feed", "RDF"))
_ENTRIES = frozenset(("item", "entry"))
_BOMB = re.compile(r"entity (?:nesting depth|reference loop|amplification)", re.IGNORECASE)
_DEEPEST = 400
_COLUMNS_MOST = 40
_ATTRIBUTES_MOST = 200


class Xml(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        root = tree(stream.read())
        outline = Outline(self.bounds.characters)
        title = _read(outline, root)
        sections = outline.filled()
        return Parsed((one_line(title) or outline.first_heading)[:TITLE_MAX], sections)


def tree(raw: bytes) -> Any:
    """Entities stay what they are called, nothing is loaded. What is not well-formed is read as far as it goes."""
    declared = _ENCODING.match(raw)
    text = _DECLARATION.sub("", decode(raw, declared[1].decode("ascii", "ignore") if declared else ""), count=1)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, recover=True, remove_comments=True,
        remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as fault:
        if fault.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from fault
        raise broken() from fault
    if root is None:
        raise broken()
    for entry in parser.error_log:
        if "depth in document" in entry.message:
            raise _too_deep()
        if _BOMB.search(entry.message):
            raise ParseFailed(
                "broken", "The document defines words by themselves without an end.", phrase("Ask where it comes from.")
            )
    return root


def _read(outline: Outline, root: Any) -> str:
    names = {_name(one) for one in root.iter("*")}
    if _name(root) in _FEEDS and names & _ENTRIES:
        return _feed(outline, root)
    if names & _PARAGRAPHS and names & (_SECTIONS | _TITLES):
        _Prose(outline).read(root, 1, 0)
        return next((_words(one) for one in root.iter("*") if _name(one) in _TITLES), "")
    outline.heading(1, _label(root))
    _data(outline, root, 2)
    return ""


def _name(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _attributes(element: Any) -> list[tuple[str, str]]:
    """The first of them: where there are many, the time that the library takes for all grows with their square."""
    return [(key, element.get(key, "")) for key in element.keys()[:_ATTRIBUTES_MOST]]


def _words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


class _Prose:
    def __init__(self, outline: Outline) -> None:
        self._outline = outline

    def read(self, element: Any, level: int, depth: int) -> None:
        if depth > _DEEPEST:
            raise _too_deep()
        inner = level + (_name(element) in _SECTIONS)
        for child in element.iterchildren("*"):
            if not self._took(child, inner):
                self.read(child, inner, depth + 1)

    def _took(self, element: Any, level: int) -> bool:
        """Whether it was read whole."""
        name = _name(element)
        if name in _TITLES and _name(element.getparent()) not in _TABLES:
            self._outline.heading(max(1, level - 1), _words(element))
        elif name in _LISTINGS:
            self._outline.block(fenced("".join(element.itertext()).split("\n"), 1)[0])
        elif name in _TABLES and (rows := _table_rows(element)):
            self._outline.block(table(rows))
        elif name in _ITEMS and not _holds_blocks(element):
            self._outline.block(f"- {_words(element)}")
        elif name in _PARAGRAPHS or _is_mixed(element):
            self._outline.block(_words(element))
        else:
            return len(element) == 0
        return True


def _table_rows(element: Any) -> list[list[str]]:
    rows = (one for one in element.iter("*") if _name(one) in _ROWS)
    return [[_words(cell) for cell in row.iterchildren("*") if _name(cell) in _CELLS] for row in rows]


def _holds_blocks(element: Any) -> bool:
    return sum(_name(one) in _PARAGRAPHS | _ITEMS | _LISTINGS for one in element.iterdescendants("*")) > 1


def _is_mixed(element: Any) -> bool:
    """Whether words stand in it beside elements, as in a sentence with a link."""
    said = [element.text, *(child.tail for child in element)]
    return any(one and not one.isspace() for one in said)


def _feed(outline: Outline, root: Any) -> str:
    """RSS and Atom: an entry under its title, its text as the page that it is part of would show it."""
    channel = next((one for one in root.iterchildren("*") if _name(one) == "channel"), root)
    title = _child(channel, "title")
    outline.heading(1, title)
    outline.block(_child(channel, "description") or _child(channel, "subtitle"))
    for entry in (one for one in root.iter("*") if _name(one) in _ENTRIES):
        outline.heading(2, _child(entry, "title") or "–")
        told = (
            _child(entry, name) for name in ("pubDate", "published", "updated", "date", "author", "creator", "category")
        )
        outline.block("\n".join(dict.fromkeys(filter(None, told))))
        content = next(
            (one for name in ("encoded", "content", "description", "summary") for one in _named(entry, name)), None
        )
        if content is not None:
            html.read(outline, "".join(content.itertext()) or " ")
        links = [one.get("href") or _words(one) for one in _named(entry, "link")]
        outline.block("\n".join(filter(None, links)))
    return title


def _named(element: Any, name: str) -> list[Any]:
    return [one for one in element.iterchildren("*") if _name(one) == name]


def _child(element: Any, name: str) -> str:
    found = _named(element, name)
    return _words(found[0]) if found else ""


def _data(outline: Outline, element: Any, level: int) -> None:
    """Values by their paths; elements of one kind as the rows of a table; what holds more under a heading, two levels deep."""
    outline.block("\n".join(_own(element)))
    children = list(element.iterchildren("*"))
    rows = _records(children)
    if rows:
        outline.block(table(rows))
        return
    small = [child for child in children if level > 3 or _is_small(child)]
    outline.block("\n".join(line for child in small for line in _lines(_label(child), child, 0)))
    for child in children:
        if level <= 3 and not _is_small(child):
            outline.heading(level, _label(child))
            _data(outline, child, level + 1)


def _label(element: Any) -> str:
    known = next((element.get(key) for key in ("name", "id", "key", "title") if element.get(key)), "")
    return f"{_name(element)} {known}" if known else _name(element)


def _own(element: Any) -> Iterator[str]:
    yield from (f"{_local(key)}: {value}" for key, value in _attributes(element) if value.strip())
    if _is_mixed(element):
        yield one_line(element.text or "")


def _is_small(element: Any) -> bool:
    return not any(len(child) for child in element.iterchildren("*"))


def _lines(path: str, element: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise _too_deep()
    told = "; ".join(f"{_local(key)}={value}" for key, value in _attributes(element))
    text = _words(element) if len(element) == 0 or _is_mixed(element) else ""
    if text or told:
        yield f"{path}: {' '.join(filter(None, (text, f'({told})' if told else '')))}"
    if not _is_mixed(element):
        for child in element.iterchildren("*"):
            yield from _lines(f"{path} › {_name(child)}", child, depth + 1)


def _records(children: Sequence[Any]) -> list[list[str]]:
    """Elements of one name, each with a value a field, as a table under its header; none where they are no such."""
    if len(children) < 2 or len({child.tag for child in children}) > 1 or not all(map(_is_small, children)):
        return []
    told = [_fields(child) for child in children]
    keys = list(dict.fromkeys(key for one in told for key in one))
    filled = sum(map(len, told))
    if not 1 < len(keys) <= _COLUMNS_MOST or filled * 2 < len(keys) * len(told):
        return []
    return [keys, *([one.get(key, "") for key in keys] for one in told)]


def _fields(element: Any) -> dict[str, str]:
    found = {_local(key): value for key, value in _attributes(element)}
    if element.text and element.text.strip():
        found[_name(element)] = one_line(element.text)
    for child in element.iterchildren("*"):
        key = _name(child)
        said = _words(child) or " ".join(value for _, value in _attributes(child))
        found[key] = f"{found[key]}; {said}" if key in found else said
    return found


def _local(key: str) -> str:
    return key.rpartition("}")[2]


def _too_deep() -> ParseFailed:
    return ParseFailed(
        "too_large", "The document is nested too deeply to be read.", phrase("Save its text as plain text.")
    )
