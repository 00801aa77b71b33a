"""What came of each question, as a run keeps it: JSON lines after a first one that says how the run was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from assistant.evaluation import files


@dataclass(frozen=True)
class Answered:
    """`met` says of each fact whether it stands in the answer; `cited` are the documents of its citations, in order,
    by the names that policy left of them, and `stands_on` their ids; `unsupported` of its `sentences` were delivered marked as
    such, `quoted` are the documents' own words in their stead; `fault` is the code of what it failed by, `model` the name of
    who wrote it.
    """

    status: str
    text: str = ""
    met: tuple[bool, ...] = ()
    cited: tuple[str, ...] = ()
    sentences: int = 0
    unsupported: int = 0
    quoted: int = 0
    prompt_tokens: int = 0
    tokens: int = 0
    first_ms: int | None = None
    whole_ms: int = 0
    fault: str = ""
    model: str = ""
    stands_on: tuple[str, ...] = ()  # nothing in a run from before it was kept


@dataclass(frozen=True)
class Row:
    """`ranked` are the documents each way of searching found, best first, by the name of the way; `asked` is a digest of the
    question's words.
    """

    id: str
    kind: str
    language: str
    is_answerable: bool
    relevant: tuple[str, ...] = ()
    ranked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    suffices: bool | None = None  # what the evidence says, where it was asked
    is_doubtful: bool | None = None  # answered with a warning; none in runs from before there was one
    search_ms: int = 0
    answered: Answered | None = None
    asked: str = ""  # nothing in a run from before it was kept

    @property
    def is_missed(self) -> bool:
        """A right document that is not among the first five, or an answer that lacks a fact."""
        is_found = not self.relevant or bool(set(self.ranked.get("both", ())[:5]) & set(self.relevant))
        return not is_found or (self.answered is not None and not all(self.answered.met))

    def is_of_the_same(self, other: Row) -> bool:
        """Whether both were asked the same: an id may have been given to another question since."""
        is_known = bool(self.asked and other.asked)
        return self.id == other.id and (self.asked == other.asked or not is_known)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        answered = told.pop("answered")
        told["relevant"] = tuple(told["relevant"])
        told["ranked"] = {way: tuple(names) for way, names in told["ranked"].items()}
        if answered is not None:
            lists = {"met": tuple(answered["met"]), "cited": tuple(answered["cited"])}
            answered = Answered(**answered | lists | {"stands_on": tuple(answered.get("stands_on", ()))})
        return cls(**told, answered=answered)


@dataclass(frozen=True)
class Run:
    """`made` names the set, its digest, the person, the collections, models and prompt that it was made with."""

    made: Mapping[str, Any]
    rows: tuple[Row, ...]


def start(path: Path, made: Mapping[str, Any]) -> set[str]:
    """Begin a run, or go on with one that broke off: the ids of what is there already. Raises InvalidInput where the file
    holds a run that was made otherwise.
    """
    files.begin(path, made)
    return {row.id for row in load(path).rows}


def keep(path: Path, row: Row) -> None:
    files.add(path, asdict(row))


def load(path: Path) -> Run:
    """A last line that a kill cut short is passed over. Raises InvalidInput."""
    return files.read(path, lambda made, lines: Run(made, tuple(map(Row.from_json, lines))))


def by_kind(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """In the order of the names; those without a kind are under the empty one."""
    return _by(rows, lambda row: row.kind)


def parts(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """By kind and by language, each where there are several, with what the part is called."""
    kinds, languages = by_kind(rows), _by(rows, lambda row: row.language)
    told = [(kind or "other", of) for kind, of in kinds.items()] if len(kinds) > 1 else []
    if len(languages) > 1:
        told += [(f"in {language}" if language else "in no language named", of) for language, of in languages.items()]
    return told


def _by(rows: Iterable[Row], name: Callable[[Row], str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=name):
        found.setdefault(name(row), []).append(row)
    return found
