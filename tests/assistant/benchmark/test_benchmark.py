"""Models are put beside each other on one's own questions; the trial is kept, goes on where it broke off, and is told."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from assistant.benchmark import candidates, results, trials
from assistant.benchmark.candidates import Candidate, Up
from assistant.benchmark.costs import Terms
from assistant.evaluation import sets
from governance.errors import Unavailable
from inference.runners import location
from inference.runners.base import ChatRequest, RunnerState
from inference.runners.openai_compatible import OpenAICompatible
from inference.runners.scripted import ScriptedChat
from inference.worker import apart
from ingestion import catalog
from tests.assistant import asking
from tests.cast import House
from tests.inference import tiny_gguf
from tests.inference.model_server import DONE, ModelServer, Speaker, piece, usage
from tests.ingestion import bells

ABROAD = "Twenty working days a year may be spent abroad."
TRAINS = "Trains are booked in second class."
SET: list[dict[str, Any]] = [
    {"id": "abroad", "question": asking.QUESTION, "documents": ["abroad.txt"], "facts": ["twenty"]},
    {"id": "trains", "question": "Which class are trains booked in?", "documents": ["trains.txt"], "facts": ["second"]},
    {"id": "zebras", "question": asking.OFF_TOPIC, "unanswerable": True},
]
SHELF, SECRETS = "Rules to compare by", "Restricted rules"


@pytest.fixture(scope="module")
def shelves(shared_house: House, django_db_blocker: Any) -> House:
    """Two collections, of which one is not for models outside the house."""
    with django_db_blocker.unblock():
        for name, text in ((SHELF, ABROAD), (SECRETS, TRAINS)):
            made = catalog.create(shared_house.ada, name).pk
            bells.ingested(shared_house, made, text, "abroad.txt" if name == SHELF else "trains.txt")
        catalog.change(shared_house.ada, made, classification="restricted")
    return shared_house


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(map(json.dumps, SET)), encoding="utf-8")
    return path


def benchmark(house: House, run: Path, *arguments: str) -> str:
    out = io.StringIO()
    who = ["--tenant", house.slug, "--user", house.email("ada"), "--collection", SHELF, "--collection", SECRETS]
    call_command("benchmark_models", *arguments, *who, "--run", str(run), stdout=out)
    return out.getvalue()


class Named(ScriptedChat):
    """`speaks` says what it answers each question with; a name of its own, as a worker tells it."""

    def __init__(self, name: str, asked: list[tuple[str, str]], says: str, fails_at: str = "") -> None:
        super().__init__(self._said)
        self.name, self.asked, self.says, self.fails_at = name, asked, says, fails_at

    def probe(self) -> RunnerState:
        return RunnerState(self.name, "", "scripted", "1", self.window, is_ready=True, detail="")

    def _said(self, request: ChatRequest) -> str:
        question = request.messages[-1].content
        known = next((one["id"] for one in SET if one["question"] in question), "speed")
        self.asked.append((self.name, known))
        if known == self.fails_at:
            raise Unavailable("away")
        return self.says


@contextmanager
def served(runners: dict[str, ScriptedChat]) -> Iterator[None]:
    @contextmanager
    def up(one: Candidate, *_: object) -> Iterator[Up]:
        yield Up(runners[one.name])

    def read(wanted: Sequence[str], *_: object) -> list[Candidate]:
        return [Candidate(name, {"served_by": "a script"}, wanted=name) for name in wanted]

    with mock.patch.object(candidates, "up", up), mock.patch.object(candidates, "read", read):
        yield


def test_our_worker_and_a_server_outside_are_measured_by_the_same_questions(
    shelves: House, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = tiny_gguf.write(written.with_name("tiny.gguf"), window=8192, says=b"abc ")
    monkeypatch.setattr(OpenAICompatible, "is_in_house", property(lambda self: self._server.model == "default"))
    monkeypatch.setattr(location, "is_in_house", lambda _: False)
    monkeypatch.setenv("THEIR_KEY", "for them alone")
    run, page, told = (written.with_name(f"out.{end}") for end in ("jsonl", "html", "json"))
    with ModelServer() as server:
        server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [{"id": "big"}]})
        server.chats(_answers)
        host = urlsplit(server.base_url).netloc
        arguments = [str(tiny), f"{server.base_url}#big", "--set", str(written), "--rounds", "1"]
        arguments += ["--key", f"{host}=THEIR_KEY", "--price", "big=2,6", "--price", "dear=20,60", "--currency", "EUR"]
        arguments += ["--asks-a-month", "1000", "--machine-a-month", "50", "--json", str(told), "--report", str(page)]
        shown = benchmark(shelves, run, *arguments)
    assert {asked.headers.get("Authorization") for asked in server.asked} == {"Bearer for them alone"}
    sent = json.dumps([asked.body for asked in server.asked])
    assert ABROAD in sent
    assert TRAINS not in sent  # restricted: not even to count its tokens
    ours, theirs = json.loads(told.read_text("utf-8"))["models"]
    assert (ours["quantisation"], ours["bytes"], ours["is_in_house"]) == ("unknown", tiny.stat().st_size, True)
    assert ours["memory"]["proportional"] > 10 * 2**20
    assert ours["memory"]["resident"] >= ours["memory"]["proportional"]
    assert {one["key"] for one in ours["speeds"]} >= {"reads", "writes", "first_s", "load_s"}
    assert ours["cost"]["amount"] == 50.0
    figures = {one["key"]: one["value"] for one in theirs["figures"]}
    assert (figures["facts"], figures["refusals"]) == (0.5, 1.0)
    # of three questions one was sent: 300 tokens read and 5 written
    assert theirs["cost"] == {"amount": 210.0, "why": "100 tokens read and 2 written a question"}
    assert "the excerpts" in theirs["leaves"]
    assert not theirs["memory"]
    html = page.read_text("utf-8")
    for said in ("Closed API or self-hosted?", "210.00 EUR", "dear", f"big at {host}", SECRETS):
        assert said in html, said
    assert "for them alone" not in html + told.read_text("utf-8") + run.read_text("utf-8") + shown
    # Shown again with other terms, without asking anybody.
    again = io.StringIO()
    call_command("benchmark_models", "--run", str(run), "--price", "big=4,12", "--asks-a-month", "1000", stdout=again)
    assert "420.00" in again.getvalue()


def _answers(speaker: Speaker) -> None:
    speaker.say_events([piece(ABROAD), piece(finish="stop"), usage(300, 5), DONE])


def test_models_take_turns_and_a_trial_that_broke_off_asks_nothing_twice(shelves: House, written: Path) -> None:
    asked: list[tuple[str, str]] = []
    run = written.with_suffix(".run")
    arguments = ["a", "b", "--set", str(written), "--rounds", "2"]
    away = Named("b", asked, TRAINS, fails_at="trains")
    with served({"a": Named("a", asked, ABROAD), "b": away}), pytest.raises(CommandError, match="Run this again"):
        benchmark(shelves, run, *arguments)
    # the questions of the first round, of one and then of the other, before those of the second; in it b begins
    assert [one for one in asked if one[1] != "speed"] == [("a", "abroad"), ("b", "abroad"), ("b", "trains")]
    with run.open("a", encoding="utf-8") as file:
        file.write('{"model": "b", "row": {"id": "tra')  # killed in the middle of a line
    asked.clear()
    with served({"a": Named("a", asked, ABROAD), "b": Named("b", asked, TRAINS)}):
        benchmark(shelves, run, *arguments)
    assert [one for one in asked if one[1] != "speed"] == [("b", "trains"), ("a", "trains")]
    told = results.of(trials.load(run), Terms())
    assert [one["questions"] for one in told["models"]] == [3, 3]
    (beside,) = told["beside"]
    changes = {one["key"]: (one["before"], one["after"], one["verdict"]) for one in beside["changes"]}
    assert changes["facts"] == (0.5, 0.5, "within chance")
    with served({"a": Named("a", asked, ABROAD)}), pytest.raises(CommandError, match="other kept_from, models"):
        benchmark(shelves, run, "a", "--set", str(written), "--rounds", "2")


def test_one_that_cannot_be_written_does_not_take_the_other_with_it(shelves: House, written: Path) -> None:
    run, told, page = written.with_name("run"), written.with_name("told.json"), written.with_name("pages") / "page.html"
    asked: list[tuple[str, str]] = []
    arguments = ["a", "--set", str(written), "--rounds", "1", "--report", str(page), "--json"]
    with served({"a": Named("a", asked, ABROAD)}):
        with pytest.raises(CommandError, match="cannot be written"):
            benchmark(shelves, run, *arguments, str(written / "told.json"))
        assert asked == []
        told.symlink_to("/gone/told.json")  # what shows itself only once it is written
        with pytest.raises(CommandError, match=r"told\.json cannot be written: No such file"):
            benchmark(shelves, run, *arguments, str(told))
    assert "Closed API or self-hosted?" in page.read_text("utf-8")


def test_an_answer_that_another_model_gave_is_not_taken(shelves: House, written: Path) -> None:
    asked: list[tuple[str, str]] = []
    other = Named("a", asked, ABROAD)
    with (
        served({"a": other}),
        mock.patch.object(other, "probe", side_effect=[Named("a", [], "").probe(), *[Named("x", [], "").probe()] * 9]),
        pytest.raises(CommandError, match="abroad was answered by x instead of a"),
    ):
        benchmark(shelves, written.with_suffix(".run"), "a", "--set", str(written))


def test_the_set_that_a_collection_keeps_is_asked_of_it_alone(shelves: House, tmp_path: Path) -> None:
    rules = next(row for row in catalog.listed(shelves.ada) if row.name == SHELF)
    run = tmp_path / "kept.run"
    with served({"a": Named("a", [], ABROAD)}):
        with pytest.raises(CommandError, match="keeps no questions"):
            benchmark(shelves, run, "a", "--kept", SHELF)
        sets.put(shelves.ada, rules.pk, json.dumps(SET[0]))
        benchmark(shelves, run, "a", "--kept", SHELF)
    made = trials.load(run).made
    assert (made["questions"], made["collections"]) == (1, [{"name": SHELF, "classification": "internal"}])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.gguf", "--set", "SET"], "neither a GGUF file nor one of"),
        (["http://h/v1", "--set", "SET"], "a server is named as"),
        (["http://me:pass@h/v1#m", "--set", "SET"], "a server is named as"),
        (["http://h/v1#m", "http://h/v1#m", "--set", "SET"], "named twice"),
        (["http://h/v1#m", "--set", "SET", "--key", "other=V"], "--key names other"),
        (["http://h/v1#m", "--set", "SET", "--key", "h=NOT_SET"], "NOT_SET is not set"),
        (["http://h/v1#m", "--set", "SET", "--price", "m=cheap"], "no price"),
        (["http://h/v1#m", "--set", "SET", "--price", "m=-1,2"], "no price"),
        (["http://h/v1#m", "--set", "SET", "--rounds", "0"], "1 or more"),
        (["http://h/v1#m", "--set", "SET", "--hours-a-month", "0"], "above 0"),
        (["http://h/v1#m"], "Say which questions"),
        ([], "is no run"),
    ],
)
def test_what_cannot_be_is_said(shelves: House, written: Path, arguments: list[str], said: str) -> None:
    told = [str(written) if one == "SET" else one for one in arguments]
    with pytest.raises(CommandError, match=said):
        benchmark(shelves, written.with_suffix(".run"), *told)


def test_a_worker_that_does_not_come_up_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "ROOT", tmp_path)  # where there is no manage.py
    said = r"did not come up with some\.gguf: .*can't open file"
    one = Candidate("some", {}, wanted="some.gguf")
    with pytest.raises(Unavailable, match=said), candidates.up(one, tmp_path, "xllamacpp"):
        pass
