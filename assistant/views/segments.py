"""A segment as HTML: for a page that is rendered, and for the stream that adds to it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import nh3
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from assistant import models
from assistant.conversations import marking
from assistant.showing import places
from assistant.views import passages

# Inline Markdown alone: a segment is a sentence, and a list that spans several is read well enough as lines. A backslash
# begins a network path far more often than it takes a sign's meaning from it, and "&lt;" is what somebody wrote.
MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(["image", "link", "autolink", "escape", "entity"])
TAGS = {"strong", "em", "code", "br"}
_PRIVATE = range(0xE000, 0xF900)  # signs without a meaning, one of which stands for a star while Markdown is read


def html(segment: models.Segment | Mapping[str, Any], answer: uuid.UUID, shared: uuid.UUID | None = None) -> SafeString:
    """Of a row, or of the stream's message with the same names. What a model wrote never becomes live markup. `shared` is
    the conversation, for somebody whom it is shared with.
    """
    row = segment if isinstance(segment, Mapping) else vars(segment)
    text = str(row["text"])
    words = text.strip()
    is_extract = row["support"] == models.Support.EXTRACT
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :] if words else ""
    citations = [one | {"place": places.name(one.get("locator") or {})} for one in row["citations"]]
    context = {
        "answer": answer,
        "shared": shared,
        "ordinal": row["ordinal"],
        "written": "" if is_extract else _drawn(words),
        "blocks": passages.blocks(words) if is_extract else (),
        "before": before,
        "after": after,
        "citations": citations,
        "is_unsupported": row["is_supported"] is False,
        "is_extract": is_extract,
        "is_moved": row["support"] == models.Support.MOVED,
    }
    return mark_safe(render_to_string("conversations/segment.html", context).removesuffix("\n"))  # noqa: S308


def _drawn(words: str) -> SafeString:
    star = next((chr(number) for number in _PRIVATE if chr(number) not in words), "*")
    written = nh3.clean(MARKDOWN.renderInline(marking.STAR.sub(star, words)), tags=TAGS, attributes={})
    return mark_safe(written.replace(star, "*"))  # noqa: S308  cleaned above
