"""HTML: what a reader sees of the main content. No scripts, nothing hidden, no entity or address is followed."""

from __future__ import annotations

import re
from typing import Any, BinaryIO

from lxml import etree
from lxml import html as lxml_html

from ingestion.parsers.base import Parsed, ParseFailed, Parser
from ingestion.parsers.outline import Outline, table
from ingestion.parsers.text import EMPTY, decode

DROPPED = {
    "script",
    "style",
    "noscript",
    "template",
    "nav",
    "header",
    "footer",
    "aside",
    "form",
    "button",
    "svg",
    "iframe",
}
NOTHING = r"0(?!\.?[1-9])"
HIDDEN = re.compile(
    rf"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*{NOTHING}|opacity\s*:\s*{NOTHING}", re.IGNORECASE
)
PARAGRAPHS = {
    "p",
    "div",
    "section",
    "article",
    "main",
    "blockquote",
    "dd",
    "dt",
    "figcaption",
    "address",
    "body",
    "td",
    "th",
}
DEEPEST = 200


class Html(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        text = re.sub(r"^\s*<\?xml[^>]*\?>", "", decode(stream.read()))
        if not text.strip():
            raise EMPTY
        try:
            root = lxml_html.document_fromstring(text, parser=lxml_html.HTMLParser(no_network=True, huge_tree=False))
        except (etree.ParserError, etree.XMLSyntaxError, ValueError):
            raise EMPTY from None
        title = " ".join((root.findtext(".//title") or "").split())
        walk = _Walk()
        walk.visit(_main(root), 0)
        walk.flush()
        walk.outline.close()
        if not walk.outline.sections:
            raise EMPTY
        return Parsed(title or walk.outline.first_heading or "Untitled", tuple(walk.outline.sections))


def _main(root: Any) -> Any:
    for path in (".//main", ".//article", ".//body"):
        found = root.findall(path)
        if len(found) == 1 and "".join(found[0].itertext()).strip():
            return found[0]
    return root


def _is_seen(element: Any) -> bool:
    if not isinstance(element.tag, str) or element.tag in DROPPED:
        return False
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return False
    return not HIDDEN.search(element.get("style") or "")


class _Walk:
    """Depth first: inline text gathers in a line, a block ends it."""

    def __init__(self) -> None:
        self.outline = Outline()
        self.line: list[str] = []

    def visit(self, element: Any, depth: int) -> None:
        if depth > DEEPEST:
            raise ParseFailed("too_large", "The page is nested too deeply to be read.", "Save its text as plain text.")
        tag = element.tag
        if re.fullmatch(r"h[1-6]", tag):
            self.flush()
            self.outline.heading(int(tag[1]), _seen_text(element))
        elif tag == "table":
            self.flush()
            rows = [
                [_seen_text(cell) for cell in row.iterchildren("td", "th")]
                for row in element.iter("tr")
                if _is_seen(row)
            ]
            self.outline.block(table(rows))
        elif tag in {"ul", "ol"}:
            self.flush()
            self.outline.block("\n".join(_items(element, 0)))
        elif tag == "pre":
            self.flush()
            self.outline.block("".join(element.itertext()))
        else:
            self._inside(element, depth, is_block=tag in PARAGRAPHS)

    def _inside(self, element: Any, depth: int, *, is_block: bool) -> None:
        if is_block:
            self.flush()
        self.line.append(element.text or "")
        for child in element:
            if child.tag == "br":
                self.line.append("\n")
            elif _is_seen(child):
                self.visit(child, depth + 1)
            self.line.append(child.tail or "")
        if is_block:
            self.flush()

    def flush(self) -> None:
        lines = [" ".join(line.split()) for line in "".join(self.line).split("\n")]
        self.outline.block("\n".join(line for line in lines if line))
        self.line = []


def _seen_text(element: Any) -> str:
    parts = [element.text or ""]
    for child in element:
        if child.tag == "br":
            parts.append(" ")
        elif _is_seen(child):
            parts.append(_seen_text(child))
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())


def _items(element: Any, depth: int) -> list[str]:
    """One line an item; a list inside an item is indented below it."""
    lines = []
    for number, item in enumerate((child for child in element if child.tag == "li" and _is_seen(child)), 1):
        nested = [child for child in item.iterchildren("ul", "ol") if _is_seen(child)]
        for child in nested:
            child.drop_tag() if depth > 8 else item.remove(child)
        mark = f"{number}." if element.tag == "ol" else "-"
        lines.append(f"{'  ' * depth}{mark} {_seen_text(item)}")
        for child in nested if depth <= 8 else []:
            lines += _items(child, depth + 1)
    return lines
