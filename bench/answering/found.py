"""What search finds for every case, kept in a file, so that the gate, what is sent and the citations are measured
without a database."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.answering import ground
from bench.answering.cases import HANDBOOKS, Case
from bench.answering.setup import KEPT
from ingestion.search import Passage

DEPTH = 10
_FIELDS = ("ordinal", "text", "locator", "content_hash", "is_quarantined", "classification")
_SCORES = ("score", "dense", "lexical", "coverage")


@dataclass(frozen=True)
class Found:
    """`passages` are the best first, as the person who asks may read them; `words` is what each word of the question weighs."""

    case: Case
    passages: tuple[Passage, ...]
    words: dict[str, float] = field(default_factory=dict)


def of(cases: Sequence[Case], path: Path = KEPT) -> list[Found]:
    """As it was found when the file was made: remove it after a change of search. A case that is not in it is left out."""
    held = _held(path)
    return [
        Found(case, tuple(map(_read, held[case.id]["passages"])), held[case.id]["words"])
        for case in cases
        if case.id in held
    ]


def keep(cases: Sequence[Case], path: Path = KEPT) -> None:
    """Search for each that is not in it, in the database that `ground` prepared. What broke off goes on where it was; sets
    stand in it mixed, so that a part of them is a sample.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    held = _held(path)
    path.write_text("".join(_line(one) for one in held.values()), encoding="utf-8")
    todo = sorted((case for case in cases if case.id not in held), key=_mixed)
    with path.open("a", encoding="utf-8", buffering=1) as file:
        for case in todo:
            got = ground.find(case, DEPTH)
            file.write(
                _line({"id": case.id, "words": got.receipt["words"], "passages": [_told(one) for one in got.passages]})
            )


def _held(path: Path) -> dict[str, dict[str, Any]]:
    """A last line that a kill cut short is passed over."""
    if not path.exists():
        return {}
    lines = path.read_text("utf-8").split("\n")[:-1]  # what parts lines elsewhere may stand inside a text
    return {one["id"]: one for one in map(json.loads, lines)}


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False) + "\n"


def _mixed(case: Case) -> tuple[bool, str]:
    """The handbook's, which are few, come first."""
    return case.set not in HANDBOOKS, hashlib.sha256(f"order {case.id}".encode()).hexdigest()


def _told(one: Passage) -> dict[str, Any]:
    ids = {name: str(getattr(one, name)) for name in ("chunk_id", "document_id", "collection_id", "version_id")}
    names = {"document_name": one.document_name, "heading_path": list(one.heading_path)}
    return ids | names | {name: getattr(one, name) for name in (*_FIELDS, *_SCORES)}


def _read(told: dict[str, Any]) -> Passage:
    ids = {name: uuid.UUID(told[name]) for name in ("chunk_id", "document_id", "collection_id", "version_id")}
    return Passage(**told | ids | {"heading_path": tuple(told["heading_path"])})
