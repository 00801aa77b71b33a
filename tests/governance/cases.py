"""Support cases for tests: an operator, and something that a tenant opened to them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from governance import models, operators, support
from governance.roles import SupportLevel
from governance.support import looks
from governance.support.looks import Opened
from ingestion import catalog
from ingestion.documents.supported import File
from tests.cast import House
from tests.governance.database import as_superuser
from tests.ingestion import shelves

PASSWORD = "a rather long passphrase"
SECRET = "The zephyrquartz is kept in room seven."


def operator() -> models.Operator:
    found = operators.get(operators.create(f"op-{uuid.uuid4().hex[:8]}@installation.example", "Otto", PASSWORD))
    assert found is not None
    return found


def opened(
    house: House, by: models.Operator | None, level: SupportLevel, collections: Iterable[uuid.UUID] = ()
) -> uuid.UUID:
    draft = support.Draft("T-4711", "Nothing is read any more.", level, 4, frozenset(collections))
    return support.offer(house.ada, by.email if by else "", draft)


def entered(house: House, level: SupportLevel, collections: Iterable[uuid.UUID] = ()) -> Opened:
    by = operator()
    return looks.opened(by, opened(house, by, level, collections))


def over(opening: uuid.UUID) -> None:
    """Its time has passed a moment ago."""
    with as_superuser() as database:
        database.execute("UPDATE support_access SET ends_at = now() - interval '1 second' WHERE id = %s", [opening])


def shelf(house: House, name: str = "Handbook", *texts: str) -> tuple[uuid.UUID, uuid.UUID]:
    """A collection and its document."""
    made = catalog.create(house.ada, f"{name} {uuid.uuid4().hex[:6]}").pk
    return made, shelves.document(house.system, made, list(texts or (SECRET,))).document_id


def text_of(file: File) -> str:
    return " ".join(one.text for one in file.text.rows) if file.text else ""
