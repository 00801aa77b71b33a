"""The portal's vocabulary as template tags; each element's HTML stands in templates/elements/."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from assistant.views import segments
from governance import access
from governance.actions import Action
from governance.roles import Level
from governance.scope import Scope

register = template.Library()

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
    return _framed("table", content, caption=caption, columns=columns.split("|"))


@register.simple_block_tag
def notice(content: str, tone: str = "") -> SafeString:
    """`tone` is good, warn, bad or nothing."""
    return _framed("notice", content, tone=tone)


@register.filter
def tone(status: str) -> str:
    """The colour a status speaks in."""
    return TONES.get(str(status), "")


@register.filter
def level_name(level: int) -> str:
    names = {Level.READ: _("Read"), Level.CONTRIBUTE: _("Read and add"), Level.MANAGE: _("Manage")}
    return names[Level(level)]


@register.filter
def locator(place: dict[str, Any]) -> str:
    """Where in its document a passage stands, in words: a page, or the headings above it."""
    return segments.place_name(place)


@register.filter
def segment_html(segment: Any) -> SafeString:
    return segments.html(segment)


@register.simple_tag(takes_context=True)
def may(context: template.Context, action: str) -> bool:
    """May the caller do this, as far as roles decide it? For what to show; the services decide again."""
    caller: Scope | None = context.get("caller")
    return caller is not None and access.decide(caller, Action(action)).allowed


def _framed(element: str, content: str, **context: object) -> SafeString:
    # A block's content was escaped when it was rendered.
    framed = render_to_string(f"elements/{element}.html", {"content": mark_safe(content), **context})  # noqa: S308
    return mark_safe(framed)  # noqa: S308
