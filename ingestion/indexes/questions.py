"""Questions that were really asked, which the floor above keeps: to try an index on before it is switched to."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from governance.scope import Scope


@dataclass(frozen=True)
class Asked:
    """`cited` are the passages that its answer stands on, the first cited first."""

    text: str
    collections: tuple[uuid.UUID, ...] = ()
    cited: tuple[uuid.UUID, ...] = ()


class Questions(ABC):
    @abstractmethod
    def recent(self, scope: Scope, most: int, *, everyones: bool) -> Sequence[Asked]:
        """The latest first, each text once: the scope's own, or those of everyone in the tenant."""


class Nothing(Questions):
    def recent(self, scope: Scope, most: int, *, everyones: bool) -> Sequence[Asked]:
        return ()


_source: list[Questions] = [Nothing()]


def hand_out(source: Questions) -> None:
    """Called once, when the floor above starts."""
    _source[0] = source


def recent(scope: Scope, most: int, *, everyones: bool = False) -> Sequence[Asked]:
    return _source[0].recent(scope, most, everyones=everyones)
