"""kill -9 of the sealer, the witness and Postgres under them: every event is sealed once, and the last head is cosigned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.load import Load
from tests.faults.patient_model import PatientModel
from tests.faults.stand import EMBEDDER, OF_THE_RECORD, RECOVERY_MOST_S, START_MOST_S, Stand, await_that, standing

pytestmark = pytest.mark.faults

BOOKS = """
SELECT (SELECT count(*) FROM audit.event WHERE tenant_id = %(tenant)s),
       (SELECT count(*) FROM audit.leaf WHERE tenant_id = %(tenant)s),
       (SELECT max(index) + 1 FROM audit.leaf WHERE tenant_id = %(tenant)s),
       (SELECT size FROM audit.checkpoint WHERE tenant_id = %(tenant)s ORDER BY number DESC LIMIT 1),
       (SELECT is_witnessed FROM audit.checkpoint WHERE tenant_id = %(tenant)s ORDER BY number DESC LIMIT 1)
"""
SHRUNK = """
SELECT count(*) FROM (SELECT size - lag(size) OVER (ORDER BY number) AS more FROM audit.checkpoint
WHERE tenant_id = %(tenant)s) AS steps WHERE more < 0
"""


@pytest.fixture(scope="module")
def model() -> PatientModel:
    return PatientModel(0)


@pytest.fixture(scope="module")
def stand(model: PatientModel) -> Iterator[Stand]:
    with model.serving() as address, standing(MODEL_URL=address, CHANCERY_EMBEDDING_RUNNER=EMBEDDER) as stack:
        yield stack


@pytest.mark.parametrize("names", [OF_THE_RECORD, ("postgres", "sealer")], ids=["the two", "with Postgres"])
def test_every_event_is_sealed_once_whoever_was_killed(
    stand: Stand, model: PatientModel, names: tuple[str, ...]
) -> None:
    model.begin()
    load = Load.begin(stand)
    with stand.held():
        pids = stand.kill(*names)
        if "postgres" not in names:
            load.ask_all()  # recorded all the same, and not sealed yet
            await_that(lambda: len(load.states().answers) == len(load.listeners), START_MOST_S, "all are accepted")
            assert _books(load)[0] > _books(load)[1]
    stand.await_back(pids)
    if "postgres" in names:
        load.ask_all()
    model.let.set()
    await_that(
        lambda: load.listeners and all(one.end for one in load.listeners), START_MOST_S, "every answer has ended"
    )

    await_that(lambda: _is_sealed(load), RECOVERY_MOST_S, "every event is sealed under a cosigned head")
    with stand.database() as database:
        assert database.execute(SHRUNK, {"tenant": load.house["tenant"]}).fetchone() == (0,)


def _books(load: Load) -> tuple[int, int, int, int, bool]:
    with load.stand.database() as database:
        row = database.execute(BOOKS, {"tenant": load.house["tenant"]}).fetchone()
    assert row is not None
    return row[0], row[1], row[2], row[3], row[4]


def _is_sealed(load: Load) -> bool:
    recorded, sealed, size, signed, is_witnessed = _books(load)
    return recorded == sealed == size == signed and is_witnessed
