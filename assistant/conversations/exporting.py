"""A conversation to take away, as Markdown or as a PDF made on this machine: each answer with its sources, where they stand,
and the address at which they open. Whoever follows it needs the right to read them. It is recorded.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistant import conversations, models
from assistant.conversations import marking, quoting
from assistant.conversations.marking import Piece
from assistant.conversations.quoting import Source
from assistant.showing import places, wording
from governance import access, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from governance.scope import Scope

FORMS = {"markdown": ("md", "text/markdown; charset=utf-8"), "pdf": ("pdf", "application/pdf")}
_NO_NAME = re.compile(r"[^\w.-]+")
Address = Callable[[Source], str]


@dataclass(frozen=True)
class Exported:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Turn:
    """`links` are where its sources open, by their numbers. `end` says how it ended, and what else its reader is told."""

    question: str
    pieces: tuple[Piece, ...]
    sources: tuple[Source, ...]
    links: dict[int, str]
    end: str
    asked_at: datetime
    number: uuid.UUID
    label: str  # what the answer carries, as it was called then


@dataclass(frozen=True)
class Paper:
    """What is written down, whatever its form."""

    title: str
    organisation: str
    made_at: datetime
    turns: tuple[Turn, ...]

    @property
    def subtitle(self) -> str:
        return f"{self.organisation} · {date_format(timezone.localtime(self.made_at), 'DATETIME_FORMAT')}"

    @property
    def has_doubts(self) -> bool:
        return any(piece.is_doubted for turn in self.turns for piece in turn.pieces)


def export(scope: Scope, conversation: uuid.UUID, form: str, address: Address) -> Exported:
    """The line that is shown. Raises NotFound, Forbidden, InvalidInput."""
    if form not in FORMS:
        raise InvalidInput("A conversation is exported as markdown or as pdf.", param="as")
    access.require(scope, Action.ASK)
    found = conversations.get(scope, conversation)
    with scope.transaction():
        rows = models.Answer.objects.filter(conversation=conversation, person=scope.person, superseded_at=None)
        answers = list(rows.order_by("created_at").prefetch_related(models.ordered_segments()))
        organisation = tenants.current(scope).name
    paper = Paper(found.title, organisation, timezone.now(), tuple(_turn(row, address) for row in answers))
    content = markdown(paper).encode() if form == "markdown" else _pdf(paper)
    facts = {"form": form, "answers": len(answers), "bytes": len(content)}
    events.record(scope, Event.CONVERSATION_EXPORTED, resource=("conversation", conversation), facts=facts)
    ending, media_type = FORMS[form]
    name = _NO_NAME.sub("-", found.title).strip("-.")[:60] or "conversation"
    return Exported(f"{name}.{ending}", media_type, content)


def markdown(paper: Paper) -> str:
    parts = [marking.inert(f"# {_line(paper.title)}"), paper.subtitle]
    for turn in paper.turns:
        parts.append("\n".join(f"> {line}".rstrip() for line in turn.question.strip().splitlines()))
        parts.append(written(turn) or f"*{turn.end}*")
        if turn.pieces and turn.end:
            parts.append(f"*{turn.end}*")
        parts.append(f"**{labelled(turn)}**" if turn.label else "")
        sources = [
            f"{one.marker}. [{quoting.escaped(quoting.named(one))}]({turn.links[one.marker]})" for one in turn.sources
        ]
        parts.append("\n".join(sources))
        parts.append(f"<sub>{_('Number on the record')}: {turn.number}</sub>")
        parts.append("---")
    parts.append(doubt() if paper.has_doubts else "")
    return "\n\n".join(part for part in parts if part) + "\n"


def written(turn: Turn) -> str:
    return marking.inert(marking.signed(turn.pieces))


def labelled(turn: Turn) -> str:
    return _("Label: %(name)s") % {"name": _line(turn.label)}


def doubt() -> str:
    return _("%(sign)s No passage supports this sentence.") % {"sign": quoting.DOUBT}


def remarks(row: models.Answer, said: Sequence[Any]) -> list[str]:
    """What the portal says beside an answer: how it ended, and what may make it less than it looks."""
    alone = _("Written by the model alone: no document stands behind it.") if row.is_model_only and said else ""
    return [one for one in (alone, _ended(row, said)) if one]


def _ended(row: models.Answer, said: Sequence[Any]) -> str:
    if not row.is_final:
        return _("Still being written.")
    is_whole = row.status == models.Status.ANSWERED and said
    return wording.translated(row.notice) or ("" if is_whole else _("No answer."))


def _turn(row: models.Answer, address: Address) -> Turn:
    said = list(row.segments.all())
    cited = quoting.sources(said, places.name)
    return Turn(
        row.question,
        tuple(map(quoting.piece, said)),
        tuple(cited),
        {one.marker: address(one) for one in cited},
        " ".join(remarks(row, said)),
        row.created_at,
        row.pk,
        row.label.get("name", ""),
    )


def _pdf(paper: Paper) -> bytes:
    from assistant.conversations import pdf  # what draws is heavy, and few ask for it

    return pdf.drawn(paper)


def _line(text: str) -> str:
    return " ".join(text.split())
