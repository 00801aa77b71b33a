"""Whether a grammar makes a small model cite and refuse by itself: `python -m bench.answering.constrained [--model NAME]`.

The sample's questions are asked with the default prompt and an offer to refuse, under a grammar that lets it write nothing but
sentences that end in an excerpt's number, or the exact refusal. What it cites is set beside what our own check cites of the very
same words. It counts and does not time.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from bench.answering.found import Found

REFUSAL = "The excerpts do not say."
OFFER = (
    "End each sentence with the number of the excerpt that it stands on, in brackets, as [2]. If the excerpts do not hold the "
    f"answer, write nothing but: {REFUSAL}"
)
# A full stop with a letter or a figure behind it is within a word: 3.5, e.g, os.path.
GRAMMAR = f"""
root ::= "{REFUSAL}" | sentence (" " sentence)*
sentence ::= inside+ [.!?:] " [" [1-5] "]"
inside ::= [^.!?\\n\\[\\]] | "." [0-9A-Za-z]
"""
_MARKER = re.compile(r"\s*\[(\d)\]")


@dataclass(frozen=True)
class Said:
    """`marked` are the excerpts that it names, in order; `text` is without them."""

    text: str
    marked: list[int]

    @property
    def is_refusal(self) -> bool:
        return self.text.strip() == REFUSAL


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="", help="a catalogue's name or a GGUF file; empty is the default")
    parser.add_argument("--answerable", type=int, default=60)
    parser.add_argument("--unanswerable", type=int, default=40)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--url", default="", help="of a model server that runs")
    options = parser.parse_args()
    from bench.answering import setup

    setup.django()
    from bench import answers
    from bench.answering import cases, found

    sample = found.of(cases.sampled(cases.measured(cases.every())))
    can = [one for one in sample if one.case.is_answerable][: options.answerable]
    cannot = [one for one in sample if not one.case.is_answerable][: options.unanswerable]
    with answers.served(options.url, options.model), ThreadPoolExecutor(options.at_once) as asking:
        said = list(asking.map(_ask, [*can, *cannot]))
    (answers.HOME / "constrained.json").write_text(json.dumps([asdict(one) for one in said], ensure_ascii=False))
    _tell(list(zip(can, said, strict=False)), said[len(can) :])
    return 0


def _ask(one: Found) -> Said:
    from django.conf import settings

    from bench import answers
    from inference import prompts

    prompt = answers.prompted(one, prompts.DEFAULT, "trimmed")
    messages: list[dict[str, Any]] = [{"role": told.role, "content": told.content} for told in prompt.messages]
    messages[-1]["content"] += f"\n\n{OFFER}"
    server = settings.CHANCERY_RUNNERS["chat"]["OPTIONS"]
    body = {"messages": messages, "max_tokens": answers.LONGEST, "temperature": 0, "grammar": GRAMMAR}
    told = httpx.post(
        f"{server['base_url']}/chat/completions",
        json=body,
        headers={"Authorization": f"Bearer {server['api_key']}"},
        timeout=1800,
        trust_env=False,
    )
    told.raise_for_status()
    text = told.json()["choices"][0]["message"]["content"]
    return Said(_MARKER.sub("", text), [int(number) for number in _MARKER.findall(text)])


def _tell(can: list[tuple[Found, Said]], cannot: list[Said]) -> None:
    from assistant.evaluation import measures
    from bench import answers, intervals
    from bench.answering import worth

    stated = [(one, said) for one, said in can if not said.is_refusal]
    by_model, by_check = list[bool](), list[bool]()
    for one, said in stated:
        sent = [passage.document_name for passage, _ in answers.sent(one, "trimmed")]
        row = answers.Row(one.case.id, "", "trimmed", said.text, 0, 0, 0.0, "")
        cited = worth.as_written(one, row).cited
        if cited and said.marked and said.marked[0] <= len(sent):
            by_model.append(sent[said.marked[0] - 1] in one.case.documents)
            by_check.append(cited[0] in one.case.documents)
    print(f"facts present {measures.mean([worth.facts(one, said.text) for one, said in can])}")
    print(f"first citation right, by the model's marker {intervals.told(sum(by_model), len(by_model))}")
    print(f"first citation right, by our check of the same answers {intervals.told(sum(by_check), len(by_check))}")
    print(f"refused, answerable {intervals.told(len(can) - len(stated), len(can))}")
    print(f"refused, unanswerable {intervals.told(sum(one.is_refusal for one in cannot), len(cannot))}")


if __name__ == "__main__":
    sys.exit(main())
