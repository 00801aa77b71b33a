"""How well questions are answered: `python -m bench.answers [--model NAME] [--prompts answer-1,answer-2] [--send trimmed,whole]`.

Asks a chat model the development set's sample (60 that can be answered and 40 that cannot; `--all` the whole set), with
each prompt and each way of sending passages that is named, and keeps every answer as it was written (`--run`, JSON
lines). A run that broke off goes on where it was. What the gate, the checks and the extracts make of an answer is
computed from what was kept, so that with and without them are compared on the same words: `--show` does only that,
without a model.
`--url` and CHANCERY_MODEL_KEY name a server that runs already; else a model worker is started beside it.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.answering.trimming import Row as Near
    from bench.answering.found import Found
    from inference.prompts import Prompt
    from ingestion.search import Passage

HOME = Path("var/bench/answers")
WHOLE = "whole"  # the way of a naive template
LONGEST = 256  # tokens of an answer here; the product's bound is 512


@dataclass(frozen=True)
class Row:
    """One answer as the model wrote it, with the tokens it read and wrote as the server counted them."""

    id: str
    prompt: str
    send: str
    text: str
    prompt_tokens: int
    tokens: int
    seconds: float
    finish: str
    sha256: str = ""  # of the prompt's wording


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="", help="a catalogue's name or a GGUF file; empty is the default")
    parser.add_argument("--prompts", default="", help="versions, by commas; the default one where none is named")
    parser.add_argument(
        "--send", default="trimmed", help="by commas: trimmed, trimmed:N (to N characters), whole (five whole passages)"
    )
    parser.add_argument("--all", action="store_true", help="the whole development set, not its sample")
    parser.add_argument("--first", type=int, help="only so many questions")
    parser.add_argument("--at-once", type=int, default=1, help="questions in work; above 1 their seconds say nothing")
    parser.add_argument("--run", type=Path, help="the file that keeps the answers; one a model")
    parser.add_argument("--resume", action="store_true", help="said for clearness: a run always goes on")
    parser.add_argument("--show", action="store_true", help="only say what a kept run is worth")
    parser.add_argument("--kinds", action="store_true", help="the figures of each set and kind as well")
    parser.add_argument("--score", action="store_true", help="write what was measured to inference/prompts/scores.toml")
    parser.add_argument("--url", default="", help="of a model server that runs")
    options = parser.parse_args()
    from bench.answering import setup

    setup.django()
    from bench.answering import cases, found, scoring, worth
    from inference import prompts

    measured = cases.measured(cases.every())
    wanted = (cases.mixed if options.all else cases.sampled)(measured)[: options.first]
    run = options.run or HOME / f"{Path(options.model).name.removesuffix('.gguf') or 'default'}.jsonl"
    if not options.show:
        versions = options.prompts.split(",") if options.prompts else [prompts.DEFAULT]
        with served(options.url, options.model):
            _ask(found.of(wanted), versions, options.send.split(","), run, options.at_once)
    worth.tell(found.of(wanted), load(run), kinds=options.kinds)
    if options.score:
        scoring.write(found.of(wanted), load(run), run.stem)
    return 0


def load(path: Path) -> list[Row]:
    """What was asked with the prompts as they are now. A last line that a kill cut short is passed over."""
    from inference import prompts

    if not path.exists():
        return []
    lines = path.read_text("utf-8").split("\n")[:-1]
    rows = [Row(**json.loads(line)) for line in lines]
    now = {version: prompts.digest(version) for version in prompts.versions()}
    return [row for row in rows if row.sha256 == now.get(row.prompt)]


def pieces(text: str) -> list[str]:
    """As they leave where no policy speaks."""
    from governance.policy.streaming import Gate

    gate = Gate([])
    return [one.text for one in [*gate.feed(text), *gate.finish()] if one.text.strip()]


def _ask(rows: Sequence[Found], versions: Sequence[str], ways: Sequence[str], run: Path, at_once: int) -> None:
    """Question by question, so that all versions are asked under the same load. What the gate refuses is not asked."""
    from bench.answering import worth

    run.parent.mkdir(parents=True, exist_ok=True)
    kept = load(run)
    run.write_text("".join(_line(row) for row in kept), encoding="utf-8")
    done = {(row.id, row.prompt, row.send) for row in kept}
    passed = [row for row in rows if worth.weighed(row).suffices or row.case.is_answerable]
    todo = [(one, v, way) for one in passed for v in versions for way in ways if (one.case.id, v, way) not in done]
    began = time.monotonic()
    asking = ThreadPoolExecutor(at_once)
    asked = [asking.submit(_answer, *each) for each in todo]
    try:
        with run.open("a", encoding="utf-8", buffering=1) as file:
            for number, answer in enumerate(as_completed(asked), 1):
                file.write(_line(answer.result()))
                each = (time.monotonic() - began) / number
                print(
                    f"\r{number} of {len(todo)}, {each:.1f} s each, {each * (len(todo) - number) / 60:.0f} min left",
                    end="",
                    flush=True,
                )
    finally:
        asking.shutdown(cancel_futures=True)
    print()


def _answer(one: Found, version: str, way: str) -> Row:
    from inference import prompts, runners
    from inference.runners.base import ChatRequest
    from inference.runners.speech import Speech

    prompt = prompted(one, version, way)
    request = ChatRequest(messages=prompt.messages, max_tokens=LONGEST, temperature=0.0)
    began = time.monotonic()
    with runners.chat().stream(request) as handle:
        speech = Speech(handle, (), 0)
        text = "".join(part for part, _ in speech)
    took = round(time.monotonic() - began, 2)
    used = speech.usage
    said = (text, used.prompt_tokens, used.completion_tokens, took, speech.finish)
    return Row(one.case.id, version, way, *said, prompts.digest(version))


def prompted(one: Found, version: str, way: str) -> Prompt:
    from inference import prompts

    excerpts = [
        prompts.Excerpt(number, passage.document_name, " › ".join(passage.heading_path), text)
        for number, (passage, text) in enumerate(sent(one, way), 1)
    ]
    return prompts.answer(one.case.question, excerpts, version=version)


def sent(one: Found, way: str) -> list[tuple[Passage, str]]:
    """(passage, what of it is sent)."""
    from django.conf import settings

    from assistant import answering
    from assistant.answering import trimming

    passages = one.passages[: answering.PASSAGES]
    if way == WHOLE:
        return [(passage, passage.text) for passage in passages]
    room = int(way.partition(":")[2] or settings.SENT_CHARACTERS)
    return [(trimmed.passage, trimmed.text) for trimmed in trimming.trim(one.case.question, passages, near, room)]


def near(question: str, texts: Sequence[str]) -> Near:
    """By the default embedder, which found the passages."""
    return _near(question, tuple(texts))


@functools.cache
def _near(question: str, texts: tuple[str, ...]) -> Near:
    """The same is asked for each prompt and each strictness."""
    from assistant.answering import prompting

    return prompting.nearness("", question, texts)


@contextmanager
def served(url: str, model: str) -> Iterator[None]:
    from django.conf import settings

    from inference import runners

    def use(address: str, key: str) -> None:
        options = settings.CHANCERY_RUNNERS["chat"]["OPTIONS"] | {
            "base_url": f"{address.rstrip('/')}/v1",
            "api_key": key,
        }
        settings.CHANCERY_RUNNERS["chat"]["OPTIONS"] = options
        runners.reset()

    if url:
        use(url.removesuffix("/v1"), os.environ.get("CHANCERY_MODEL_KEY", ""))
        yield
        return
    from assistant.local import ports
    from bench import stack

    HOME.mkdir(parents=True, exist_ok=True)
    key, port = secrets.token_hex(16), ports.choose(HOME, "bench-answers")
    address = f"http://{stack.HOST}:{port}"
    serve = ["model_worker", "--host", stack.HOST, "--port", str(port), *(["--model", model] if model else [])]
    told = os.environ | {"CHANCERY_MODEL_KEY": key, "CHANCERY_HOME": str(HOME), "PYTHONUNBUFFERED": "1"}
    with stack.process(serve, told, HOME / "worker.log") as serving:
        stack.await_that(lambda: stack.is_served(address), serving)
        use(address, key)
        yield


def _line(row: Row) -> str:
    return json.dumps(asdict(row), ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
