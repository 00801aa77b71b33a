"""What was made of a question, in the words of the portal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from ingestion.understanding import Part

register = template.Library()


@register.filter
def parts(understood: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each part that did something: its `name`, its `label`, and what it did, `told` in a line."""
    told: dict[str, list[str]] = {}
    for note in understood.get("notes", ()):
        told.setdefault(note["part"], []).append(_told(note))
    return [{"name": name, "label": part_label(name), "told": "; ".join(lines)} for name, lines in told.items()]


@register.filter
def part_label(name: str) -> str:
    labels = {
        Part.FOLLOW_UP: _("Follow-up"),
        Part.SPELLING: _("Spelling"),
        Part.GLOSSARY: _("Glossary"),
        Part.FACETS: _("Several questions"),
        Part.FILTERS: _("Filter"),
        Part.NAMES: _("Not meant"),
        Part.QUOTES: _("Word for word"),
    }
    return labels.get(Part(name), name) if name in set(Part) else name


def _told(note: Mapping[str, str]) -> str:
    said, meant = note["said"], note["meant"]
    if note["part"] == Part.FOLLOW_UP:
        return _("taken together with what was asked before")
    if note["part"] == Part.SPELLING:
        return _("“%(said)s” read as “%(meant)s”") % {"said": said, "meant": meant}
    if note["part"] == Part.GLOSSARY:
        return _("“%(said)s”: also %(meant)s") % {"said": said, "meant": meant}
    if note["part"] == Part.FILTERS and not meant:
        return _("“%(said)s”: nothing near enough there, so everything was searched") % {"said": said}
    if note["part"] == Part.FILTERS:
        return _("“%(said)s”: only %(meant)s") % {"said": said, "meant": meant}
    if note["part"] == Part.QUOTES and not meant:
        return _("“%(said)s”: said so by nothing that was found") % {"said": said}
    if note["part"] == Part.QUOTES:
        return _("“%(said)s”: what says it so comes first") % {"said": said}
    return f"“{meant}”"
