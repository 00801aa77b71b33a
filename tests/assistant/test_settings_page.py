"""docs/settings.md names every variable that a process reads, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = ("assistant", "ingestion", "inference", "governance")
READERS = {
    "text",
    "flag",
    "number",
    "names",
    "choice",
    "networks",
    "folder",
    "tables",
    "fields",
    "secret",
    "database",
    "get",
}
OURS = re.compile(r"(CHANCERY|DATABASE|REDIS|MODEL|DJANGO_SECRET)_[A-Z_]+")
# What ours set for processes of ours, and what is no setting: where Django looks for its settings.
WITHIN = {"CHANCERY_TEST_SERVICES"}


def read() -> Iterator[str]:
    """The first argument of each call of a reader of assistant.configuration.env, and of os.environ.get."""
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                    continue
                said = node.args[0]
                if node.func.attr in READERS and isinstance(said, ast.Constant) and OURS.fullmatch(str(said.value)):
                    yield str(said.value)


def test_the_page_names_every_setting_and_no_other() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)]
    assert len(named) == len(set(named))
    assert set(named) ^ (set(read()) - WITHIN) == set()
