"""The prompt of one question: what of the passages is sent, the turns before, and all of it under the model's window."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from django.conf import settings

from assistant import models
from assistant.answering import quotations, trimming
from assistant.answering.quotations import Quote
from assistant.answering.retrieval import LookedUp, Sections
from assistant.answering.trimming import Trimmed
from assistant.conversations.brought import Brought
from inference import prompts, registry, runners
from inference.prompts import Build
from inference.runners.base import RunnerState
from ingestion.models import Classification
from ingestion.search import Passage

WINDOW = 4096  # where a server does not tell its own
ONE_TEXT = frozenset({"openai", "mcp"})  # clients
MARGIN = 64  # tokens a server's own template may add


@dataclass(frozen=True)
class Built:
    """`shown` are the passages that the model reads of, each by itself, so that a sentence is cited by the one that carries
    it; the first of them stand in the order of the excerpts. `trimmed` says which parts of those are in the prompt,
    `offered` what of the passages would have been, had there been room for all of it.
    """

    prompt: prompts.Prompt
    shown: list[Passage]
    trimmed: list[Trimmed]
    offered: list[Trimmed]
    question: str
    turns_dropped: int
    around: Sections = field(default_factory=dict)  # what was sent whole with a passage

    @property
    def sent(self) -> list[dict[str, object]]:
        """For the capsule: which places of which passage."""
        return [
            {"chunk": str(one.passage.chunk_id), "places": [list(place) for place in one.places]} | self._beside(one)
            for one in self.trimmed
        ]

    def _beside(self, one: Trimmed) -> dict[str, object]:
        around = self.around.get(one.passage.chunk_id, ())
        return {"around": [str(part.chunk_id) for part in around]} if around else {}

    def why(self, one: Passage) -> str:
        """Why so much of it was sent, or so little: no_room where others said more of it, window where that was full."""
        if one.chunk_id in self.around:
            return "widened"
        for sent in self.trimmed:
            if sent.passage.chunk_id == one.chunk_id:
                return "whole" if sent.is_whole else "trimmed"
        return "window" if one.chunk_id in {offered.passage.chunk_id for offered in self.offered} else "no_room"


def build(
    row: models.Answer, passages: Sequence[Passage], state: RunnerState, found: LookedUp, turns: Sequence[prompts.Turn]
) -> Built:
    """Sections are given where all of them fit: none is worth a passage that was found."""
    brought = Brought.kept(row.brought)
    template = _template(row.is_model_only, brought.instruction)
    budget = (state.context_window or WINDOW) - longest(row, state) - MARGIN
    trimmed = trimming.trim(found.question or row.question, passages, _near(found), settings.SENT_CHARACTERS)
    sections, count_tokens = found.sections, runners.chat(row.model).count_tokens

    def fitted(given: Sections) -> prompts.Prompt:
        excerpts = [excerpt(number, one.passage, _text(one, given)) for number, one in enumerate(trimmed, 1)]
        return prompts.fit(template, row.question, excerpts, turns, count_tokens, budget)

    prompt = fitted(sections)
    if sections and len(prompt.excerpts) < len(trimmed):
        prompt, sections = fitted({}), {}
    sent = [trimmed[excerpt.marker - 1] for excerpt in prompt.excerpts]
    hits = [one.passage for one in sent]
    near = [other for one in hits for other in sections.get(one.chunk_id, ()) if other is not one]
    dropped = len(turns) - len(prompt.history)
    around = {one.chunk_id: sections[one.chunk_id] for one in hits if one.chunk_id in sections}
    return Built(prompt, hits + near, sent, trimmed, row.question, dropped, around)


def excerpt(number: int, one: Passage, text: str) -> prompts.Excerpt:
    """`text` is what of the passage is sent."""
    return prompts.Excerpt(number, one.document_name, " › ".join(one.heading_path), text)


def longest(row: models.Answer, state: RunnerState) -> int:
    """A client may ask for more than there is room for: the prompt keeps half of the window."""
    return min(row.max_tokens, (state.context_window or WINDOW) // 2)


def instead(built: Built, found: LookedUp) -> list[Quote]:
    """For where the model's own sentences do not hold: of what it was shown, which is what may be cited."""
    return quotations.instead(found.question, [one.passage for one in built.trimmed], _near(found))


def left_out(found: LookedUp, passage: Passage, said: str) -> list[Quote]:
    return quotations.left_out(found.question, passage, said, _near(found))


def adds(row: models.Answer, state: RunnerState) -> bool:
    """Whether what its answer leaves out is quoted under it: where the model is known to leave out much, if no setting says
    otherwise. Not where the answer is one text, which a program reads or in which a quote cannot be told from it, nor where an
    instruction may ask for a form.
    """
    wanted = settings.QUOTES
    is_wanted = wanted == "always" or (wanted == "auto" and registry.leaves_out(state.sha256))
    return is_wanted and row.client not in ONE_TEXT and not Brought.kept(row.brought).instruction


def _near(found: LookedUp) -> trimming.Near | None:
    return near(found.receipt.get("index", ""), found.passages)


def near(index: str, passages: Sequence[Passage]) -> trimming.Near | None:
    """By the embedder that found the passages; not by one outside, where one of them stays in the house by now."""
    if not passages:
        return None
    stays = any(one.classification == Classification.RESTRICTED for one in passages)
    return None if stays and not runners.embedder(index).is_in_house else functools.partial(nearness, index)


def nearness(index: str, question: str, texts: Sequence[str]) -> trimming.Row:
    """How near each text is to the question, as a passage's score counts it: in spreads of the embedder."""
    embedder = runners.embedder(index)
    query = embedder.embed([question], "query")[0]
    cosines: trimming.Row = (embedder.embed(texts, "passage") @ query).astype(np.float64)
    return cosines / embedder.spread


def _text(one: Trimmed, given: Sections) -> str:
    """What stands around a passage is sent whole, as its collection asks for."""
    section = given.get(one.passage.chunk_id)
    return "\n\n".join(part.text for part in section) if section else one.text


def _template(is_model_only: bool, instruction: str) -> Build:
    if is_model_only:
        return lambda question, _, history: prompts.model_only(question, history, instruction=instruction)
    return functools.partial(prompts.answer, instruction=instruction)
