"""What an RTF file is made of: groups, control words, and text in the code page of its font."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    rb"(?P<brace>[{}])|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<word>[a-zA-Z]{1,32})(?P<value>-?\d{1,10})? ?"
    rb"|\\(?P<symbol>[^a-zA-Z0-9])|(?P<text>[^\\{}\r\n\x00]+)|[\r\n\x00]+|."
)

_BRACE = re.compile(rb"[{}]|\\bin(?P<size>\d{1,10}) ?|\\[^a-zA-Z]", re.DOTALL)

# Of a font's \fcharset; what is not here is read in the document's own.
CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "cp936", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850", "ansi": "cp1252"}
SIGNS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ", "qmspace": " ", "~": "\u00a0", "_": "-", "\\": "\\",
    "{": "{", "}": "}",
}  # fmt: skip
ENDS = frozenset(("par", "sect", "page", "column", "\r", "\n"))


class Token(NamedTuple):
    """`kind` is one of { } word text; `value` is None for a word without a number."""

    kind: str
    said: bytes
    value: int | None = None


class Tokens:
    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    def __iter__(self) -> Iterator[Token]:
        while found := _TOKEN.match(self._raw, self._at):
            self._at = found.end()
            brace, sign, word, value, symbol, text = found.groups()
            if text:
                yield Token("text", text)
            elif word == b"bin":
                self._at += max(0, int(value or 0))  # a picture as it is: its braces are none
            elif word:
                yield Token("word", word, int(value) if value else None)
            elif brace:
                yield Token(brace.decode(), b"")
            elif symbol:
                yield Token("word", symbol)
            elif sign:
                yield Token("text", bytes.fromhex(sign.decode()))

    def skip_group(self) -> None:
        """On to the brace that closes the group: a picture has a million signs of which nobody wants one."""
        depth = 0
        while found := _BRACE.search(self._raw, self._at):
            self._at = found.end()
            if found["size"]:
                self._at += int(found["size"])
            elif found[0] == b"{":
                depth += 1
            elif found[0] == b"}":
                depth -= 1
                if depth < 0:
                    self._at = found.start()
                    return
        self._at = len(self._raw)


def code_page(word: str, value: int | None, before: str) -> str:
    """What \\ansicpg, \\mac and their like say of the document."""
    if word != "ansicpg":
        return _PAGES[word]
    page = {65001: "utf-8", 0: "cp1252", 10000: "mac_roman"}.get(value or 0, f"cp{value}")
    try:
        codecs.lookup(page)
    except LookupError:
        return before
    return page


PAGES = frozenset((*_PAGES, "ansicpg"))
