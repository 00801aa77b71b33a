"""Texts that the record names by number and hash and does not keep twice: passages, and documents on their way in.

They lie on the floor above, which says at its start who hands them out.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod

from governance.scope import Scope


class KeptTexts(ABC):
    @abstractmethod
    def passage(self, scope: Scope, chunk: uuid.UUID, sha256_hex: str) -> str | None:
        """The passage's text where it is still there and has this SHA-256 (empty where none is known)."""

    @abstractmethod
    def document(self, scope: Scope, version: uuid.UUID) -> str | None:
        """The text that the upload policy judged, where it is still there."""


class Nothing(KeptTexts):
    def passage(self, scope: Scope, chunk: uuid.UUID, sha256_hex: str) -> str | None:
        return None

    def document(self, scope: Scope, version: uuid.UUID) -> str | None:
        return None


_source: list[KeptTexts] = [Nothing()]


def hand_out(source: KeptTexts) -> None:
    """Called once, when the floor above starts."""
    _source[0] = source


def texts() -> KeptTexts:
    return _source[0]
