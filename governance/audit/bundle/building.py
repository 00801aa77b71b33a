"""Make the bundle that was asked for: a zip of the events, their proofs, the signed heads, and a verifier that needs no one."""

from __future__ import annotations

import ast
import inspect
import json
import tempfile
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import IO, Any

from governance.audit import envelope, keyring, proofs
from governance.audit.bundle import asking, checking
from governance.audit.bundle.asking import Asked
from governance.audit.rows import Row
from governance.audit.tree import heads, merkle, verifier
from governance.audit.tree.heads import Head
from governance.audit.tree.verifier import leaf_hash
from governance.errors import Conflict
from governance.scope import Scope

IN_MEMORY = 4 * 2**20
README = """An evidence bundle of the record

Unpack it, and run

    python3 verify.py

with Python 3.11 or newer and the package `cryptography`; it opens no connection. It says of each thing whether it holds, and
ends with 0 where all does and with 1 where anything does not. Its keys came with the bundle: compare them with keys that you
know from elsewhere, or give it those by `--key`. A head that you kept from before is checked by `--head FILE`.

events.jsonl           the events by their place in the tree; leaf_data is base64 of the exact bytes that are hashed
proofs.jsonl           for each of them the path to the root of the head (RFC 6962)
export.json            the event that says who asked for this bundle, when, for what, and which events it has
checkpoint.txt         the signed head (C2SP tlog-checkpoint): keep it, and the next bundle leads on from it
checkpoint-before.txt  and consistency.json: an earlier head, and the proof that this one leads on from it
keys.txt               public keys of the sealer, and of the witness where it cosigned
manifest.json          what was asked, and the SHA-256 of every other file
"""


def build(scope: Scope, bundle: uuid.UUID) -> IO[bytes]:
    """A zip, at its beginning. Raises Forbidden, NotFound, and Conflict while no signed head covers the asking."""
    with scope.transaction():
        asked = asking.asked(scope, bundle)
        head = covering(asked)
        if head is None:
            raise Conflict("No signed head covers what was asked yet. Fetch it again in some seconds.")
        found = sorted(asking.matching(asked.wanted, _cut(asked)), key=lambda row: row.recorded.index or 0)
        _check(asked, found, head)
        with proofs.whole():
            return _zip(dict(_files(scope, asked, found, head)))


def covering(asked: Asked) -> Head | None:
    """The first head over the asking itself. Inside the scope's transaction."""
    index = asked.row.recorded.index
    return heads.covering(index) if index is not None else None


def _cut(asked: Asked) -> datetime:
    return datetime.fromisoformat(asked.facts["cut"])


def _check(asked: Asked, found: list[Row], head: Head) -> None:
    """What came in late, by a slow transaction, must not make an honest bundle look like a false one."""
    is_sealed = all(row.recorded.index is not None and row.recorded.index < head.size for row in found)
    if not is_sealed or checking.selection([leaf_hash(row.data) for row in found]) != asked.facts["selection"]:
        raise Conflict("The events that were asked for are not the same any more. Ask for a new bundle.")


def _files(scope: Scope, asked: Asked, found: list[Row], head: Head) -> Iterator[tuple[str, bytes]]:
    hashes = proofs.Stored()
    keys = _keys(scope, head)
    opens = asked.facts["is_open"]
    yield checking.EVENTS, _lines(_event(scope, row, opens=opens) for row in found)
    yield checking.PROOFS, _lines(_proof(hashes, row, head) for row in sorted([*found, asked.row], key=_place))
    yield checking.EXPORT, _json(_event(scope, asked.row, opens=False))
    yield checking.HEAD, head.note.encode()
    yield from _before(asked, hashes, head)
    yield checking.KEYS, "".join(f"{key}\n" for key in keys).encode()
    yield "README.txt", README.encode()
    yield "verify.py", script().encode()
    yield checking.MANIFEST, _json(checking.summary(asked.row.leaf, head.checkpoint, keys))


def _zip(files: dict[str, bytes]) -> IO[bytes]:
    """With the hashes of all other files in the manifest."""
    manifest = json.loads(files.pop(checking.MANIFEST))
    manifest["files"] = {name: sha256(content).hexdigest() for name, content in sorted(files.items())}
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  whoever sends it closes it
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {checking.MANIFEST: _json(manifest), **files}.items():
            archive.writestr(zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    out.seek(0)
    return out


def _keys(scope: Scope, head: Head) -> list[str]:
    """Of those who signed the head."""
    known = (heads.sealer(scope.tenant), heads.witness() if head.is_witnessed else None)
    return [key.text for key in known if key is not None]


def _event(scope: Scope, row: Row, *, opens: bool) -> dict[str, Any]:
    line: dict[str, Any] = {
        "index": row.recorded.index,
        "id": str(row.recorded.id),
        "leaf_data": row.recorded.leaf_data,
    }
    if not opens or row.ciphertext is None:
        return line
    subject = uuid.UUID(row.leaf["payload"]["subject"])
    try:
        words = envelope.reveal(scope.tenant, subject, row.recorded.id, row.ciphertext)
    except keyring.KeyGone:
        return line | {"is_erased": True}
    return line | {"words": proofs.text(words), "payload": json.loads(words[envelope.SALT_BYTES :])}


def _place(row: Row) -> int:
    return row.recorded.index or 0


def _proof(hashes: merkle.Hashes, row: Row, head: Head) -> dict[str, Any]:
    shown = proofs.inclusion(hashes, _place(row), head).as_json()
    del shown["note"]
    return shown


def _before(asked: Asked, hashes: merkle.Hashes, head: Head) -> Iterator[tuple[str, bytes]]:
    size = asked.facts["before"]
    earlier = heads.covering(size - 1) if size else None
    if earlier is None or earlier.size != size:
        return
    path = merkle.consistency(hashes, size, head.size)
    proof = {"old_size": size, "new_size": head.size, "consistency": [proofs.text(one) for one in path]}
    yield checking.HEAD_BEFORE, earlier.note.encode()
    yield checking.CONSISTENCY, _json(proof)


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def _lines(values: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


def script() -> str:
    """`verify.py`: the house's own verifier, and what reads a bundle by it, in one file."""
    return "#!/usr/bin/env python3\n" + inspect.getsource(verifier) + "\n\n" + _body(inspect.getsource(checking))


def _body(source: str) -> str:
    """Without what may stand but once in a file, and without imports of ours."""
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        module = (node.module or "").partition(".")[0] if isinstance(node, ast.ImportFrom) else ""
        if isinstance(node, ast.Expr) or module in {"__future__", "governance"}:
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return "".join(lines).lstrip()
