"""Which functions write rows, and which events they put on the record: read from the source, across modules.

A function records by itself or through what it calls. A write that a function leaves to its callers to record is recorded
where every one of them does.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = ("governance", "inference", "ingestion", "assistant")
# Not services: what makes the tables, what a developer runs, and what brings processes up.
ELSEWHERE = re.compile(r"migrations|management|assistant\.local|assistant\.demo")
WRITING_SQL = re.compile(
    r"\s*(INSERT|UPDATE|DELETE)\b|\bAS \(\s*(INSERT|UPDATE|DELETE)\b|\bSELECT (chancery\.create_tenant|\* FROM audit\.let_go)",
    re.IGNORECASE,
)
ROWS = {"bulk_create", "bulk_update", "get_or_create", "update_or_create"}


@dataclass
class Function:
    name: str  # module.function or module.Class.method
    writes: bool = False
    events: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)

    @property
    def is_public(self) -> bool:
        return not any(part.startswith("_") for part in self.name.split("."))


class _Reader(ast.NodeVisitor):
    def __init__(self, found: Function, here: str, own: str, names: dict[str, str], constants: dict[str, str]) -> None:
        self.found, self.here, self.own, self.names, self.constants = found, here, own, names, constants

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name) and node.value.id == "Event":
            self.found.events.add(node.attr)
        self._reference(node)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in self.names:
            self.found.calls.add(self.names[node.id])

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            self.found.writes |= _is_write(node, node.func.attr, self.constants)
        self.generic_visit(node)

    def _reference(self, node: ast.Attribute) -> None:
        """What is only passed on may be called as well."""
        if isinstance(node.value, ast.Name):
            if node.value.id == "self" and self.own:
                self.found.calls.add(f"{self.here}.{self.own}.{node.attr}")
            elif node.value.id in self.names:
                self.found.calls.add(f"{self.names[node.value.id]}.{node.attr}")


def _is_write(node: ast.Call, name: str, constants: dict[str, str]) -> bool:
    """Django's ways to write a row: other things' `update` takes what it updates with, and their `delete` what it deletes."""
    if name in ROWS:
        return True
    if name in {"update", "create", "change"}:  # change: of what is held by a lease
        return bool(node.keywords) and not node.args
    if name in {"save", "delete"}:
        return not node.args
    if name == "execute" and node.args:
        said = node.args[0]
        text = said.value if isinstance(said, ast.Constant) else constants.get(getattr(said, "id", ""), "")
        return bool(WRITING_SQL.search(str(text)))
    return False


@functools.cache
def functions() -> dict[str, Function]:
    found: dict[str, Function] = {}
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            if not ELSEWHERE.search(module):
                found |= {one.name: one for one in _of_module(module, ast.parse(path.read_text(encoding="utf-8")))}
    return found


def _of_module(module: str, tree: ast.Module) -> Iterator[Function]:
    names = _names(module, tree)
    constants = _constants(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _read(node, module, "", names, constants)
        elif isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
            yield from (_read(one, module, node.name, names, constants) for one in methods)
            yield Function(f"{module}.{node.name}", calls={f"{module}.{node.name}.{one.name}" for one in methods})


def _constants(tree: ast.Module) -> dict[str, str]:
    """The texts of a module by name; of one that is put together, all that it is put together of."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            parts = [
                one.value if isinstance(one, ast.Constant) else found.get(one.id, "")
                for one in ast.walk(node.value)
                if isinstance(one, ast.Name) or (isinstance(one, ast.Constant) and isinstance(one.value, str))
            ]
            found |= {one.id: "\n".join(map(str, parts)) for one in node.targets if isinstance(one, ast.Name)}
    return found


def _read(
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    module: str,
    own: str,
    names: dict[str, str],
    constants: dict[str, str],
) -> Function:
    found = Function(f"{module}.{own}.{node.name}" if own else f"{module}.{node.name}")
    inner = {
        alias.asname or alias.name: f"{one.module}.{alias.name}"
        for one in ast.walk(node)
        if isinstance(one, ast.ImportFrom) and one.module and one.module.split(".")[0] in FLOORS
        for alias in one.names
    }
    hidden = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    hidden |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    shown = {name: meant for name, meant in (names | inner).items() if name not in hidden}
    _Reader(found, module, own, shown, constants).visit(node)
    found.calls.discard(found.name)
    return found


def _names(module: str, tree: ast.Module) -> dict[str, str]:
    """What a bare name stands for: a module of ours, something imported from one, or something of this module."""
    names = {
        node.name: f"{module}.{node.name}"
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in FLOORS:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


@functools.cache
def callers() -> dict[str, frozenset[str]]:
    every = functions()
    found: dict[str, set[str]] = {name: set() for name in every}
    for one in every.values():
        for name in one.calls:
            if name in found:
                found[name].add(one.name)
    return {name: frozenset(those) for name, those in found.items()}


@functools.cache
def events(name: str) -> frozenset[str]:
    """All that it may record, by itself or through what it calls."""
    return frozenset(event for one in _reached(name) for event in functions()[one].events)


def _reached(name: str) -> set[str]:
    seen, left = set(), [name]
    while left:
        one = left.pop()
        if one in seen or one not in functions():
            continue
        seen.add(one)
        left += functions()[one].calls
    return seen
