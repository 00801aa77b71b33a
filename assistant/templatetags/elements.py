"""The portal's vocabulary as template tags; each element's HTML stands in templates/elements/."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.template.defaultfilters import date
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from assistant import models
from assistant.conversations import quoting
from assistant.conversations.shared import Said
from assistant.showing import devices, places, wording
from assistant.views import passages, segments, tables, undoing
from governance import access
from governance.actions import Action
from governance.pages import Page
from governance.scope import Scope
from inference import runners
from ingestion import formats
from ingestion.models import Document

register = template.Library()
register.filter("translated", wording.translated)
register.filter("device", devices.named)
register.filter("grouped", wording.grouped)

TONES = {
    "ready": "good",
    "answered": "good",
    "queued": "live",
    "processing": "live",
    "running": "live",
    "refused": "warn",
    "blocked": "bad",
    "quarantined": "bad",
    "failed": "bad",
    "rejected": "bad",
    "cancelled": "",
    "interrupted": "warn",
}


@register.simple_block_tag
def panel(content: str, title: str = "", *, flush: bool = False) -> SafeString:
    """A framed part of a page; `flush` lets a table or a list reach the frame."""
    return _framed("panel", content, title=title, flush=flush)


@register.simple_block_tag
def table(content: str, caption: str, columns: str) -> SafeString:
    """A table whose rows are the content. `columns` are headings parted by `|`; an empty one heads the actions."""
    return grid(content, caption, [tables.Head(label) for label in columns.split("|")])


@register.simple_block_tag
def notice(content: str, tone: str = "") -> SafeString:
    """`tone` is good, warn, bad or nothing."""
    return _framed("notice", content, tone=tone)


@register.simple_block_tag
def grid(content: str, caption: str, heads: list[tables.Head]) -> SafeString:
    """A table that the server sorts: its headings are links."""
    return _framed("table", content, caption=caption, heads=heads)


@register.inclusion_tag("elements/days.html")
def days(caption: str, columns: str, rows: Sequence[Sequence[object]]) -> dict[str, object]:
    """What plots show, as numbers. `columns` are headings parted by `|`."""
    return {"caption": caption, "heads": columns.split("|"), "rows": rows}


@register.inclusion_tag("elements/pager.html", takes_context=True)
def pager(context: template.Context, page: Page[Any], name: str = "page") -> dict[str, object]:
    """Where one is in a long list, and the ways on; nothing where it is short. `name` is the address's parameter."""
    request = context["request"]
    before = tables.with_(request, **{name: page.before}) if page.before else ""
    after = tables.with_(request, **{name: page.after}) if page.after else ""
    return {"page": page, "before": before, "after": after}


@register.simple_tag(takes_context=True)
def undo(context: template.Context) -> undoing.Undo | None:
    """What may be taken back, once."""
    request = context.get("request")
    return undoing.take(request) if request is not None else None


@register.simple_tag
@functools.cache
def icon(name: str) -> SafeString:
    """A small picture beside words, or in the place of words that a label says. A page shows hundreds."""
    return mark_safe(render_to_string("elements/icon.html", {"icon": name}))  # noqa: S308


@register.filter
def tone(status: str) -> str:
    """The colour a status speaks in."""
    return TONES.get(str(status), "")


@register.filter
def moment(text: str) -> datetime:
    """From the text that JSON made of a time."""
    return datetime.fromisoformat(text)


@register.filter(expects_localtime=True)
def as_day(at: datetime | None) -> SafeString:
    """A time as people read it, to the day, and as machines do."""
    return _as(at, "DATE_FORMAT")


@register.filter(expects_localtime=True)
def as_minute(at: datetime | None) -> SafeString:
    return _as(at, "DATETIME_FORMAT")


@register.filter(expects_localtime=True)
def as_second(at: datetime | None) -> SafeString:
    return format_html('<time datetime="{}">{} UTC</time>', date(at, "c"), to_second(at))


@register.filter(expects_localtime=True)
def to_second(at: datetime | None) -> str:
    """A time to the second, where no element of its own can stand."""
    return f"{date(at, 'DATE_FORMAT')}, {date(at, 'H:i:s')}" if at else ""


def _as(at: datetime | None, shape: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', date(at, "c"), date(at, shape))


@register.filter
def stage_name(stage: str) -> str:
    """A stage of an ingest, or how it ended."""
    names = {
        "received": _("Received"),
        "hashed": _("Hashed"),
        "queued": _("Queued"),
        "parse": _("Reading"),
        "recognise": _("Recognising text"),
        "chunk": _("Cutting into passages"),
        "policy": _("Asking the policy"),
        "released": _("Released"),
        "orders": _("Looking for orders"),
        "flags": _("Beside its words"),
        "scan": _("Scanning for malware"),
        "parts": _("Documents within it"),
        "part": _("A document within it"),
        "embed": _("Embedding"),
        "index": _("Indexing"),
        "processing": _("Processing"),
        "ready": _("Ready"),
        "failed": _("Failed"),
        "rejected": _("Rejected"),
        "quarantined": _("Quarantined"),
        "waiting": _("Waiting"),
    }
    return names.get(stage, stage)


@register.simple_tag
def origin(document: Document) -> SafeString:
    """Which document it came in, where it came in one. A page shows hundreds of documents, and few came so."""
    if document.parent is None:
        return SafeString()
    return mark_safe(render_to_string("library/origin.html", {"document": document, "mails": formats.MAILS}))  # noqa: S308


@register.filter
def locator(place: dict[str, Any]) -> str:
    """Where in its document a passage stands, in words."""
    return places.name(place)


@register.filter
def segment_html(segment: Any) -> SafeString:
    return segments.html(segment, segment.answer_id)


@register.simple_tag
def shared_segment(said: Said, answer: uuid.UUID, conversation: uuid.UUID) -> SafeString:
    """A sentence of a conversation that somebody else shares."""
    return segments.html(vars(said), answer, conversation)


@register.filter
def sources(answer: models.Answer) -> list[quoting.Source]:
    return quoting.sources(list(answer.segments.all()), places.name)


@register.filter
def may_be_asked(model: str) -> bool:
    """Whether it is a further model that answers here; an operator may have taken it away since."""
    return model in runners.further_chats()


@register.filter
def blocks(text: str, quote: str = "") -> list[passages.Block]:
    """A passage's text in paragraphs and tables, what was quoted marked."""
    return passages.blocks(text, quote)


@register.simple_tag(takes_context=True)
def may(context: template.Context, action: str) -> bool:
    """May the caller do this, as far as roles decide it? For what to show; the services decide again."""
    caller: Scope | None = context.get("caller")
    return caller is not None and access.decide(caller, Action(action)).allowed


def _framed(element: str, content: str, **context: object) -> SafeString:
    # A block's content was escaped when it was rendered.
    framed = render_to_string(f"elements/{element}.html", {"content": mark_safe(content), **context})  # noqa: S308
    return mark_safe(framed)  # noqa: S308
