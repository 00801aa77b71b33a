"""Mails and mailboxes: who, to whom, when, about what, the text, and what is attached by itself."""

from __future__ import annotations

import io
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from ingestion.parsers.base import Parsed, ParseFailed, Part, Skipped
from ingestion.parsers.containers import mail as mails
from ingestion.parsers.containers.mail import Mail
from ingestion.parsers.containers.mailbox import Mailbox

OTHERS = next((Path(sys.base_prefix) / "lib").glob("python3.*/test/test_email/data"), None)


def read(content: str | bytes) -> Parsed:
    return Mail().parse(io.BytesIO(content if isinstance(content, bytes) else content.encode()))


def text(content: str | bytes) -> str:
    return "\n\n".join(section.text for section in read(content).sections)


def names(parsed: Parsed) -> list[str]:
    return [part.path for part in parsed.parts if isinstance(part, Part)]


def alternative(plain: str, rich: str) -> bytes:
    made = EmailMessage()
    made["Subject"] = "Both"
    made.set_content(plain)
    made.add_alternative(rich, subtype="html")
    return bytes(made)


def test_the_headers_stand_at_the_start_and_the_subject_is_title_and_heading() -> None:
    parsed = read(
        "From: =?utf-8?q?J=C3=BCrgen?= <j@x.example>\nTo: a@x.example,\n b@x.example\nDate: Fri, 3 May 2024 10:00:00 +0200\n"
        "X-Spam: no\nSubject: =?iso-8859-1?Q?Gr=FC=DFe?= from\n =?utf-8?b?S8O2bG4=?=\n\nHello.\n"
    )
    assert parsed.title == "Grüße from Köln"
    (section,) = parsed.sections
    assert section.locator.heading == parsed.title
    assert section.text.startswith("From: Jürgen <j@x.example>\nTo: a@x.example, b@x.example\nDate: Fri, 3 May 2024")
    assert section.text.endswith("\n\nHello.")
    assert "Spam" not in section.text


def test_of_two_texts_the_plain_one_is_read_and_the_other_where_it_says_nothing() -> None:
    assert "plain words" in text(alternative("plain words", "<p>rich words"))
    assert "rich" not in text(alternative("plain words", "<p>rich words"))
    assert text(alternative(" \n", "<style>p{}</style><p>rich <b>words</b>")).endswith("rich words")


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("iso-8859-1", "Größe".encode("latin-1")),
        ("utf-8", "Größe".encode("latin-1")),
        ("iso-8859-1", "Größe".encode()),
        ("nonsense", "Größe".encode("cp1252")),
        ("zip", "Größe".encode("cp1252")),
        ("", "Größe".encode("cp1252")),
    ],
)
def test_a_wrong_or_missing_charset_spoils_no_words(charset: str, body: bytes) -> None:
    said = f'; charset="{charset}"' if charset else ""
    head = f"Subject: x\nContent-Type: text/plain{said}\nContent-Transfer-Encoding: 8bit\n\n".encode()
    assert text(head + body).endswith("Größe")


def test_japanese_in_seven_bits_is_read_as_it_says() -> None:
    head = b"Subject: x\nContent-Type: text/plain; charset=iso-2022-jp\n\n"
    assert text(head + "日本語のメール".encode("iso-2022-jp")).endswith("日本語のメール")


def test_quotes_signatures_and_what_was_forwarded_keep_their_marks() -> None:
    said = read(
        "Subject: Re: Plan\n\nAgreed.\nOn Friday Bob wrote:\n> Shall we?\n> Bob\nYes.\n-- \nAda, Accounts\n\n"
        "-----Original Message-----\nFrom: Cem\n\nThe first word.\n"
    )
    assert [section.heading_path for section in said.sections] == [("Re: Plan",), ("Re: Plan", "Original Message")]
    blocks = said.sections[0].text.split("\n\n")
    assert blocks[1:] == ["Agreed.\nOn Friday Bob wrote:", "> Shall we?\n> Bob", "Yes.", "--\nAda, Accounts"]
    assert said.sections[1].text == "From: Cem\n\nThe first word."


