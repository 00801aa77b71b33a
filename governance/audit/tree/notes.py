"""Signing heads: C2SP signed notes with Ed25519. Checking one stands in `verifier`."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from governance import keyfile
from governance.audit.tree.verifier import COSIGNATURE, SIGNATURE, Verifier, cosigned


@dataclass(frozen=True)
class Signer:
    """`name` is that of the key; it has no spaces and no plus."""

    name: str
    kind: int
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return Verifier(self.name, self.kind, raw)

    def line(self, text: str, at: int = 0) -> str:
        """One line to stand below `text`. `at` is the time in seconds that a witness gives."""
        if self.kind == COSIGNATURE:
            signature = at.to_bytes(8, "big") + self.private.sign(cosigned(text, at))
        else:
            signature = self.private.sign(text.encode())
        return f"\N{EM DASH} {self.name} {base64.b64encode(self.verifier.id + signature).decode()}\n"


def body(origin: str, size: int, root: bytes) -> str:
    """A checkpoint's text, which is what is signed."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def signed(signer: Signer, origin: str, size: int, root: bytes) -> str:
    text = body(origin, size, root)
    return f"{text}\n{signer.line(text)}"


def load(path: Path, name: str, *, is_witness: bool = False) -> Signer:
    """The key in `path`, made there where there is none: 32 bytes for its owner alone to read. Raises OSError, ValueError."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raw = _create(path)
    return Signer(name, COSIGNATURE if is_witness else SIGNATURE, Ed25519PrivateKey.from_private_bytes(raw))


def _create(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    raw = Ed25519PrivateKey.generate().private_bytes_raw()
    return raw if keyfile.write(path, raw) else path.read_bytes()
