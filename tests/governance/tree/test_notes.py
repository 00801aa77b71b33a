"""Signed notes and cosignatures, with the published example of the format."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.audit.tree import notes, verifier
from governance.audit.tree.notes import Signer
from governance.audit.tree.verifier import COSIGNATURE, SIGNATURE, Checkpoint, Verifier

# From golang.org/x/mod/sumdb/note, where the format was first described.
PETER = Verifier.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="


def signer(name: str = "chancery.example/record", kind: int = SIGNATURE) -> Signer:
    return Signer(name, kind, Ed25519PrivateKey.generate())


def test_a_signature_made_elsewhere_is_known() -> None:
    name, key_id, signature = verifier._signature(LINE)
    assert (name, key_id) == (PETER.name, PETER.id)
    assert verifier._checked(TEXT, PETER, signature) == 0
    assert verifier._checked(TEXT + "x", PETER, signature) is None
    assert Verifier.parse(PETER.text) == PETER


def test_a_head_is_signed_and_cosigned() -> None:
    house, witness = signer(), signer("witness.example", COSIGNATURE)
    note = notes.signed(house, "chancery.example/record/1", 7, bytes(range(32)))
    note += witness.line(Checkpoint.parse(note).text, at=1_800_000_000)
    head = Checkpoint.parse(note)
    assert (head.origin, head.size, head.root) == ("chancery.example/record/1", 7, bytes(range(32)))
    assert head.signed_by(house.verifier) == 0
    assert head.signed_by(witness.verifier) == 1_800_000_000
    head.require(house.verifier)
    head.require(witness.verifier)
    with pytest.raises(verifier.NotProvenError):
        head.require(signer().verifier)
    with pytest.raises(verifier.NotProvenError):
        Checkpoint.parse(note.replace("\n7\n", "\n8\n")).require(house.verifier)
    with pytest.raises(verifier.NotProvenError):
        Checkpoint.parse(note.replace("\n7\n", "\n8\n")).require(witness.verifier)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "origin\n7\nAAAA\n",
        "origin\n7\nAAAA\n\n\N{EM DASH} a AAAAAAAA\n",
        "origin\n07\n" + "A" * 43 + "=\n\n\N{EM DASH} a AAAAAAAA\n",
        "origin\n-1\n" + "A" * 43 + "=\n\n\N{EM DASH} a AAAAAAAA\n",
        "origin\n٣\n" + "A" * 43 + "=\n\n\N{EM DASH} a AAAAAAAA\n",
        "origin\n7\n" + "A" * 43 + "=\n\n- a AAAAAAAA\n",
        "origin\n7\n" + "A" * 43 + "=\n\n\N{EM DASH} a AAAA\n",
        "origin\n7\n" + "A" * 43 + "=\n\n\N{EM DASH} a !!!!\n",
        "origin\n7\n" + "A" * 43 + "=\n\n\N{EM DASH} a AAAAAAAA",
        "\n7\n" + "A" * 43 + "=\n\n\N{EM DASH} a AAAAAAAA\n",
    ],
)
def test_what_is_no_head_is_said_to_be_none(note: str) -> None:
    with pytest.raises(ValueError, match=r"checkpoint|root"):
        Checkpoint.parse(note)


@pytest.mark.parametrize(
    "text", ["", "name", "name+00000000+!", "name+00000000+AAAA", PETER.text.replace("c74f", "c74e")]
)
def test_what_is_no_key_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="verifier key"):
        Verifier.parse(text)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "sealer" / "key"
    first = notes.load(path, "chancery.example")
    assert notes.load(path, "chancery.example").verifier == first.verifier
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["key"]
    assert notes.load(path, "chancery.example", is_witness=True).kind == COSIGNATURE
