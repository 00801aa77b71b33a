"""What an outsider needs to check the record with: hashes, proofs and signed notes of RFC 6962 and C2SP.

It imports Python and `cryptography` alone, since the very file goes into every evidence bundle as a part of `verify.py`:
what checks the record inside the house is what checks it outside.

Sources: RFC 6962 §2.1, RFC 9162 §2.1.3.2 and §2.1.4.2, C2SP signed-note, tlog-checkpoint and tlog-cosignature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EMPTY_ROOT = hashlib.sha256(b"").digest()
SIGNATURE = 0x01  # Ed25519 over the note's text
COSIGNATURE = 0x04  # Ed25519 over a time and the note's text: what a witness gives
_DASH = "\N{EM DASH} "


class NotProvenError(Exception):
    """What was to be shown is not: the message says what is wrong."""


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_by_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root of the tree of `size` leaves in which `leaf` has that place. Raises NotProvenError."""
    if not 0 <= index < size:
        raise NotProvenError(f"there is no leaf {index} in a tree of {size}")
    node, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise NotProvenError("the path is too long")
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise NotProvenError("the path is too short")
    return result


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Is the tree of `new` leaves the tree of `old` leaves with more behind it? Raises NotProvenError."""
    if not 0 <= old <= new:
        raise NotProvenError(f"a tree of {new} leaves cannot follow one of {old}")
    if old == new or old == 0:
        if path or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise NotProvenError("the two roots differ")
        return
    first, second = _both_roots(old, new, [old_root, *path] if old & (old - 1) == 0 else path)
    if first != old_root:
        raise NotProvenError("what was there before was changed: the proof does not lead to the old root")
    if second != new_root:
        raise NotProvenError("the proof does not lead to the new root")


def _both_roots(old: int, new: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of both trees, as the proof has them."""
    if not hashes:
        raise NotProvenError("the path is too short")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise NotProvenError("the path is too long")
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise NotProvenError("the path is too short")
    return first, second


@dataclass(frozen=True)
class Verifier:
    """A key that signatures are checked by. `text` is how it is handed out: name, id, and base64 of kind and key."""

    name: str
    kind: int
    key: bytes  # 32 bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:4]

    @property
    def text(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.key).decode()}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Raises ValueError."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except binascii.Error as fault:
            raise ValueError("a verifier key ends in base64") from fault
        if len(raw) != 33 or raw[0] not in (SIGNATURE, COSIGNATURE) or not name:
            raise ValueError("a verifier key is name+id+base64 of a kind and 32 bytes")
        found = cls(name, raw[0], raw[1:])
        if found.id.hex() != key_id:
            raise ValueError("the verifier key's id is not that of its name and key")
        return found


@dataclass(frozen=True)
class Checkpoint:
    """A tree's head. `text` is what is signed; `signatures` holds (name, key id, signature) of each line below it."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def parse(cls, note: str) -> Checkpoint:
        """Raises ValueError."""
        text, blank, below = note.partition("\n\n")
        text += "\n"
        lines = text.split("\n")
        if not blank or len(lines) < 4 or not lines[0] or not below.endswith("\n"):
            raise ValueError("a checkpoint is an origin, a size and a root, an empty line, and signatures")
        if not lines[1].isascii() or not lines[1].isdigit() or (lines[1] != "0" and lines[1].startswith("0")):
            raise ValueError("the second line of a checkpoint is its size")
        try:
            root = base64.b64decode(lines[2], validate=True)
            signatures = tuple(_signature(line) for line in below.removesuffix("\n").split("\n"))
        except binascii.Error as fault:
            raise ValueError("a checkpoint's root and signatures are base64") from fault
        if len(root) != 32:
            raise ValueError("a root has 32 bytes")
        return cls(lines[0], int(lines[1]), root, text, signatures)

    def signed_by(self, verifier: Verifier) -> int | None:
        """The time of a cosignature, 0 of a signature; None where there is no valid one."""
        for name, key_id, signature in self.signatures:
            if name == verifier.name and key_id == verifier.id:
                return _checked(self.text, verifier, signature)
        return None

    def require(self, verifier: Verifier) -> None:
        """Raises NotProvenError."""
        if self.signed_by(verifier) is None:
            raise NotProvenError(f"the checkpoint of {self.size} is not signed by {verifier.name}")


def cosigned(text: str, at: int) -> bytes:
    """The bytes that a witness signs."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    raw = base64.b64decode(encoded, validate=True)
    if not line.startswith(_DASH) or not name or len(raw) < 5:
        raise ValueError("a line below a checkpoint is a dash, a name and a signature")
    return name, raw[:4], raw[4:]


def _checked(text: str, verifier: Verifier, signature: bytes) -> int | None:
    at, signed = 0, text.encode()
    if verifier.kind == COSIGNATURE:
        if len(signature) != 72:
            return None
        at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        signed = cosigned(text, at)
    try:
        Ed25519PublicKey.from_public_bytes(verifier.key).verify(signature, signed)
    except InvalidSignature:
        return None
    return at