def test_what_is_attached_is_handed_out_under_its_name() -> None:
    made = EmailMessage()
    made["Subject"] = "Files"
    made.set_content("See below.")
    made.add_attachment(b"%PDF-1.4", "application", "pdf", filename="Übersicht.pdf")
    made.add_attachment("a;b\n", subtype="csv", filename="t.csv", disposition="inline")
    inner = EmailMessage()
    inner["Subject"] = "Inner / offer"
    inner.set_content("Inside.")
    made.add_attachment(inner)
    made.add_attachment("BEGIN:VCALENDAR\n", subtype="calendar")
    parsed = read(bytes(made))
    parts = list(parsed.parts)
    assert [part.path for part in parts] == ["Übersicht.pdf", "t.csv", "Inner - offer.eml", "4.ics"]
    assert isinstance(parts[2], Part)
    assert text(parts[2].content).endswith("Inside.")
    assert "Attached: Übersicht.pdf, t.csv, Inner - offer.eml, 4.ics" in parsed.sections[0].text


def test_an_invitation_among_the_texts_is_attached_and_small_pictures_are_not() -> None:
    made = EmailMessage()
    made["Subject"] = "Come"
    made.set_content("Come on Friday.")
    made.add_alternative("<p>Come<img src='cid:logo'>", subtype="html")
    made.add_alternative("BEGIN:VCALENDAR\nEND:VCALENDAR\n", subtype="calendar")
    rich = list(made.iter_parts())[1]
    rich.add_related(b"small", "image", "png", cid="<logo>")
    rich.add_related(b"big" * 9_000, "image", "png", cid="<photo>")
    parts = list(read(bytes(made)).parts)
    assert [type(part) for part in parts] == [Skipped, Part, Part]
    assert [part.path for part in parts][2].endswith(".ics")


def test_what_is_sealed_signed_or_elsewhere_is_named_with_its_reason() -> None:
    head = 'Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
    kinds = ("application/pkcs7-mime", "application/pgp-signature", "message/external-body; access-type=x")
    body = "".join(f"--b\nContent-Type: {kind}\n\ncontent\n\n" for kind in kinds)
    told = [part.why for part in read(f"{head}{body}--b--\n").parts if isinstance(part, Skipped)]
    assert told == [mails.ENCRYPTED, mails.SIGNATURE, mails.ELSEWHERE]


def test_a_mail_that_lost_its_parts_on_its_way_is_read_as_it_is() -> None:
    assert text("Subject: x\nContent-Type: multipart/mixed; boundary=gone\n\nStill words.").endswith("Still words.")


def test_mails_of_a_mailbox_are_named_by_day_and_subject() -> None:
    content = (
        "From ada@x Fri May  3 10:00:00 2024\nFrom: ada@x\nDate: Fri, 3 May 2024 10:00:00 +0000\nSubject: One/Two\n\n"
        ">From here on.\nFrom my desk:\n\nFrom ada@x Sat\nSubject: Last\n\nEnd.\n"
    )
    parsed = Mailbox().parse(io.BytesIO(content.replace("\n", "\r\n").encode()))
    parts = [part for part in parsed.parts if isinstance(part, Part)]
    assert [part.path for part in parts] == ["2024-05-03 One-Two.eml", "Last.eml"]
    assert parsed.sections[0].text == "- 2024-05-03 ada@x One-Two\n- Last"
    assert text(parts[0].content).endswith("From here on.\nFrom my desk:")


def test_a_mailbox_of_one_mail_is_that_mail() -> None:
    parsed = Mailbox().parse(io.BytesIO(b"From ada@x Fri\nSubject: Alone\n\nWords."))
    assert (parsed.title, list(parsed.parts)) == ("Alone", [])


@pytest.mark.skipif(OTHERS is None, reason="this Python came without its tests")
def test_mails_that_others_wrote_to_be_difficult_are_read() -> None:
    assert OTHERS is not None
    files = sorted(OTHERS.glob("msg_*.txt"))
    assert len(files) >= 47
    failed = []
    for file in files:
        content = file.read_bytes()
        try:
            parsed = (Mailbox if content.startswith(b"From ") else Mail)().parse(io.BytesIO(content))
        except ParseFailed as fault:
            failed.append((file.name, fault.code))
            continue
        assert list(parsed.parts) is not None
    assert failed == [("msg_18.txt", "empty")]  # has nothing but a header of its own making
