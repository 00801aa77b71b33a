"""The templates, and the one order of their parts: fixed text, excerpts, history, the question last.

The fixed text of each version is a file beside this one, short and plain, for a model of 1.5 billion parameters. It
offers no way out: asked to say when it does not know, a small model says so before good excerpts too. Whether there is
evidence is judged before a prompt is built. Citations are attributed afterwards, so none are asked for. What each
version is worth stands in `scores.toml`.

A model server keeps what it has read of a prompt up to the first difference. So nothing that changes from question to
question stands before the question, and excerpts keep the order of their markers.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from inference.runners.base import Message

HERE = Path(__file__).resolve().parent
DEFAULT = "answer-1"  # to be the best of what scores.toml holds
MODEL_ONLY_VERSION = "model-only-1"
JUDGE_VERSION = "judge-1"
INSTRUCTED = "+instruction-1"  # what a version ends in where the caller's own instruction stands before the question

# What chat templates read as the end of a turn or the start of another. In a text it would forge a turn.
_CONTROL = re.compile(r"<(?=[|｜]|/?s>|start_of_turn>|end_of_turn>)|\[(?=/?INST\])", re.IGNORECASE)
_FENCE = re.compile(r"<(?=/?excerpt\b)", re.IGNORECASE)
_TEXT = re.compile(r"<(?=/?text\b)", re.IGNORECASE)
_EXCERPT = re.compile(r'^<excerpt from="[^"\n]*">\n(.*?)\n</excerpt>$', re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Excerpt:
    """`marker` counts from 1, the best first; `locator` says where in the document, such as "page 3"."""

    marker: int
    title: str
    locator: str
    text: str


@dataclass(frozen=True)
class Turn:
    question: str
    answer: str


@dataclass(frozen=True)
class Prompt:
    """`version` names the template; `excerpts` and `history` are those that the messages contain.

    `tokens` is its length, where `fit` has counted it.
    """

    messages: tuple[Message, ...]
    version: str
    excerpts: tuple[Excerpt, ...] = ()
    history: tuple[Turn, ...] = ()
    tokens: int = field(default=0, compare=False)


def versions() -> list[str]:
    """Of prompts for answers from documents, oldest first; each is a file of its own, and its text never changes."""
    return sorted((path.stem for path in HERE.glob("answer-*.txt")), key=lambda name: int(name.rpartition("-")[2]))


@functools.cache
def wording(version: str) -> str:
    """The fixed part that a version begins with. Raises KeyError for one that there is none of."""
    path = HERE / f"{version}.txt"
    if not re.fullmatch(r"[a-z-]+-\d+", version) or not path.exists():
        raise KeyError(version)
    return path.read_text("utf-8").strip()


def digest(version: str) -> str:
    """SHA-256 of its wording, by which scores name the very text that was measured. Raises KeyError as `wording` does."""
    return hashlib.sha256(wording(version).encode()).hexdigest()


def answer(
    question: str,
    excerpts: Sequence[Excerpt],
    history: Sequence[Turn] = (),
    *,
    instruction: str = "",
    version: str = DEFAULT,
) -> Prompt:
    """The prompt for an answer from `excerpts`; `history` is oldest first.

    `instruction` is the caller's own. It stands in the caller's turn, with no more authority than the question.
    """
    ordered = tuple(sorted(excerpts, key=lambda excerpt: excerpt.marker))
    system = "\n\n".join([wording(version), *map(shown, ordered)])
    messages = _messages(system, history, instruction, question)
    return Prompt(messages, _version(version, instruction), ordered, tuple(history))


def model_only(question: str, history: Sequence[Turn] = (), *, instruction: str = "") -> Prompt:
    """The prompt for a turn over the conversation alone."""
    messages = _messages(wording(MODEL_ONLY_VERSION), history, instruction, question)
    return Prompt(messages, _version(MODEL_ONLY_VERSION, instruction), (), tuple(history))


def judge(question: str, text: str) -> Prompt:
    """The prompt for one question about a text that is answered by yes or no."""
    shown = f"<text>\n{_TEXT.sub('< ', _plain(text)).strip()}\n</text>"
    asked = f"{shown}\n\nThe question about the text above: {_plain(question)}\nAnswer yes or no."
    return Prompt((Message("system", wording(JUDGE_VERSION)), Message("user", asked)), JUDGE_VERSION)


def first_excerpt(messages: Sequence[Message]) -> str:
    """The text of the first excerpt that `answer` put into a prompt, or an empty one."""
    found = next((_EXCERPT.search(message.content) for message in messages if message.role == "system"), None)
    return found[1] if found else ""


def template(version: str) -> str:
    """A prompt's version without what says that an instruction stood in it."""
    return version.removesuffix(INSTRUCTED)


def _version(template: str, instruction: str) -> str:
    return f"{template}{INSTRUCTED}" if instruction else template


def _messages(system: str, history: Sequence[Turn], instruction: str, question: str) -> tuple[Message, ...]:
    messages = [Message("system", system)]
    for turn in history:
        if turn.question:  # some chat templates take no answer before a question: a client's greeting is left out
            messages += [_message("user", turn.question), _message("assistant", turn.answer)]
    messages += [_message("user", instruction), _message("user", question)]
    return tuple(_alternating(messages))


def _alternating(messages: Sequence[Message]) -> list[Message]:
    """Without empty ones, and neighbours of one role as one: some chat templates take nothing else."""
    result: list[Message] = []
    for message in messages:
        if result and result[-1].role == message.role and message.content:
            result[-1] = Message(message.role, f"{result[-1].content}\n\n{message.content}")
        elif message.content:
            result.append(message)
    return result


def _message(role: Literal["user", "assistant"], text: str) -> Message:
    return Message(role, _plain(text))


def shown(excerpt: Excerpt) -> str:
    """As it stands in a prompt."""
    place = ", ".join(part for part in (excerpt.title, excerpt.locator) if part)
    place = " ".join(_plain(place).replace('"', "'").split())
    return f'<excerpt from="{place}">\n{_FENCE.sub("< ", _plain(excerpt.text)).strip()}\n</excerpt>'


def _plain(text: str) -> str:
    """`text` with a space inside whatever a chat template would obey."""
    return _CONTROL.sub(lambda found: found[0] + " ", text)
