"""Slips of the pen: a word that stands nowhere in what a person may read, and is nearly one that does."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from governance.scope import Scope
from inference import runners
from ingestion import indexes
from ingestion.attribution import names
from ingestion.search import languages, terms, vocabulary

SHORTEST = 5  # letters; below, one letter makes another word
LONG = 8  # letters from which two slips are forgiven
MOST = 4  # words of one question
TRIED = 6  # stems whose words are looked at


@dataclass(frozen=True)
class Slip:
    said: str
    meant: str


def corrected(
    scope: Scope, question: str, collections: Sequence[uuid.UUID], meant_so: Sequence[tuple[int, int]] = ()
) -> tuple[str, list[Slip]]:
    """The question with its slips mended, and which they were. Between the places `meant_so` nothing is one."""
    spelled = {
        run.written: run
        for run in terms.runs(question)
        if run.written not in languages.STOP_WORDS  # the index of a text in its language lacks it, however right it is
        and question[run.start : run.end].isalpha()
        and run.end - run.start >= SHORTEST
        and not any(start <= run.start < end for start, end in meant_so)
    }
    if not spelled or not collections:
        return question, []
    named = names.required(question, [])
    slips: list[tuple[terms.Run, Slip]] = []
    for word in _unknown(scope, list(spelled), collections)[:MOST]:
        run = spelled[word]
        is_named = terms.stem(word) in named
        allowed = 2 if len(word) >= LONG and not is_named else 1
        meant = _meant(scope, word, allowed, collections)
        if meant:
            slips.append((run, Slip(question[run.start : run.end], _cased(meant, question, run, is_named=is_named))))
    for run, slip in sorted(slips, key=lambda one: -one[0].start):
        question = question[: run.start] + slip.meant + question[run.end :]
    return question, [slip for _, slip in slips]


def _unknown(scope: Scope, words: Sequence[str], collections: Sequence[uuid.UUID]) -> list[str]:
    """Those that stand nowhere, and that the embedder has no word of its own for: "police" is spelled right, also where the
    documents speak of "policy" alone.
    """
    there = vocabulary.known(scope, words, collections)
    if not (left := [word for word in words if word not in there]):
        return []
    spelled_right = runners.embedder(indexes.live(scope)).words(left)
    return [word for word in left if word not in spelled_right]


def _meant(scope: Scope, word: str, allowed: int, collections: Sequence[uuid.UUID]) -> str:
    """The word that was meant, as it is written in what this person may read; empty where none is near enough."""
    found = vocabulary.near(scope, word, allowed, collections)
    stems = sorted((_to_stem(languages.plain(word), stem, allowed), -often, stem) for stem, often in found.items())
    written: dict[str, int] = {}
    for distance, often, stem in stems[:TRIED]:
        if distance <= allowed:
            for form, times in vocabulary.written(scope, stem, collections).items():
                written[form] = max(written.get(form, 0), times - often)
    forms = {form.lower(): form for form in sorted(written, key=lambda one: written[one])}
    meant = likeliest(word, {form.lower(): often for form, often in written.items()}, allowed)
    return forms.get(meant, "")


def _to_stem(word: str, stem: str, allowed: int) -> int:
    """How far the word's beginning is from a stem, whose own word may go on: "polici" in "policy" and "policies"."""
    spelled = [stem, f"{stem[:-1]}y"] if stem.endswith("i") else [stem]
    lengths = range(max(len(stem) - allowed, 1), min(len(stem) + allowed, len(word)) + 1)
    found = (slips(word[:length], one, allowed) for one in spelled for length in lengths)
    return min(found, default=allowed + 1)


def likeliest(word: str, known: Mapping[str, int], allowed: int) -> str:
    """The nearest of the known words, the commonest of several; empty where none is near enough.

    One that goes on for two letters where the other ends is another word and no slip: "contract" and "contractor".
    """
    measured = [
        (distance, -often, other)
        for other, often in known.items()
        if other.isalpha() and (distance := slips(word, other, allowed)) <= allowed
        if distance < 2 or not (other.startswith(word) or word.startswith(other))
    ]
    return min(measured)[2] if measured else ""


def slips(one: str, other: str, most: int) -> int:
    """Letters put in, left out, changed or swapped with their neighbour; more than `most` is only said to be more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before_last, last = [0] * (len(other) + 1), list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row, *([0] * len(other))]
        for column, against in enumerate(other, 1):
            changed = last[column - 1] + (letter != against)
            current[column] = min(last[column] + 1, current[column - 1] + 1, changed)
            is_swapped = row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against
            if is_swapped:
                current[column] = min(current[column], before_last[column - 2] + 1)
        before_last, last = last, current
    return last[-1]


def _cased(written: str, question: str, run: terms.Run, *, is_named: bool) -> str:
    """As the question writes it: a word in the middle of a sentence is no heading."""
    return written if question[run.start].isupper() or is_named else written.lower()
