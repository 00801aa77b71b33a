"""The port through which the record leaves."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class SinkDown(Exception):
    """The batch may not have arrived whole; the message says why, and it is sent again later."""


@dataclass(frozen=True)
class Line:
    """One event or one checkpoint, ready to leave. `text` is JSON in ASCII without a line break.

    A receiver that has seen `id` has seen the line: it may come twice, and is the same then.
    """

    id: uuid.UUID
    at: datetime
    action: str
    index: int  # of the event in its tree; the checkpoint's size
    severity: int  # of RFC 5424: 6 informational, 5 notice, 4 warning
    text: str


class Sink(ABC):
    """`send` returns once the other side has every line of the batch, and raises SinkDown otherwise."""

    @abstractmethod
    def send(self, tenant: uuid.UUID, batch: Sequence[Line]) -> None: ...

    def close(self) -> None:
        """Let go of what is open."""
        return
