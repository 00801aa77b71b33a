"""kill -9 of the model worker, a real one with a model of random weights, while it writes answers and documents come."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from assistant.local import marks
from assistant.showing import notices
from tests.faults.books import States
from tests.faults.load import ANSWERS, DOCUMENTS, PATIENCE, QUESTION, Load, watched
from tests.faults.stand import EMBEDDER, START_MOST_S, Stand, await_that, standing
from tests.inference import tiny_gguf

pytestmark = pytest.mark.faults
# Many thin layers: as small a file, and slow enough that the kill finds answers half written.
BLOCKS = 24
WINDOW = 8192  # a token is a byte
SAYS = b"abcdefghijklmnop rstuvw."


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    file = tmp_path_factory.mktemp("model") / "tiny.gguf"
    model = tiny_gguf.write(file, blocks=BLOCKS, window=WINDOW, says=SAYS)
    sizes = {"CHANCERY_MODEL_SLOTS": "1", "CHANCERY_MODEL_THREADS": "1", "CHANCERY_MODEL_WINDOW": str(WINDOW)}
    with standing(CHANCERY_MODEL=str(model), CHANCERY_EMBEDDING_RUNNER=EMBEDDER, **sizes) as stack:
        yield stack


def _writes(states: States) -> bool:
    ended = set(states.answers.values()) - {"queued", "running"}
    assert not ended or states.segments, states.reasons
    return bool(states.segments)


def test_killed_model_worker_is_replaced_and_answers_end_by_name(stand: Stand) -> None:
    load = Load.begin(stand)
    with watched(load):
        load.ask_all()
        load.upload_all()
        await_that(lambda: _writes(load.states()), START_MOST_S, "a part of an answer was delivered")
        engine = psutil.Process(stand.pid("model")).children()
        with stand.held():
            pids = stand.kill("model")
            cut_off = load.states()
            told = httpx.get(f"{stand.url}/readyz", timeout=PATIENCE, trust_env=False)
        recovered = stand.await_back(pids)
        seconds = load.await_final(recovered, is_waited_for=True)
    states = load.states()
    ends = Counter(states.answers.values())
    print(f"\nmodel worker: {dict(Counter(states.documents.values()))}, {dict(ends)}, {seconds:.1f} s")
    load.check(outages=1)

    assert told.json()["parts"] == {"database": True, "valkey": True, "model": False}
    assert engine
    assert not any(marks.started(one.pid) and one.is_running() for one in engine)  # it went down with its worker
    is_hit = cut_off.running or set(cut_off.answers.values()) & {"interrupted", "failed"}
    assert is_hit or notices.MODEL_AWAITED in cut_off.reasons.values(), "the kill came too late"
    assert len(states.answers) == ANSWERS
    assert set(states.answers.values()) <= {"answered", "interrupted", "failed"}
    assert all(states.reasons[str(one)] for one, status in states.answers.items() if status != "answered")
    assert {name: status for name, status in states.documents.items() if status != "ready"} == {}
    assert len(states.documents) == DOCUMENTS + 1
    with load.client() as client:  # and it answers again
        asked = client.post(
            "/api/v1/answers",
            json={"question": QUESTION.format(number=ANSWERS), "collections": [load.house["collections"]["rules"]]},
        )
    assert json.loads(asked.text)["status"] == "answered"
