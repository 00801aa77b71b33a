"""What was said before on a question's line, as far as it may be said to the model again.

The last turns are given whole. Those before them are brought down to a line each, by rule: what was asked, and the sentence
of its answer that stands on a passage. So a long conversation costs no more to read than a short one, and nothing is kept
that could outlive a right: the lines are made anew for each question, of what this person may read now.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from assistant import models
from assistant.conversations import branches
from assistant.conversations.brought import Brought
from assistant.models import Status, Support
from assistant.showing import notices
from governance.policy import residence
from governance.scope import Scope
from inference import prompts
from ingestion import documents
from ingestion.documents import labelled
from ingestion.documents.labelled import Mark
from ingestion.models import Classification
from ingestion.search import terms

WHOLE = 4  # turns
BROUGHT = 16  # of the turns that a client brought; the window decides how many of them stay
LINES = 6  # of those before, the ones that have most to do with the question
LOOKED_AT = 60  # turns back; what is older is not told again
ASKED, ANSWERED = 90, 140  # characters of a line's two halves
OPENING = "What have we spoken about before that?"


@dataclass(frozen=True)
class History:
    """`turns` are oldest first, the first one being the summary where there is one."""

    turns: tuple[prompts.Turn, ...] = ()
    whole: int = 0
    summarised: int = 0
    left_out: int = 0  # of what was answered on this line: too old, or no longer to be read
    summary: str = ""
    label: Mark | None = None  # the highest that any of them carries

    @property
    def last(self) -> Sequence[prompts.Turn]:
        """Those that are whole: what a question may lean on."""
        return self.turns[len(self.turns) - self.whole :]

    def as_facts(self) -> dict[str, int]:
        return {"whole": self.whole, "summarised": self.summarised, "left_out": self.left_out}


def of(scope: Scope, row: models.Answer) -> History:
    """What a model is told: the turns that a client brought, or else those of the question's line."""
    if brought := Brought.kept(row.brought).turns[-BROUGHT:]:
        return History(brought, len(brought))
    if row.after_id is None:  # a line begins with it
        return History()
    with scope.transaction():
        line = branches.line_to(row)[-LOOKED_AT:]
        rows = models.Answer.objects.filter(pk__in=line, status=Status.ANSWERED).order_by("created_at")
        said = list(rows.prefetch_related(models.ordered_segments()))
        kept = _readable(scope, said, row.model)
    before, whole = kept[:-WHOLE], kept[-WHOLE:]
    chosen = _nearest(row.question, before)
    summary = "\n".join(f"- {_line(one)}" for one in chosen)
    turns = [prompts.Turn(OPENING, summary)] if summary else []
    turns += [prompts.Turn(one.question, _said(one)) for one in whole]
    left_out = len(said) - len(whole) - len(chosen)
    label = labelled.highest(mark_of(one) for one in (*chosen, *whole))
    return History(tuple(turns), len(whole), len(chosen), left_out, summary, label)


def mark_of(row: models.Answer) -> Mark | None:
    """The label that an answer carries."""
    return Mark(row.label["rank"], row.label["name"]) if row.label else None


def _readable(scope: Scope, said: Sequence[models.Answer], model: str) -> list[models.Answer]:
    """What was said from a document that the person may no longer read is not said to the model again, nor what was said
    after it without a passage of its own: it may be the same in other words.
    """
    may = documents.readable(scope, {one for row in said for one in _documents(row)})
    if not residence.may_go(Classification.RESTRICTED, model):
        may -= documents.restricted(scope, may)  # nor to a model that stands outside
    kept, is_tainted = [], False
    for row in said:
        if not _documents(row) <= may:
            is_tainted = True
        elif not (is_tainted and row.is_model_only):
            kept.append(row)
    return kept


def _documents(row: models.Answer) -> set[uuid.UUID]:
    return {uuid.UUID(one["document"]) for one in row.passages}


def _nearest(question: str, before: Sequence[models.Answer]) -> list[models.Answer]:
    """The turns that share most words with the question, the newer where they share as many; in their order."""
    wanted = set(terms.terms(question))
    shared = [len(wanted & set(terms.terms(f"{one.question} {_said(one)}"))) for one in before]
    best = sorted(range(len(before)), key=lambda at: (-shared[at], -at))[:LINES]
    return [before[at] for at in sorted(best)]


def _line(row: models.Answer) -> str:
    segments = list(row.segments.all())
    supported = next((one.text for one in segments if one.citations), segments[0].text if segments else "")
    return f"{_cut(row.question, ASKED)} → {_cut(supported, ANSWERED)}"


def _cut(text: str, most: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else words[:most].rsplit(" ", 1)[0] + "…"


def _said(row: models.Answer) -> str:
    """Without what was quoted under an answer that holds: that need not be read again."""
    is_instead = row.notice in notices.INSTEAD
    return "".join(one.text for one in row.segments.all() if is_instead or one.support != Support.EXTRACT)
