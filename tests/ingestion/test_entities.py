"""No parser of XML follows an entity, loads a DTD or asks the network: looked for in the source, and so in new code too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("assistant", "governance", "inference", "ingestion")
PARSERS = {"XMLParser", "iterparse", "XMLPullParser", "ETCompatXMLParser"}
READERS = {"fromstring", "parse", "XML", "fromstringlist", "document_fromstring"}
SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False}
OTHER = {"xml.etree", "xml.sax", "xml.dom", "xmlrpc", "minidom", "expat"}


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            if "lxml" in source or "xml." in source:
                yield path, ast.parse(source)


def keywords(call: ast.Call, tree: ast.Module) -> dict[str, object]:
    """Of the call, those of a dict of the module's own that is spread into it included."""
    shared = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    told: dict[str, object] = {}
    for one in call.keywords:
        if one.arg is None and isinstance(one.value, ast.Name) and one.value.id in shared:
            told |= ast.literal_eval(shared[one.value.id])
        elif one.arg is not None:
            told[one.arg] = one.value.value if isinstance(one.value, ast.Constant) else one.value
    return told


def unsafe(path: Path, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            yield from (f"{path}:{node.lineno} imports {name}" for name in names if name.startswith(tuple(OTHER)))
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, told = node.func.attr, keywords(node, tree)
        if name in PARSERS and any(told.get(key) is not value for key, value in SAFE.items()):
            yield f"{path}:{node.lineno} {name} without {SAFE}"
        if name == "HTMLParser" and told.get("no_network") is not True:
            yield f"{path}:{node.lineno} {name} without no_network"
        is_lxml = isinstance(node.func.value, ast.Name) and node.func.value.id in {"etree", "html", "lxml_html"}
        if is_lxml and name in READERS and len(node.args) < 2 and "parser" not in told:
            yield f"{path}:{node.lineno} {name} without a parser"


def test_every_parser_of_xml_follows_nothing() -> None:
    found = list(trees())
    assert len(found) > 3
    assert [line for path, tree in found for line in unsafe(path.relative_to(ROOT), tree)] == []


@pytest.mark.parametrize(
    "source",
    [
        "etree.XMLParser(resolve_entities=False, no_network=True)",
        "etree.XMLParser(resolve_entities=True, no_network=True, load_dtd=False)",
        "etree.fromstring(content)",
        "etree.iterparse(file, no_network=True)",
        "html.HTMLParser(encoding='utf-8')",
        "import xml.etree.ElementTree",
        "from xml.dom import minidom",
    ],
)
def test_one_that_does_would_be_seen(source: str) -> None:
    assert list(unsafe(Path("new.py"), ast.parse(source)))
