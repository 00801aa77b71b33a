"""RTF: headings by their styles, paragraphs, lists, tables and notes, in whatever code page and Unicode they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import BinaryIO

from ingestion.parsers import flags
from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.legacy import rtf_tokens
from ingestion.parsers.legacy.rtf_flow import Flow
from ingestion.parsers.legacy.rtf_tokens import Token
from ingestion.parsers.office.styles import named_level
from ingestion.parsers.outline import TITLE_MAX, Outline, one_line, too_large
from ingestion.parsers.package import broken, too_deep

_DEEPEST = 2_000
_TOKENS_MOST = 4_000_000  # a book has less than one million; pictures count by their lines
_HEAD = re.compile(rb"\A[\s\xef\xbb\xbf]*\{\\rt")
_OUTSIDE = re.compile(r"\s*(?:INCLUDE(?:PICTURE|TEXT)|DDE(?:AUTO)?|LINK|IMPORT)\b", re.IGNORECASE)
# Groups whose text is none of the document's: tables of the file itself, pictures, what a field computes.
_SKIPPED = frozenset(
    re.findall(
        r"\w+",
        "colortbl listtable listoverridetable rsidtbl generator xmlnstbl themedata colorschememapping datastore "
        "latentstyles pgdsctbl nonshppict shppict pict objdata objclass objname sp pn pntxta pntxtb annotation atnid "
        "atnauthor atndate atnref atntime atnparent bkmkstart bkmkend revtbl filetbl fontemb private background "
        "nonesttables mmath footnotesep ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn template passwordhash",
    )
)
_ASIDE = frozenset(("footnote", "shptxt"))  # they stand after the paragraph that they belong to
_RUNNING = frozenset(
    prefix + which for prefix in ("header", "footer") for which in ("", "l", "r", "f")
)  # on every page: read once, at the end
_THROUGH = frozenset(("shpinst", "fldrslt", "result", "shprslt"))  # marked as for newer programs, and read all the same
_CODING = frozenset(("f", "fcharset", "cpg", *rtf_tokens.PAGES))
_FLOWS_DEEPEST = 50
_TABLES = frozenset(("fonttbl", "stylesheet", "info", "title", "fldinst"))


@dataclass
class _Group:
    """What holds until the next closing brace."""

    place: str = ""  # the destination: empty for the text itself
    font: int = -1
    skips: int = 1  # signs after a \\u that stand for it in old programs
    is_unseen: bool = False
    flow: Flow | None = None  # one of its own, to be ended with the group


class Rtf(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        raw = stream.read()
        if not _HEAD.match(raw):
            raise broken()
        reading, tokens = _Reading(), rtf_tokens.Tokens(raw)
        for number, token in enumerate(tokens):
            if number == _TOKENS_MOST:
                raise too_large()
            reading.take(token)
            if token.kind == "word" and reading.is_passing_over:
                tokens.skip_group()
        outline = Outline(self.bounds.characters)
        title = reading.write(outline)
        sections = outline.filled()
        return Parsed((title or outline.first_heading)[:TITLE_MAX], sections, flags=tuple(sorted(reading.flags)))


@dataclass
class _Reading:
    flags: set[str] = field(default_factory=set)
    _page: str = "cp1252"
    _fonts: dict[int, str] = field(default_factory=dict)
    _titles: list[str] = field(default_factory=list)
    _style: list[str] = field(default_factory=list)  # the name of a style, as far as it was read
    _style_number: int = 0
    _style_level: int | None = None
    _field: list[str] = field(default_factory=list)
    _raw: bytearray = field(default_factory=bytearray)
    _to_skip: int = 0
    _high: int = 0  # the first half of a sign beyond the 65,536 that a \\u can name
    _is_marked: bool = False  # after \\*: what is not known is skipped
    _flows: list[Flow] = field(default_factory=lambda: [Flow()])
    _running: list[Flow] = field(default_factory=list)
    _groups: list[_Group] = field(default_factory=lambda: [_Group()])

    @property
    def is_passing_over(self) -> bool:
        """Whether nothing is wanted of the group that is open."""
        return self._groups[-1].place == "skip"

    def take(self, token: Token) -> None:
        if token.kind == "text":
            self._text(token.said)
            return
        self._flush()
        if token.kind == "{":
            self._open()
        elif token.kind == "}":
            self._close()
        elif self._groups[-1].place != "skip":
            self._word(token.said.decode("latin-1"), token.value)

    def write(self, outline: Outline) -> str:
        """What was read, and the title that it has."""
        self._flush()
        while len(self._flows) > 1:  # groups that are never closed
            self._flows[-2].beside(self._flows.pop())
        title = self._flows[0].write(outline)
        outline.leave()
        for said in dict.fromkeys(flow.all_said() for flow in self._running):
            outline.block(said)
        return one_line("".join(self._titles)) or title

    def _open(self) -> None:
        if len(self._groups) > _DEEPEST:
            raise too_deep()
        above = self._groups[-1]
        self._groups.append(_Group(above.place, above.font, above.skips, above.is_unseen))
        self._is_marked = False
        self._to_skip = 0

    def _close(self) -> None:
        if len(self._groups) == 1:
            return
        group = self._groups.pop()
        if group.flow is not None and self._flows[-1] is group.flow:
            self._flows.pop()
            if group.place == "running":
                self._running.append(group.flow)
            else:
                self._flows[-1].beside(group.flow)
        if group.place == "fldinst" and self._groups[-1].place != "fldinst":
            if _OUTSIDE.match("".join(self._field)):
                self.flags.add(flags.EXTERNAL_LINKS)
            self._field = []
        if group.place == "stylesheet":
            self._end_style()

    def _text(self, said: bytes) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, len(said))
            self._to_skip -= skipped
            said = said[skipped:]
        if self._groups[-1].place != "skip":
            self._raw += said

    def _flush(self) -> None:
        if self._raw:
            page = self._fonts.get(self._groups[-1].font, self._page)
            self._say(self._raw.decode(page, "replace"))
            self._raw = bytearray()

    def _say(self, said: str) -> None:
        group = self._groups[-1]
        holders: dict[str, list[str]] = {"title": self._titles, "stylesheet": self._style, "fldinst": self._field}
        if group.place in holders:
            holders[group.place].append(said)
        elif group.place in {"", "aside", "running"} and not group.is_unseen:
            self._flows[-1].say(said)
        elif group.place == "mark":
            self._flows[-1].mark(said)

    def _word(self, word: str, value: int | None) -> None:
        if word == "*":
            self._is_marked = True
            return
        is_marked, self._is_marked = self._is_marked, False
        if self._is_destination(word, is_marked):
            return
        group = self._groups[-1]
        if word in rtf_tokens.SIGNS:
            self._say(rtf_tokens.SIGNS[word])
        elif word in {"u", "uc"}:
            self._unicode(word, value or 0, group)
        elif word in _CODING:
            self._coding(word, value, group)
        elif word in {"v", "deleted", "plain"}:
            group.is_unseen = word != "plain" and value != 0
        else:
            self._formatting(word, value, group)

    def _formatting(self, word: str, value: int | None, group: _Group) -> None:
        if group.place == "stylesheet":
            self._of_style(word, value)
        elif group.place in {"", "aside", "running"}:
            self._flows[-1].control(word, value)

    def _is_destination(self, word: str, is_marked: bool) -> bool:
        group = self._groups[-1]
        if word == "object":
            self.flags.add(flags.EMBEDDED_FILES)
        if word in _TABLES:
            group.place = word if group.place != "skip" else "skip"
        elif (word in _ASIDE or word in _RUNNING) and len(self._flows) < _FLOWS_DEEPEST:
            group.place, group.flow = "aside" if word in _ASIDE else "running", Flow(self._flows[0].levels)
            self._flows.append(group.flow)
        elif word in {"pntext", "listtext"}:
            group.place = "mark"
        elif word in _SKIPPED or (is_marked and word not in _THROUGH) or self._groups[-2:][0].place == "info":
            group.place = "skip"
        else:
            return False
        return True

    def _unicode(self, word: str, value: int, group: _Group) -> None:
        if word == "uc":
            group.skips = max(0, min(value, 10))
            return
        sign = value % 65_536
        self._to_skip = group.skips
        if 0xD800 <= sign < 0xDC00:
            self._high = sign
        elif 0xDC00 <= sign < 0xE000:
            if self._high:
                self._say(chr(0x10000 + ((self._high - 0xD800) << 10) + sign - 0xDC00))
            self._high = 0
        else:
            self._say(chr(sign))

    def _coding(self, word: str, value: int | None, group: _Group) -> None:
        if word == "f":
            group.font = value or 0
        elif word in {"fcharset", "cpg"}:
            if word == "cpg":
                self._fonts[group.font] = rtf_tokens.code_page("ansicpg", value, self._page)
            elif value in rtf_tokens.CHARSETS:
                self._fonts.setdefault(group.font, rtf_tokens.CHARSETS[value or 0])
        else:
            self._page = rtf_tokens.code_page(word, value, self._page)

    def _of_style(self, word: str, value: int | None) -> None:
        if word == "s":
            self._style_number = value or 0
        elif word == "outlinelevel":
            self._style_level = value

    def _end_style(self) -> None:
        name = "".join(self._style).strip().rstrip(";").partition(";")[0]
        if name:
            level = named_level(name)
            if level is None and self._style_level is not None and 0 <= self._style_level < 9:
                level = self._style_level + 1
            self._flows[0].levels[self._style_number] = level or 0
        self._style, self._style_number, self._style_level = [], 0, None
