"""The field table: what each event of the record says, and what others call it. `docs/record.md` prints it, and a test
holds the two, and every event that the suite puts on the record, to it.

VERSION rises when a field changes its meaning or goes; a field that is added leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from governance.audit.fields import (
    documents,
    evaluation,
    indexes,
    interaction,
    officers,
    people,
    policy,
    record,
    sources,
    support,
    tenants,
)
from governance.audit.fields.kinds import Field, Kind
from governance.audit.fields.leaf import LEAF as LEAF
from governance.audit.vocabulary import Event

VERSION = 1
OCSF_VERSION = "1.5.0"

KINDS: dict[Event, Kind] = (
    interaction.KINDS
    | policy.KINDS
    | people.SIGN_INS
    | documents.KINDS
    | people.RIGHTS
    | support.KINDS
    | tenants.KINDS
    | record.KINDS
    | officers.KINDS
    | indexes.KINDS
    | sources.KINDS
    | evaluation.KINDS
)


def rows() -> Iterator[tuple[str, str, Field]]:
    """(event, where it stands, field) of the whole table, in its order: `clear` for ever, or in the encrypted `words`."""
    for event, kind in KINDS.items():
        for where, fields in (("clear", kind.clear), ("words", kind.words)):
            for one in fields:
                yield str(event), where, one
