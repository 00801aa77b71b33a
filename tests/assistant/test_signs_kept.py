"""Stars, backslashes and entities that somebody wrote stand on the page and in a copy; what is Markdown is drawn as such."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import pytest
from markdown_it import MarkdownIt

from assistant.conversations import marking
from assistant.models import Support
from assistant.views import segments
from tests.assistant import portal
from tests.assistant.test_threads import turn
from tests.cast import House

READER = MarkdownIt("commonmark").enable("table")
KEPT = [
    "Mitarbeiter*innen und Kund*innen",
    "80*120*160 cm",
    "2**10 und 2**12",
    "(a+b)*c + d*(e+f)",
    r"\\fileserver\vorlagen und \\fileserver\_alt",
    r"C:\*.log und D:\*.bak",
    "Preis in &euro; und R&amp;D",
    "\ue000 und \ue001, Kolleg*in, eine*r",
    "<b>kein HTML</b> & [kein](https://evil.example) <https://evil.example>",
]


def drawn(text: str, support: str = Support.SUPPORTED, inside: str = r'<span class="segment[^>]*>(.*?)</span>') -> str:
    row: dict[str, Any] = {"text": text, "ordinal": 0, "citations": [], "is_supported": True, "support": support}
    found = re.search(inside, segments.html(row, uuid.uuid4()), re.DOTALL)
    assert found
    return found.group(1)


def shown(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


@pytest.mark.parametrize("text", KEPT)
def test_a_page_shows_every_sign_of_what_was_written(text: str) -> None:
    assert shown(drawn(text)) == text
    assert "<em>" not in drawn(text)


@pytest.mark.parametrize("text", KEPT)
def test_markdown_that_is_drawn_shows_every_sign_of_what_was_written(text: str) -> None:
    html = READER.render(marking.inert(text))
    assert shown(html).strip() == text
    assert "<a " not in html


def test_what_is_markdown_is_drawn() -> None:
    assert drawn("**Alle Mitarbeiter*innen** haben *Urlaub*, mit `a*b`.") == (
        "<strong>Alle Mitarbeiter*innen</strong> haben <em>Urlaub</em>, mit <code>a*b</code>."
    )


def test_a_text_of_every_sign_that_could_stand_for_a_star_is_drawn() -> None:
    text = "".join(map(chr, range(0xE000, 0xF900)))
    assert shown(drawn(f"{text} a * b")) == f"{text} a * b"


@pytest.mark.parametrize("text", [*KEPT, "**Frist** von `x`, *ab* 1.\n\n  2 \\* 3 &lt; 7"])
def test_the_documents_own_words_are_shown_as_they_are(text: str) -> None:
    html = drawn(text, Support.EXTRACT, r'<blockquote class="segment extract".*<div class="prose">(.*?)</div>')
    assert unescape(html) == text
    assert "<" not in html


def test_a_table_in_the_documents_own_words_is_a_table() -> None:
    text = "\n\nRates:\n\n| Level | Rate |\n| --- | --- |\n| L5 | <b>72</b> |\n\n"
    html = drawn(text, Support.EXTRACT, r'(<blockquote class="segment extract".*</blockquote>)')
    assert re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", html) == ["Level", "Rate", "L5", "&lt;b&gt;72&lt;/b&gt;"]
    assert "|" not in html
    assert "Rates:" in html


def test_a_conversation_and_a_copy_of_an_answer_keep_its_stars(house: House) -> None:
    row = turn(house.bob, "Wer?", "Alle Mitarbeiter*innen und Kund*innen, siehe \\\\server\\ablage.")
    page = portal.signed_in(house, "bob").get(f"/c/{row.conversation_id}").content.decode()
    assert "Alle Mitarbeiter*innen und Kund*innen, siehe \\\\server\\ablage." in page
    copied = portal.signed_in(house, "bob").get(f"/a/{row.pk}/text?as=markdown").text
    assert "Mitarbeiter\\*innen und Kund\\*innen" in copied
