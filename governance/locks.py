"""Whether Postgres has room for the locks that a change of every tenant's tables takes.

Each tenant has partitions of its own. Whatever is done for one tenant locks that one's alone; an upgrade that changes a
partitioned table locks the partitions of all, with their indexes, in one transaction, and pg_dump locks every table while
it runs. Postgres sets the room aside as it starts: where it is short, that transaction ends in `out of shared memory` and
nothing is changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

TIGHT = 0.75  # of the room: others hold locks too, and tenants are added between one start and the next

# A partition and each of its indexes are a lock each. The room is as Postgres's manual reckons it.
ASKED = """
SELECT (SELECT count(*) FROM pg_class WHERE relispartition),
       current_setting('max_locks_per_transaction')::int
           * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int),
       current_setting('max_locks_per_transaction')::int
"""


@dataclass(frozen=True)
class Room:
    """`needed` at once by a change of every partition, of the `there` that all connections share by setting `each`."""

    needed: int
    there: int
    each: int

    @property
    def is_tight(self) -> bool:
        return self.needed > TIGHT * self.there

    @property
    def advice(self) -> str:
        """What to set, with as much again to grow into: in powers of two, as Postgres rounds part of it."""
        wanted = self.each
        while 2 * self.needed > TIGHT * self.there * wanted / self.each:
            wanted *= 2
        return f"set max_locks_per_transaction = {wanted} and start Postgres again"


def room() -> Room:
    """Raises DatabaseError."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED)
        return Room(*cursor.fetchone())
