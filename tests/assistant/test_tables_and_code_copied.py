"""Tables stay tables and code stays code in what is taken away, and each number is still there."""

from __future__ import annotations

import io
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pypdfium2
import pytest
from django.utils import translation
from markdown_it import MarkdownIt

from assistant import models
from assistant.conversations import exporting, marking, quoting
from assistant.conversations.marking import Piece
from governance.policy.segments import split
from tests.assistant import portal
from tests.assistant.test_threads import turn
from tests.cast import House

READER = MarkdownIt("commonmark").enable("table")
TABLE = "Rates:\n\n| Trip | Amount |\n| --- | --- |\n| Train | 58 € |\n| Hotel | 120 € |\n\nFrom May on."
CODE = 'Call it:\n\n```java\nList<String> a = of("`x`");\n    a.get(0);\n```\n\nIt is `Map<String, Set>` then.'


def pieces(text: str, *, markers: Sequence[int] = (1,), is_doubted: bool = False) -> list[Piece]:
    return [Piece(text[start:end], tuple(markers), is_doubted) for start, end in split(text)]


def copied(text: str, *, markers: Sequence[int] = (1,), is_doubted: bool = False) -> str:
    return marking.inert(marking.signed(pieces(text, markers=markers, is_doubted=is_doubted)))


def test_numbers_stand_in_the_last_cell_of_a_row_and_never_in_the_header() -> None:
    assert copied(TABLE) == (
        "Rates: [1]\n\n| Trip | Amount |\n| --- | --- |\n| Train | 58 € [1] |\n| Hotel | 120 € [1] |\n\nFrom May on. [1]"
    )
    html = READER.render(copied(TABLE))
    assert html.count("<tr>") == 3
    assert "<td>120 € [1]</td>" in html


def test_what_a_header_alone_is_cited_for_goes_to_the_first_row_or_below() -> None:
    header = Piece("| Trip | Amount |\n", (2,), is_doubted=True)
    rest = Piece("| --- | --- |\n", (), is_doubted=False)
    row = Piece("| Train | |\n", (1,), is_doubted=False)
    assert marking.signed([header, rest, row]) == "| Trip | Amount |\n| --- | --- |\n| Train | [2] [1] † |"
    assert marking.signed([header, rest]) == "| Trip | Amount |\n| --- | --- |\n\n[2] †"


def test_a_table_that_a_passage_gave_whole_is_cited_in_its_last_row() -> None:
    whole = Piece("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n", (1,), is_doubted=False)
    assert marking.signed([whole]).endswith("| 1 | 2 |\n| 3 | 4 [1] |")


def test_code_is_left_as_it_is_and_its_numbers_stand_behind_it() -> None:
    assert copied(CODE, is_doubted=True) == (
        'Call it: [1] †\n\n```java\nList<String> a = of("`x`");\n    a.get(0);\n```\n\n[1] †\n\n'
        "It is `Map<String, Set>` then. [1] †"
    )
    (token,) = (one for one in READER.parse(copied(CODE)) if one.type == "fence")
    assert token.content == 'List<String> a = of("`x`");\n    a.get(0);\n'


def test_code_in_a_list_keeps_its_numbers_in_the_list() -> None:
    said = copied("1. Do:\n   ```\n   x < y\n   ```\n2. Done.")
    assert said == "1. Do: [1]\n   ```\n   x < y\n   ```\n\n   [1]\n\n2. Done. [1]"
    assert READER.render(said).count("<li>") == 2


def test_a_number_does_not_stand_within_code_that_a_sentence_ends_in() -> None:
    one, two = Piece("Run `echo a. ", (1,), is_doubted=False), Piece("Then b` twice.", (2,), is_doubted=False)
    assert marking.signed([one, two]) == "Run `echo a. Then b` [1] twice. [2]"


def test_code_that_was_cut_off_is_closed_so_that_what_is_below_is_none() -> None:
    said = copied("Do:\n\n~~~~sh\nrm <x>\n", markers=())
    assert said == "Do:\n\n~~~~sh\nrm <x>\n~~~~"
    html = READER.render(f"{said}\n\n```\n<b>\n```\n\n*Stopped.*")
    assert html.count("<pre>") == 2
    assert "<em>Stopped.</em>" in html
    assert copied("- Do:\n  ```\n  rm <x>", markers=(3,)) == "- Do: [3]\n  ```\n  rm <x>\n  ```\n\n  [3]"


