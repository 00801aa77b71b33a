"""kill -9, in the middle of 30 documents and 5 answers: all of it comes to a named end, nothing twice, nothing by half, and
every event of it is sealed once, the last head cosigned.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from assistant.local import marks
from tests.faults.books import States
from tests.faults.load import ANSWERS, DOCUMENTS, PATIENCE, Load, plan, watched
from tests.faults.patient_model import PatientModel
from tests.faults.stand import (
    EMBEDDER,
    OF_THE_RECORD,
    RECOVERY_MOST_S,
    START_MOST_S,
    WORKERS,
    Stand,
    await_that,
    standing,
)

pytestmark = pytest.mark.faults
TALKATIVE = 2  # so many answers have delivered a part when the kill comes
LEAVES = """
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
    return PatientModel(TALKATIVE)


@pytest.fixture(scope="module")
def stand(model: PatientModel) -> Iterator[Stand]:
    with model.serving() as address, standing(MODEL_URL=address, CHANCERY_EMBEDDING_RUNNER=EMBEDDER) as stack:
        yield stack


@pytest.fixture
def load(stand: Stand, model: PatientModel) -> Iterator[Load]:
    """Five answers run, two of which have said something, and the first of 30 documents are ready."""
    model.begin()
    begun = Load.begin(stand)
    begun.ask_all()
    await_that(lambda: _is_under_way(begun.states()), START_MOST_S, "all answers run and two have delivered a part")
    with watched(begun):
        begun.upload_all()
        await_that(lambda: len(begun.states().ready) > 3, START_MOST_S, "the first documents are ready")
        yield begun
    model.let.set()


def _is_under_way(states: States) -> bool:
    return len(states.running) == ANSWERS and len(states.segments) == TALKATIVE


def _ended(name: str, load: Load, recovered: float, *, outages: int = 0) -> States:
    unfinished = [one for one, status in load.states().documents.items() if status in {"queued", "processing"}]
    seconds = load.await_final(recovered)
    states = load.states()
    documents, answers = Counter(states.documents.values()), Counter(states.answers.values())
    print(f"\n{name}: {dict(documents)}, {dict(answers)}, {seconds:.1f} s; {len(unfinished)} were open at recovery")
    load.check(outages=outages)
    return states


def _plans(states: States) -> Counter[str]:
    return Counter(status for name, status in states.documents.items() if name.startswith("plan-"))


def test_killed_celery_workers_are_replaced_and_what_they_held_goes_on(
    stand: Stand, load: Load, model: PatientModel
) -> None:
    pids = stand.kill(*WORKERS)
    model.let.set()
    states = _ended("celery workers", load, stand.await_back(pids))

    assert _plans(states) == {"ready": DOCUMENTS}
    # What had been said is kept and nothing is added to it; what had said nothing is asked again, once.
    assert Counter(states.answers.values()) == {"interrupted": TALKATIVE, "answered": ANSWERS - TALKATIVE}
    assert model.asked == Counter({case: 1 if case < TALKATIVE else 2 for case in range(ANSWERS)})


def test_valkey_restarted_empty_loses_nothing(stand: Stand, load: Load, model: PatientModel) -> None:
    with stand.held():
        pids = stand.kill("valkey")
        for folder in (stand.home / "valkey").glob("appendonly*"):
            shutil.rmtree(folder)
        told = httpx.get(f"{stand.url}/readyz", timeout=PATIENCE, trust_env=False)
        load.upload("late.md", plan(99))  # the broker is away: the row waits
        load.ask(ANSWERS)
        await_that(lambda: len(load.states().answers) == ANSWERS + 1, START_MOST_S, "a question is accepted")
        model.let.set()
    states = _ended("valkey", load, stand.await_back(pids))

    assert told.status_code == 200
    assert told.json()["parts"] == {"database": True, "valkey": False, "model": True}
    assert _plans(states) == {"ready": DOCUMENTS}
    assert states.documents["late.md"] == "ready"
    assert set(states.answers.values()) == {"answered"}
    assert model.asked == Counter(dict.fromkeys(range(ANSWERS + 1), 1))
    # Whoever listened has heard it all, without Valkey.
    await_that(lambda: all(one.end for one in load.listeners), START_MOST_S, "every stream has ended")
    assert [one.end for one in load.listeners] == ["answered"] * (ANSWERS + 1)


def test_killed_postgres_recovers_and_everything_goes_on(stand: Stand, load: Load, model: PatientModel) -> None:
    portal = load.signed_in()
    family = psutil.Process(stand.pid("postgres")).children(recursive=True)
    with stand.held():
        pids = stand.kill("postgres")
        probe, page, api = _asked_at_once(portal, load)
        model.let.set()
    recovered = stand.await_back(pids)
    assert all(marks.started(one.pid) is None or not one.is_running() for one in family)  # none of the old cluster
    # An answer that met the outage was tried again, and that does not count against it.
    states = _ended("postgres", load, recovered, outages=1)

    assert probe.status_code == 503
    assert probe.json()["parts"]["database"] is False
    assert page.status_code == 503
    assert "data-fault" in page.text
    assert "Traceback" not in page.text
    assert api.status_code == 503
    assert api.json()["error"]["code"] == "unavailable"
    assert portal.get("/").status_code == 200
    # A stream outlives it: whoever listened has heard how their answer ended.
    await_that(lambda: all(one.end for one in load.listeners), START_MOST_S, "every stream has ended")
    assert _plans(states) == {"ready": DOCUMENTS}
    assert set(states.answers.values()) <= {"answered", "interrupted"}
    assert Counter(states.answers.values())["interrupted"] <= TALKATIVE
    assert all(times == 1 for case, times in model.asked.items() if case < TALKATIVE)


def _asked_at_once(portal: httpx.Client, load: Load) -> list[httpx.Response]:
    with load.client() as client, ThreadPoolExecutor(3) as pool:
        asked = [
            pool.submit(httpx.get, f"{load.stand.url}/readyz", timeout=PATIENCE, trust_env=False),
            pool.submit(portal.get, "/"),
            pool.submit(client.get, "/api/v1/me"),
        ]
        return [one.result() for one in asked]


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
            assert _leaves(load)[0] > _leaves(load)[1]
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


def _leaves(load: Load) -> tuple[int, int, int, int, bool]:
    with load.stand.database() as database:
        row = database.execute(LEAVES, {"tenant": load.house["tenant"]}).fetchone()
    assert row is not None
    return row[0], row[1], row[2], row[3], row[4]


def _is_sealed(load: Load) -> bool:
    recorded, sealed, size, signed, is_witnessed = _leaves(load)
    return recorded == sealed == size == signed and is_witnessed
