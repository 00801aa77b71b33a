"""The record cannot be written, or nobody witnesses it: nothing leaves that is not on it, and afterwards all goes on."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.faults import disk
from tests.faults.load import ANSWERS, DOCUMENTS, QUESTION, Load, plan
from tests.faults.patient_model import PatientModel
from tests.faults.stand import EMBEDDER, START_MOST_S, Stand, await_that, standing

pytestmark = pytest.mark.faults
TALKATIVE = 2  # so many answers have delivered a part when the record goes away
CANNOT = "The record cannot be written"
UNWITNESSED = "The record is not being witnessed"


@pytest.fixture(scope="module")
def model() -> PatientModel:
    return PatientModel(TALKATIVE)


@pytest.fixture(scope="module")
def stand(model: PatientModel) -> Iterator[Stand]:
    variables = {"CHANCERY_EMBEDDING_RUNNER": EMBEDDER, "CHANCERY_WITNESS_PATIENCE": "20"}
    with model.serving() as address, standing(MODEL_URL=address, **variables) as stack:
        yield stack


@pytest.fixture
def load(stand: Stand, model: PatientModel) -> Iterator[Load]:
    model.begin()
    yield Load.begin(stand)
    model.let.set()


def ask(client: httpx.Client, load: Load, number: int) -> httpx.Response:
    body = {"question": QUESTION.format(number=number), "collections": [load.house["collections"]["rules"]]}
    return client.post("/api/v1/answers", json=body)


def assert_refused(load: Load, portal: httpx.Client, why: str) -> None:
    """Over each door, with a code that a program reads and a sentence that a person does; no answer was begun."""
    before = set(load.states().answers)
    with load.client("bob") as client:
        api = ask(client, load, 99)
        openai = client.post(
            "/v1/chat/completions", json={"model": "chancery", "messages": [{"role": "user", "content": "Case 99?"}]}
        )
    page = portal.post("/c/ask", data={"question": QUESTION.format(number=99)})
    assert (api.status_code, openai.status_code, page.status_code) == (503, 503, 503)
    assert api.json()["error"]["code"] == openai.json()["error"]["code"] == "record_unavailable"
    assert "data-fault" in page.text
    assert all(why in told for told in (api.json()["error"]["message"], openai.json()["error"]["message"], page.text))
    assert set(load.states().answers) == before


def test_with_the_disk_full_nothing_leaves_and_with_room_again_everything_goes_on(
    stand: Stand, load: Load, model: PatientModel
) -> None:
    portal, met = load.signed_in(), set[str]()
    load.ask_all()
    await_that(lambda: len(load.states().running) == ANSWERS, START_MOST_S, "all answers run")
    await_that(lambda: sum(bool(one.texts) for one in load.listeners) == TALKATIVE, START_MOST_S, "two have begun")
    with contextlib.ExitStack() as asleep:
        asleep.enter_context(stand.asleep("ingest"))
        for number in range(1, DOCUMENTS + 1):
            load.upload(f"plan-{number}.md", plan(number))
        before, heard = load.states().segments, [list(one.texts) for one in load.listeners]
        with disk.full(stand):
            asleep.close()
            model.let.set()

            def have_met() -> bool:
                states = load.states()
                met.update(str(one) for one in states.answers if states.reasons[str(one)].startswith(CANNOT))
                return len(met) == ANSWERS

            await_that(have_met, START_MOST_S, "every answer has met the full disk")
            assert_refused(load, portal, CANNOT)
            assert (load.states().segments, [one.texts for one in load.listeners]) == (before, heard)
    load.await_final(time.monotonic())
    await_that(lambda: all(one.end for one in load.listeners), START_MOST_S, "every stream has ended")
    load.check(outages=1)
    states = load.states()
    assert Counter(states.answers.values()) == {"interrupted": TALKATIVE, "answered": ANSWERS - TALKATIVE}
    assert set(states.documents.values()) == {"ready"}
    assert Counter(one.end for one in load.listeners) == Counter(states.answers.values())


def test_without_the_witness_that_a_tenant_demands_nothing_is_answered(
    stand: Stand, load: Load, model: PatientModel
) -> None:
    with stand.database() as database:
        database.execute("UPDATE tenant SET demands_witness = true WHERE id = %s", [load.house["tenant"]])
    portal = load.signed_in()
    model.let.set()
    load.ask(0)
    await_that(lambda: "answered" in load.states().answers.values(), START_MOST_S, "an answer, with the witness there")
    with stand.held():
        with stand.asleep("answers"):
            load.ask(1)
            await_that(lambda: len(load.states().answers) == 2, START_MOST_S, "one is accepted that nobody begins")
            pids = stand.kill("witness")
            await_that(lambda: is_unwitnessed(load), START_MOST_S, "the installation's patience is over")
            assert_refused(load, portal, UNWITNESSED)
            before = load.states().segments
        await_that(
            lambda: any(load.states().reasons[str(one)] for one in load.states().running), START_MOST_S, "held up"
        )
        assert_refused(load, portal, UNWITNESSED)
        assert (load.states().segments, model.asked) == (before, {0: 1})
        assert [bool(one.texts) for one in load.listeners] == [True, False]
    load.await_final(stand.await_back(pids))
    assert not is_unwitnessed(load)
    load.ask(2)
    await_that(lambda: all(one.end for one in load.listeners), START_MOST_S, "every stream has ended")
    load.check()
    assert [one.end for one in load.listeners] == ["answered"] * 3
    assert model.asked == {0: 1, 1: 1, 2: 1}


def is_unwitnessed(load: Load) -> bool:
    """Asked of a collection that there is not, so that nothing is begun; the denial is recorded and wants a witness."""
    body = {"question": "Is anybody there?", "collections": [str(uuid.uuid4())]}
    with load.client() as client:
        code = client.post("/api/v1/answers", json=body).json()["error"]["code"]
    assert code in {"not_found", "record_unavailable"}
    return bool(code == "record_unavailable")
