"""What a file is, by its content and not by its name; and a name that can be shown."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path

from governance.errors import Unsupported
from governance.sentence import sentence
from ingestion.formats import PDF, RTF
from ingestion.media_types import compounds, images, packages, plain
from ingestion.media_types.refused import BY_MAGIC, READABLE, UNKNOWN

HEAD = 65_536
NAME_MAX = 200
ENDING_MAX = 20

_PDF = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*%PDF-\d")
# Some mail gateways and printers put bytes of their own before it; a text about PDF has no object after it.
_LATE_PDF = re.compile(rb"\A[\x00-\xff]{1,1024}?%PDF-\d\.\d[\x00-\xff]{1,1024}?\d \d+ obj\b")
_RTF = re.compile(rb"\A[\s\xef\xbb\xbf]*\{\\rt")  # as Word has it: not all of the word needs to be there


def detect(path: Path, name: str) -> str:
    """The media type. `name` only tells apart kinds of text. Raises Unsupported and says what can be read."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        if head.startswith(packages.MAGIC):
            return packages.kind(file)
        if head.startswith(compounds.MAGIC):
            return compounds.kind(file)
    for magic, said in BY_MAGIC:
        if head.startswith(magic):
            raise Unsupported(sentence(said, readable=READABLE))
    if marked := _marked(head):
        return marked
    if not plain.is_text(head):
        raise Unsupported(sentence(UNKNOWN, readable=READABLE))
    return plain.kind(head, Path(name).suffix.lower())


def _marked(head: bytes) -> str:
    """By the mark that its format begins with; nothing where it has none."""
    if _RTF.match(head):
        return RTF
    return images.kind(head) or (PDF if _PDF.match(head) or _LATE_PDF.match(head) else "")


def clean_name(name: str) -> str:
    """Without folders, control characters and marks of the writing direction, NFC, at most 200 characters."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(sign for sign in last if sign.isspace() or unicodedata.category(sign)[0] != "C")
    shown = " ".join(unicodedata.normalize("NFC", seen).split())
    return _cut(shown, NAME_MAX) if shown.strip(". ") else "document"


def clean_path(name: str) -> str:
    """The same of each part of a path, folders kept; of one too long those next to the file stay, and a mark of the others."""
    parts = [clean_name(part) for part in re.split(r"[/\\]", name) if part.strip(". ")] or ["document"]
    if len("/".join(parts)) <= NAME_MAX:
        return "/".join(parts)
    most = NAME_MAX - len(_mark("")) - 1
    *around, last = parts
    kept = [_cut(last, most)]
    while around and len("/".join([around[-1], *kept])) <= most:
        kept.insert(0, around.pop())
    return "/".join([_mark("/".join(around)), *kept] if around else kept)


def _cut(name: str, most: int) -> str:
    """Two names that differ only beyond what is shown of them stay two."""
    if len(name) <= most:
        return name
    ending = Path(name).suffix
    ending = _mark(name) + (ending if len(ending) <= ENDING_MAX else "")
    return name[: most - len(ending)].rstrip() + ending


def _mark(left_out: str) -> str:
    return f"…{hashlib.sha256(left_out.encode()).hexdigest()[:8]}"
