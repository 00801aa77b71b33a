"""What a detector is: it finds, it does not decide."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from governance.errors import InvalidInput
from governance.policy import seams
from governance.sentence import sentence


@dataclass(frozen=True)
class Finding:
    """`text[start:end]` is of this type. `score` is between 0 and 1; `reason` quotes nothing of the text."""

    type: str
    start: int
    end: int
    score: float
    reason: str


@dataclass(frozen=True)
class Looked:
    """`model` is who was asked, where a detector asks a model: then it stands on the record that it found nothing, too."""

    findings: Sequence[Finding]
    model: str = ""


class Detector(ABC):
    """Finds one family of things in linear time. Any exception from `detect` counts as a finding: see the
    engine.
    """

    name: ClassVar[str]
    types: ClassVar[frozenset[str]] = frozenset()
    options: ClassVar[frozenset[str]] = frozenset()
    # Whether it reads a text as a person does by itself: any other is asked about that once more.
    reads_as_seen: ClassVar[bool] = False
    # Whether every text counts, so that there is no part of it to cut out.
    finds_all: ClassVar[bool] = False

    @abstractmethod
    def detect(self, text: str, options: Mapping[str, object]) -> list[Finding]:
        """Findings in order of their start; they may overlap. Offsets are those of `text`."""

    def look(self, text: str, options: Mapping[str, object], tenant: uuid.UUID | None = None) -> Looked:
        """The findings, and who was asked for them. `tenant` is whose text it is: who asks others, asks in its turn."""
        del tenant
        return Looked(self.detect(text, options))

    def check(self, options: Mapping[str, object]) -> None:
        """Raise `InvalidInput` for an option or a type this detector does not know."""
        unknown = sorted(set(options) - self.options)
        if unknown:
            known = ", ".join(sorted(self.options)) or "none"
            raise InvalidInput(
                sentence(
                    "Detector %(name)s has no option %(unknown)s; it knows: %(known)s.",
                    name=self.name,
                    unknown=repr(unknown[0]),
                    known=known,
                ),
                param=f"options.{unknown[0]}",
            )
        if "types" in options:
            strange = sorted(set(words(options, "types")) - self.types)
            if strange:
                raise InvalidInput(
                    sentence("Detector %(name)s knows no type %(strange)s.", name=self.name, strange=repr(strange[0])),
                    param="options.types",
                )

    def settled(self, text: str, options: Mapping[str, object]) -> int:
        """Up to which offset findings no longer depend on text that is still to come."""
        del options
        return seams.last_break(text)

    def wanted(self, options: Mapping[str, object]) -> frozenset[str]:
        """The types a rule asks for: all that are known, unless it names some."""
        return frozenset(words(options, "types")) if "types" in options else self.types


def words(options: Mapping[str, object], key: str) -> list[str]:
    """An option that is a list of strings; `InvalidInput` when it is something else."""
    value = options.get(key, [])
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise InvalidInput(sentence("Option %(key)s must be a list of strings.", key=repr(key)), param=f"options.{key}")
    return [str(item) for item in value]
