"""The contract that every parser passes: the same bytes, the same sections; foreign bytes, a named fault."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.parsers.base import Bounds, Locator, Parsed, ParseFailed, Parser
from ingestion.parsers.office.docx import Docx
from ingestion.parsers.pages.pdf import Pdf
from ingestion.parsers.texts.html import Html
from ingestion.parsers.texts.markdown import Markdown
from ingestion.parsers.texts.text import Text
from tests.ingestion import papers

TABLE = (("Plan", "Notice"), ("Gold", "60 days"), ("Platinum", "90 days"))
PAPERS: dict[type[Parser], bytes] = {
    Pdf: papers.pdf("# Leave", "Thirty days a year.", "# Plans", TABLE),
    Docx: papers.word(("Heading 1", "Leave"), ("Normal", "Thirty days a year."), ("Heading 1", "Plans"), TABLE),
    Html: b"<h1>Leave</h1><p>Thirty days a year.</p><h1>Plans</h1><table><tr><th>Plan<th>Notice<tr><td>Gold<td>60 days"
    b"<tr><td>Platinum<td>90 days</table>",
    Markdown: b"# Leave\n\nThirty days a year.\n\n# Plans\n\n| Plan | Notice |\n| --- | --- |\n| Gold | 60 days |\n"
    b"| Platinum | 90 days |\n",
    Text: b"Thirty days a year.\n\nGold 60 days\n\nPlatinum 90 days\n",
}
STRUCTURED = [parser for parser in PAPERS if parser is not Text]
every_parser = pytest.mark.parametrize("parser", PAPERS)


def parsed(parser: type[Parser], content: bytes, bounds: Bounds = Bounds()) -> Parsed:  # noqa: B008  it is frozen
    return parser(bounds).parse(io.BytesIO(content))


@every_parser
def test_the_same_bytes_give_the_same_sections(parser: type[Parser]) -> None:
    assert parsed(parser, PAPERS[parser]) == parsed(parser, PAPERS[parser])


@every_parser
def test_a_locator_spans_the_text_of_its_section_and_survives_storage(parser: type[Parser]) -> None:
    for section in parsed(parser, PAPERS[parser]).sections:
        assert (section.locator.start, section.locator.end) == (0, len(section.text))
        assert Locator.from_json(json.loads(json.dumps(section.locator.to_json()))) == section.locator


@pytest.mark.parametrize("parser", STRUCTURED)
def test_headings_and_tables_arrive_alike_from_every_format(parser: type[Parser]) -> None:
    assert papers.told(parsed(parser, PAPERS[parser])) == [
        (("Leave",), "Thirty days a year."),
        (("Plans",), "| Plan | Notice |\n| --- | --- |\n| Gold | 60 days |\n| Platinum | 90 days |"),
    ]


@every_parser
def test_a_document_without_text_is_called_empty(parser: type[Parser]) -> None:
    blank = {Pdf: papers.drawn_pdf([[]]), Docx: papers.word(("Normal", " ")), Html: b"<html><body> </body></html>"}
    with pytest.raises(ParseFailed) as failed:
        parsed(parser, blank.get(parser, b" \n\t\n"))
    assert failed.value.code == "empty"
    assert failed.value.message.endswith(".")
    assert failed.value.remedy.endswith(".")


@every_parser
def test_more_characters_than_are_read_is_too_large(parser: type[Parser]) -> None:
    with pytest.raises(ParseFailed) as failed:
        parsed(parser, PAPERS[parser], Bounds(characters=10))
    assert failed.value.code == "too_large"


@every_parser
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_bytes_give_text_or_a_named_fault(parser: type[Parser], data: st.DataObject) -> None:
    content = bytearray(PAPERS[parser])
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=20)):
        content[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    assert _ends_well(parser, bytes(content[:cut]))


@every_parser
@given(content=st.binary(max_size=400))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_foreign_bytes_give_text_or_a_named_fault(parser: type[Parser], content: bytes) -> None:
    assert _ends_well(parser, content)


def _ends_well(parser: type[Parser], content: bytes) -> bool:
    """Whether it ends in text that can be stored, or in a fault that has a name."""
    try:
        texts = [section.text for section in parsed(parser, content).sections]
    except ParseFailed as fault:
        return fault.code in {"empty", "broken", "encrypted", "too_large"}
    return all(text.strip() and "\x00" not in text and text.encode() for text in texts)
