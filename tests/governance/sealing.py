"""A sealer and a witness of the tests' own: real keys, the real role, and no process."""

from __future__ import annotations

import functools
import uuid
from pathlib import Path

from django.conf import settings

from governance.audit.tree import heads, notes
from governance.audit.tree.sealing import Sealer
from governance.audit.tree.verifier import Checkpoint, Verifier
from governance.audit.tree.witnessing import Memory, Request, Witness
from tests.cast import House
from tests.governance.database import address


class Beside:
    """The witness asked without a network: what goes over the wire goes as text here too."""

    def __init__(self, home: Path, key: Path, log: Verifier) -> None:
        signer = notes.load(key, "chancery-witness", is_witness=True)
        self.memory = Memory(home / "heads")
        self.witness = Witness(signer, self.memory, settings.RECORD_ORIGIN, log)

    @property
    def verifier(self) -> Verifier:
        return self.witness.signer.verifier

    def ask(self, request: Request) -> str:
        return self.witness.add(request.text)


def signer() -> notes.Signer:
    """One for all that test at the same time: its public key lies where the application reads it."""
    return notes.load(Path(settings.SEALER["key"]), settings.RECORD_ORIGIN)


@functools.cache
def witness() -> Beside:
    """With a memory for each database, and one key for all: its public half lies where every application reads it."""
    home = Path(settings.WITNESS_HOME)
    return Beside(home, home.parent / "key", signer().verifier)


def sealer(*, is_witnessed: bool = True) -> Sealer:
    """A new one, as after a restart. Close it."""
    heads.publish(heads.SEALER, signer().verifier)
    heads.publish(heads.WITNESS, witness().verifier)
    database = address("chancery_sealer")
    return Sealer(database, signer(), settings.RECORD_ORIGIN, witness() if is_witnessed else None)


def seal(house: House, *, is_witnessed: bool = True) -> Checkpoint:
    """Everything that the tenant has recorded, and a head over it."""
    return seal_tenant(house.tenant, is_witnessed=is_witnessed)


def seal_tenant(tenant: uuid.UUID, *, is_witnessed: bool = True) -> Checkpoint:
    one = sealer(is_witnessed=is_witnessed)
    try:
        one.seal(tenant)
        one.sign(tenant)
        with one.store.of(tenant) as rows:
            row = rows.connection.execute(
                "SELECT note FROM audit.checkpoint WHERE tenant_id = %s ORDER BY number DESC LIMIT 1", [tenant]
            ).fetchone()
    finally:
        one.close()
    assert row is not None
    return Checkpoint.parse(row[0])
