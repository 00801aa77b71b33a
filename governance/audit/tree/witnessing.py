"""What the sealer and its witness say to each other: C2SP tlog-witness, `POST /add-checkpoint`.

The witness remembers the last head of each log it has cosigned, outside the database, and cosigns a head only after a proof
that the log it saw before is still in it. Source: C2SP tlog-witness.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from governance.audit.tree.notes import Signer
from governance.audit.tree.verifier import EMPTY_ROOT, Checkpoint, NotProvenError, Verifier, check_consistency

LONGEST = 64 * 1024  # bytes of a request: 63 hashes and a note are far below


class MalformedError(ValueError):
    """Not a request of this protocol, or one that no log would send."""


class UnknownLogError(Exception):
    """The origin is none that this witness watches."""


class NotSignedError(Exception):
    """The head is not signed by the log's key."""


class ConflictError(Exception):
    """The witness has cosigned another head than the request says; `size` is how far it has seen the log."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the witness has seen {size} leaves")
        self.size = size


class InconsistentError(Exception):
    """The proof does not lead from the head that was seen to the one that was sent."""


@dataclass(frozen=True)
class Request:
    """`old` is the size that the log believes the witness to have seen, `proof` leads from there to the head of `note`."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in self.proof)
        return f"old {self.old}\n{hashes}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> Request:
        """Raises MalformedError."""
        above, blank, note = text.partition("\n\n")
        first, *lines = above.split("\n")
        word, _, size = first.partition(" ")
        if not blank or word != "old" or not size.isascii() or not size.isdigit() or len(lines) > 63:
            raise MalformedError("a request is `old`, a size, at most 63 hashes, an empty line and a checkpoint")
        try:
            proof = tuple(base64.b64decode(line, validate=True) for line in lines)
        except binascii.Error as fault:
            raise MalformedError("a proof's lines are base64") from fault
        if any(len(one) != 32 for one in proof):
            raise MalformedError("a hash has 32 bytes")
        return cls(int(size), proof, note)


class Memory:
    """The last head of each log, a file each, written before anyone is told that it was cosigned."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def last(self, origin: str) -> Checkpoint | None:
        """Raises OSError, and ValueError where the file is no head: then nothing is cosigned until somebody has looked."""
        try:
            found = Checkpoint.parse(self._path(origin).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        if found.origin != origin:
            raise ValueError("the memory holds the head of another log")
        return found

    def keep(self, origin: str, note: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(origin)
        draft = path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _path(self, origin: str) -> Path:
        return self.folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.head"


class Witness:
    """Cosigns heads of the logs below `origin`, signed by the key of `log`, which bears each log's own name."""

    def __init__(
        self, signer: Signer, memory: Memory, origin: str, log: Verifier, clock: Callable[[], float] = time.time
    ):
        self.signer, self.memory, self.origin, self.log, self.clock = signer, memory, origin, log, clock
        self._one_at_a_time = threading.Lock()

    def add(self, text: str) -> str:
        """The cosignature's line. Raises the errors of this module, OSError and ValueError of the memory."""
        request = Request.parse(text)
        try:
            head = Checkpoint.parse(request.note)
        except ValueError as fault:
            raise MalformedError(str(fault)) from fault
        if not head.origin.startswith(f"{self.origin}/"):
            raise UnknownLogError("this witness does not watch that log")
        if head.signed_by(replace(self.log, name=head.origin)) is None:
            raise NotSignedError("the checkpoint is not signed by the log's key")
        if request.old > head.size:
            raise MalformedError("the old size is larger than the checkpoint's")
        with self._one_at_a_time:
            self._check(request, head, self.memory.last(head.origin))
            self.memory.keep(head.origin, request.note)
        return self.signer.line(head.text, int(self.clock()))

    @staticmethod
    def _check(request: Request, head: Checkpoint, seen: Checkpoint | None) -> None:
        size, root = (seen.size, seen.root) if seen else (0, EMPTY_ROOT)
        if request.old != size or (size == head.size and root != head.root):
            raise ConflictError(size)
        try:
            check_consistency(size, head.size, root, head.root, request.proof)
        except NotProvenError as fault:
            raise InconsistentError(str(fault)) from fault
