"""A segment as HTML: for a page that is rendered, and for the stream that adds to it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import nh3
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt

from assistant import models

# Inline Markdown alone: a segment is a sentence, and a list that spans several is read well enough as lines.
MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(["image", "link", "autolink"])
TAGS = {"strong", "em", "code", "br"}


def html(segment: models.Segment | Mapping[str, Any], answer: uuid.UUID) -> SafeString:
    """Of a row, or of the stream's message with the same names. What a model wrote never becomes live markup."""
    row = segment if isinstance(segment, Mapping) else vars(segment)
    text = str(row["text"])
    words = text.strip()
    written = nh3.clean(MARKDOWN.renderInline(words), tags=TAGS, attributes={})
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :] if words else ""
    citations = [one | {"place": place_name(one.get("locator") or {})} for one in row["citations"]]
    context = {
        "answer": answer,
        "ordinal": row["ordinal"],
        "written": mark_safe(written),  # noqa: S308  cleaned above
        "before": before,
        "after": after,
        "citations": citations,
        "is_unsupported": row["is_supported"] is False,
    }
    return mark_safe(render_to_string("conversations/segment.html", context).removesuffix("\n"))  # noqa: S308


def place_name(locator: Mapping[str, Any]) -> str:
    """Where in its document a passage stands, in words: a page, or the heading above it."""
    page = _("page %(page)s") % {"page": locator["page"]} if locator.get("page") else ""
    return " · ".join(one for one in (page, str(locator.get("heading") or "")) if one)
