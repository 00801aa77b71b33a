"""From when a document's text counts: as it says of itself where its format does, and that does not move by being read again."""

from __future__ import annotations

import io
import re
import struct
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from ingestion import cutting, documents
from ingestion.cutting import Cutting
from ingestion.documents import versions
from ingestion.models import Version
from ingestion.parsers import dates
from ingestion.parsers.base import Parser
from ingestion.parsers.containers.mail import Mail
from ingestion.parsers.legacy.xls import Xls
from ingestion.parsers.office.docx import Docx
from ingestion.parsers.office.xlsx import Xlsx
from ingestion.parsers.opendocument.odt import Odt
from ingestion.parsers.pages.pdf import Pdf
from tests.cast import House
from tests.ingestion import bells, papers, workbooks
from tests.ingestion.compounds import compound, record, text
from tests.ingestion.test_cutting import work_off
from tests.ingestion.test_parsers_odf import document

WHEN = datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
TERMS = 'xmlns:t="http://purl.org/dc/terms/"'
CORE = f"<c {TERMS}><t:created>2019-01-01T00:00:00Z</t:created><t:modified>2021-03-04T05:06:07Z</t:modified></c>"
META = "<m xmlns:d='http://purl.org/dc/elements/1.1/'><d:date>2021-03-04T05:06:07.123456789</d:date></m>"
TICKS = int((WHEN - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000


def _mail(day: str = "Thu, 04 Mar 2021 07:06:07 +0200") -> bytes:
    made = EmailMessage()
    made["Subject"], made["Date"] = "Rates", day
    made.set_content("The rate is 140 euros.")
    return bytes(made)


def _with_core(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return workbooks.zipped({**parts, "docProps/core.xml": CORE})


def _pdf() -> bytes:
    return re.sub(rb"/ModDate \(D:\d{14}", b"/ModDate (D:20210304050607", papers.pdf("The rate is 140 euros."))


def _old_sheet() -> bytes:
    begin, end = record(0x809, struct.pack("<HH", 0x600, 5) + bytes(12)), record(0x0A)
    start = len(begin) + len(record(0x85, bytes(8) + b"Rates")) + len(end)
    cell = record(0x204, struct.pack("<HHH", 0, 0, 0) + text("140 euros"))
    sheet = record(0x85, struct.pack("<IBB", start, 0, 0) + bytes([5, 0]) + b"Rates")
    inside = record(0x809, struct.pack("<HH", 0x600, 0x10) + bytes(12)) + cell + end
    said = bytes(44) + struct.pack("<I", 48) + struct.pack("<IIII", 32, 1, 13, 16) + struct.pack("<IQ", 64, TICKS)
    return compound(**{"Workbook": begin + sheet + end + inside, "\x05SummaryInformation": said})


SHEET = workbooks.workbook('<row r="1"><c r="A1" t="inlineStr"><is><t>140 euros</t></is></c></row>')


@pytest.mark.parametrize(
    ("parser", "content"),
    [
        (Mail, _mail()),
        (Docx, _with_core(papers.word(("Normal", "The rate is 140 euros.")))),
        (Xlsx, _with_core(SHEET)),
        (Odt, document("text", "<text:p>The rate is 140 euros.</text:p>", **{"meta.xml": META})),
        (Pdf, _pdf()),
        (Xls, _old_sheet()),
    ],
    ids=lambda one: one.__name__ if isinstance(one, type) else "",
)
def test_each_format_that_says_it_is_asked(parser: type[Parser], content: bytes) -> None:
    dated = parser().parse(io.BytesIO(content)).dated
    assert dated is not None
    assert dated.replace(microsecond=0) == WHEN


def test_what_is_no_date_is_none() -> None:
    for said in ("", "soon", "2021-13-01", "0001-01-01T00:00:00+14:00", None):
        assert dates.of_iso(said) is None, said
    for said in ("", "D:", "D:20211301", "D:00000000", "yesterday"):
        assert dates.of_pdf(said) is None, said
    assert dates.of_pdf("D:2021") == datetime(2021, 1, 1, tzinfo=UTC)
    assert dates.of_pdf("D:20210304050607+02'00'") == WHEN
    assert dates.of_filetime(2**64 - 1) is None
    assert Mail().parse(io.BytesIO(_mail("some day"))).dated is None
    came = datetime(2024, 1, 1, tzinfo=UTC)
    days = [datetime(1970, 1, 1, tzinfo=UTC), dates.EARLIEST, came + timedelta(days=2), None]
    assert [dates.believed(one, came) for one in days] == [None] * 4
    assert dates.believed(WHEN, came) == WHEN


def test_it_stays_when_a_file_is_read_again_or_an_older_upload_comes_back(house: House, collection: uuid.UUID) -> None:
    mail = bells.ingested(house, collection, _mail(), "rates.eml")
    plain = bells.ingested(house, collection, "The rate is 120 euros.", "rates.txt")
    unsure = bells.ingested(house, collection, _mail("Thu, 04 Mar 2100 07:06:07 +0200"), "late.eml")
    assert [one.current.dated for one in (mail, plain, unsure) if one.current] == [WHEN, None, None]

    came = datetime(2022, 2, 2, tzinfo=UTC)
    with house.system.transaction():
        Version.objects.filter(document=plain.pk).update(created_at=came)
    cutting.change(house.ada, collection, Cutting(size=40, most=50))
    cutting.read_again(house.ada, collection)
    work_off(house)
    again = [documents.get(house.ada, one.pk).current for one in (mail, plain)]
    assert [(one.number, one.dated) for one in again if one] == [(2, WHEN), (2, came)]

    bells.ingested(house, collection, "The rate is 160 euros.", "rates.txt")
    with bells.silent():
        versions.again(house.ada, plain.pk, 1)
    bells.ingest(house, documents.get(house.ada, plain.pk))
    back = documents.get(house.ada, plain.pk).current
    assert back is not None
    assert (back.number, back.dated) == (4, came)
