"""FAQs as questions with the text that answers each: the heading is the question, what stands below it the answer.

perlfaq4 to 6 are never read: they are for acceptance.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import html as markup

from bench.faqs import packages
from ingestion.parsers.base import Parser, Section
from ingestion.parsers.texts.html import Html
from ingestion.parsers.texts.markdown import Markdown

ANSWER_LEAST = 80  # characters: less is a reference to somewhere else
_NUMBER = re.compile(r"^\s*(?:[A-Z]?\d+(?:\.\d+)*\.?)\s+")
_POD_CODE = re.compile(r"[A-Z]<(?:<+ (.*?) >+|([^<>]*))>")
_POD_LINK = re.compile(r"L<(?:([^<>|]*)\|)?([^<>]*)>")


@dataclass(frozen=True)
class Entry:
    """`id` is unique in its FAQ and the same on every machine. `place` says where it stands, the same in every language that
    the text is there in; `above` is the heading over it.
    """

    id: str
    question: str
    answer: str
    place: str = ""
    above: str = ""


@dataclass(frozen=True)
class Faq:
    """`package` is Debian's; `pages` are patterns below it; `language` is ISO 639."""

    name: str
    language: str
    package: str
    pages: tuple[str, ...]

    def entries(self) -> list[Entry]:
        """In the order of the pages. Raises packages.NotThere."""
        folder = packages.unpacked(self.package)
        files = sorted({path for pattern in self.pages for path in folder.glob(pattern)})
        found: dict[str, Entry] = {}
        for path in files:
            page = path.name.partition(".")[0]
            for question, answer in _asked(sections(path)):
                number = _NUMBER.match(question)
                asked = _NUMBER.sub("", question).strip(" ¶")
                place = f"{page} {number.group().strip()}" if number else ""
                found.setdefault(asked, Entry(f"{self.name}-{len(found):03}", asked, answer, place))
        return list(found.values())


FAQS = (
    Faq("python", "en", "python3.11-doc", ("usr/share/doc/python3.11/html/faq/*.html",)),
    Faq("git", "en", "git-doc", ("usr/share/doc/git-doc/gitfaq.html",)),
    Faq("r", "en", "r-doc-html", ("usr/share/R/doc/manual/R-FAQ.html",)),
    Faq("debian", "en", "debian-faq", ("usr/share/doc/debian/FAQ/*.en.html",)),
    Faq("perl", "en", "perl-doc", ("usr/share/perl/*/pod/perlfaq[1-3].pod", "usr/share/perl/*/pod/perlfaq[7-9].pod")),
    Faq("django", "en", "python-django-doc", ("usr/share/doc/python-django-doc/html/faq/*.html",)),
    Faq("ffmpeg", "en", "ffmpeg-doc", ("usr/share/doc/ffmpeg/manual/faq.html",)),
    Faq("debian-de", "de", "debian-faq-de", ("usr/share/doc/debian/FAQ/de/*.html",)),
    Faq("debian-fr", "fr", "debian-faq-fr", ("usr/share/doc/debian/FAQ/fr/*.html",)),
    Faq("debian-it", "it", "debian-faq-it", ("usr/share/doc/debian/FAQ/it/*.html",)),
    Faq("debian-nl", "nl", "debian-faq-nl", ("usr/share/doc/debian/FAQ/nl/*.html",)),
)


def sections(path: Path) -> Sequence[Section]:
    read: dict[str, tuple[type[Parser], Callable[[Path], bytes]]] = {
        ".html": (Html, _with_terms_as_headings),
        ".pod": (Markdown, _pod),
    }
    parser, bytes_of = read[path.suffix]
    return parser().parse(io.BytesIO(bytes_of(path))).sections


def _asked(sections: Sequence[Section]) -> Iterator[tuple[str, str]]:
    """A question's text runs on under the headings below it."""
    depth, question, texts = 0, "", list[str]()
    for section in [*sections, None]:
        path = section.heading_path if section else ()
        if question and (len(path) < depth or path[depth - 1] != question):
            yield from _whole(question, texts)
            question, texts = "", []
        if section is None:
            return
        if not question:
            depth = next((at for at, heading in enumerate(path, 1) if heading.rstrip(" ¶").endswith("?")), 0)
            question = path[depth - 1] if depth else ""
        if question and section.text.strip() != question:
            texts.append(section.text)


def _whole(question: str, texts: list[str]) -> Iterator[tuple[str, str]]:
    answer = "\n\n".join(texts).strip()
    if len(answer) >= ANSWER_LEAST:
        yield question, answer


def _with_terms_as_headings(path: Path) -> bytes:
    """AsciiDoc writes a question as the term of a list."""
    page = markup.parse(str(path), markup.HTMLParser(encoding="utf-8"))
    for sign in page.xpath("//a[@class='headerlink']"):
        sign.drop_tree()
    for term in page.xpath("//dt[@class='hdlist1']"):
        term.tag = "h4"
    return bytes(markup.tostring(page, encoding="utf-8"))


def _pod(path: Path) -> bytes:
    said = []
    for written in path.read_text("utf-8", "replace").splitlines():
        line = _POD_CODE.sub(
            lambda found: found[1] or found[2] or "", _POD_LINK.sub(lambda found: found[1] or found[2], written)
        )
        if heading := re.match(r"=head([1-4]) (.*)", line):
            said.append(f"{'#' * int(heading[1])} {heading[2]}")
        elif item := re.match(r"=item\s*(.*)", line):
            said.append(f"- {item[1]}")
        elif not re.match(r"=\w", line):
            said.append(line)
    return "\n".join(said).encode()
