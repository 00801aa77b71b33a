"""Signs that look like letters and digits of ASCII: full-width and styled ones, digits of other scripts, and the
letters of other alphabets that an attacker puts into a word so that no list finds it.

One sign for one sign, so that places stay those of the text. Letters of other alphabets are taken for Latin ones only
in a word that also holds Latin ones: a Russian word stays Russian.
"""

from __future__ import annotations

import functools
import re
import unicodedata

_STYLED = (
    (0x2100, 0x214F),
    (0x2160, 0x217F),
    (0x2460, 0x24FF),
    (0xFE50, 0xFE6F),
    (0xFF01, 0xFF5E),
    (0x1D400, 0x1D7FF),
    (0x1F100, 0x1F189),
)
_CYRILLIC = ("аеорсухіјѕһԁԛԝҽɡгӏАВЕКМНОРСТУХІЈЅԌѴҮӀ", "aeopcyxijshdqwegrlABEKMHOPCTYXIJSGVYI")
_GREEK = ("ανορτυικχϲΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ", "avoptuikxcABEZHIKMNOPTYXC")
_LATIN = ("ıȷɑɩƖǃﬅ", "ijaiI!t")
_OTHERS = {
    ord(sign): letter
    for signs, letters in (_CYRILLIC, _GREEK, _LATIN)
    for sign, letter in zip(signs, letters, strict=True)
}
_WORD = re.compile(r"\S*[^\x00-\x7f]\S*")  # with its punctuation: a key has some
_LATIN_SIGN = re.compile(r"[A-Za-z0-9]")


def flatten(text: str) -> str:
    """`text` with plain signs in place of what only looks like them."""
    if text.isascii():
        return text
    plain = text.translate(_styled())
    return _WORD.sub(_latin, plain)


def _latin(word: re.Match[str]) -> str:
    found = word.group()
    return found.translate(_OTHERS) if _LATIN_SIGN.search(found) else found


@functools.cache
def _styled() -> dict[int, str]:
    """Made on first use: a walk through all digits takes some hundredths of a second."""
    table = {}
    for first, last in _STYLED:
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and plain.isascii() and plain.isprintable():
                table[code] = plain
    for code in range(0x600, 0x20000):  # none stands above
        digit = unicodedata.decimal(chr(code), None)
        if digit is not None:
            table[code] = str(digit)
    return table