@pytest.mark.parametrize(
    "text",
    [
        "\\<img src=x>",
        "Not closed ` here\nand `</code> <img src=x> ` there",
        "| `a | <img src=x> ` |\n| --- | --- |\n| `b | <img src=x> ` |",
        "- ```\n  code\n<img src=x>\n",
        "> ```\n> code\n\n<img src=x>",
        "```a`\n<img src=x>\n```",
        "\\`<img src=x>`\\`",
        "```\rx\r```\r<img src=x>",
        "``` `` <img src=x> ``",
        "    ```\n<img src=x>",
        "[a\\](https://evil.example) [a`b`](https://evil.example)",
        "`x`[b]: https://evil.example\n\n[b]: https://evil.example\n\n[b]",
    ],
)
def test_nothing_but_code_is_spared_from_becoming_plain_words(text: str) -> None:
    for said in (copied(text), copied(text, markers=()), marking.inert(f"# {' '.join(text.split())}")):
        html = READER.render(f"> Asked\n\n{said}\n\n*Below*")
        assert "<img" not in html, said
        assert "<a " not in html, said


def test_plain_copies_and_markdown_place_them_alike() -> None:
    cited = {"marker": 1, "document_name": "a*b.md", "chunk_id": "c", "document_id": "d", "locator": {}}
    said = [
        SimpleNamespace(ordinal=number, text=one.text, citations=[cited], is_supported=True, support="supported")
        for number, one in enumerate(pieces(TABLE))
    ]
    listed = quoting.sources(said, lambda _: "")
    assert "| Hotel | 120 € [1] |\n" in quoting.plain("What?", said, listed)
    written = quoting.markdown("What?", said, listed, lambda _: "/d")
    assert "| Hotel | 120 € [1] |\n" in written
    assert "1. [a\\*b.md](/d)" in written


def test_a_table_in_the_documents_own_words_is_one_in_a_quotation() -> None:
    cited = {"marker": 1, "document_name": "a.md", "chunk_id": "c", "document_id": "d", "locator": {}}
    words = "\n\nRates:\n\n| Level | Rate |\n| --- | --- |\n| L5 | ![x](https://e.example/x) 72 |\n\n"
    said = [
        SimpleNamespace(ordinal=0, text="It is 72.", citations=[cited], is_supported=True, support="supported"),
        SimpleNamespace(ordinal=1, text=words, citations=[cited], is_supported=True, support="extract"),
    ]
    listed = quoting.sources(said, lambda _: "")
    assert "It is 72. [1]\n\n> Rates:\n>\n> | Level | Rate |\n" in quoting.plain("What?", said, listed)
    html = READER.render(quoting.markdown("What?", said, listed, lambda _: "/d"))
    quoted = html.partition("It is 72. [1]</p>")[2].partition("</blockquote>")[0]
    assert quoted.count("<td>") == 2
    assert "72 [1]</td>" in quoted
    assert "<img" not in html


def exported(house: House, row: models.Answer, form: str) -> bytes:
    return exporting.export(house.bob, row.conversation_id, form, lambda _: "https://x.example").content


def test_an_export_has_its_tables_and_its_code(house: House) -> None:
    row = turn(house.bob, "# ``` <img src=x>", *(f"{one.text}" for one in pieces(f"{TABLE}\n\n{CODE}")))
    with house.bob.transaction():
        models.Segment.objects.filter(answer=row).update(is_supported=False)
    html = READER.render(exported(house, row, "markdown").decode().split("\n\n---")[0].split("\n\n", 2)[2])
    assert "<td>120 € †</td>" in html
    assert "List&lt;String&gt; a = of(&quot;`x`&quot;);\n    a.get(0);\n</code>" in html
    assert "<code>Map&lt;String, Set&gt;</code>" in html


def test_a_pdf_keeps_backticks_and_indentation_of_code(house: House) -> None:
    row = turn(
        house.bob, "How?", *(one.text for one in pieces(f"{CODE}\n\n`**a` and **b**, a ` alone, 2**10 or 2**12."))
    )
    page = pypdfium2.PdfDocument(io.BytesIO(exported(house, row, "pdf")))[0].get_textpage()
    text = " ".join(page.get_text_range().split())
    for words in (
        'List<String> a = of("`x`");',
        "It is Map<String, Set> then.",
        "**a and b, a ` alone, 2**10 or 2**12.",
    ):
        assert words in text, text
    assert "```" not in text
    assert left(page, "a.get(0)") > left(page, "List<String>") + 10


def left(page: Any, words: str) -> float:
    at, _ = page.search(words).get_next()
    return float(page.get_charbox(at)[0])


@pytest.mark.parametrize("status", [models.Status.QUEUED, models.Status.RUNNING])
def test_an_answer_under_way_is_not_said_to_be_none(house: House, status: models.Status) -> None:
    row = turn(house.bob, "How many?", "Twenty. ")
    with house.bob.transaction():
        models.Answer.objects.filter(pk=row.pk).update(status=status, finished_at=None)
    copies = portal.signed_in(house, "bob").get(f"/a/{row.pk}/text").text, exported(house, row, "markdown").decode()
    for written in copies:
        assert "Twenty." in written
        assert "Still being written." in written
        assert "No answer." not in written
    with translation.override("de"):
        assert "Wird noch geschrieben." in exported(house, row, "markdown").decode()
