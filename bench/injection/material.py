"""Texts to learn from and to be tried on, and which is which. `docs/injection-model.md` says where each comes from.

Everything that is not drawn from the grammars beside this file lies in one folder under the names below, or is
documentation of the machine. What is held out is chosen by the checksum of a name, so that every run agrees.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from sysconfig import get_paths

from bench.injection.grammar import Grammar

HERE = Path(__file__).parent
_QUESTION = re.compile(r"(?:^|(?<=[.!?\n] ))([A-ZÄÖÜ][^.!?\n]{15,180}\?)", re.MULTILINE)
_JAILBREAK = re.compile(r"(?i)do anything now|jailbreak|uncensored|unfiltered|no restrictions|bypass")
_TEMPLATE = re.compile(r"^ *jinja: (.*?)^ *metadata:", re.MULTILINE | re.DOTALL)
_LINES = re.compile(r"\\?\n\s*\\?")
_FILLED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_SHINGLE = 5  # words: texts that share a third of these runs are one text in two versions


@dataclass(frozen=True)
class Example:
    """`weight` says how often it counts."""

    text: str
    is_attack: bool
    source: str
    weight: float = 1.0


def is_held(name: str, one_in: int = 3) -> bool:
    """Whether this text, file or package is kept for trying."""
    return zlib.crc32(name.encode()) % one_in == 0


def wild(folder: Path) -> list[str]:
    """Jailbreaks that people posted: the stretch of the list that may be looked at, and no other."""
    listed = json.loads((folder / "inthewild_jailbreak_llms.json").read_text(encoding="utf-8"))
    return [listed[place] for place in json.loads((folder / "inthewild_dev_indices.json").read_text())]


def families(texts: list[str]) -> list[int]:
    """For each text the number of its family: versions of one text belong together."""
    shingles = [_shingles(text) for text in texts]
    family = list(range(len(texts)))
    for place, mine in enumerate(shingles):
        for other in range(place):
            shared = len(mine & shingles[other])
            if family[place] != family[other] and shared * 3 >= min(len(mine), len(shingles[other])):
                old, new = family[place], family[other]
                family = [new if one == old else one for one in family]
    return family


def asks(rng: random.Random, amount: int) -> list[str]:
    grammar = Grammar(HERE / "asks.txt")
    return grammar.sample(rng, "ask", amount) + grammar.sample(rng, "askde", amount // 4)


def sentences(rng: random.Random, amount: int) -> list[str]:
    """Of documents, close to orders."""
    return Grammar(HERE / "asks.txt").sample(rng, "doc", amount)


def orders(rng: random.Random, amount: int, kind: str) -> list[str]:
    """`kind` is direct, in a question, or indirect, in a document."""
    return Grammar(HERE / "orders.txt").sample(rng, kind, amount)


def personas(folder: Path, *, held: bool) -> list[str]:
    """ "I want you to act as …": prompts that people share; the jailbreaks among them are left out."""
    with (folder / "prompts.csv").open(encoding="utf-8", newline="") as file:
        rows = [row["prompt"] for row in csv.DictReader(file) if row.get("prompt")]
    return [text for text in rows if is_held(text, 2) == held and not _JAILBREAK.search(text)]


def templates(folder: Path) -> list[str]:
    """Instructions that people wrote for tasks of language, without the texts they are filled with."""
    made = set()
    for path in sorted((folder / "promptsource" / "templates").rglob("templates.yaml")):
        for found in _TEMPLATE.finditer(path.read_text(encoding="utf-8")):
            asked = _FILLED.sub(" ", _LINES.sub(" ", found.group(1).split("|||")[0]))
            asked = re.sub(r"\s+", " ", asked.replace("\\n", " ").replace('\\"', '"')).strip(" \"'")
            if 25 <= len(asked) <= 1_500:
                made.add(asked)
    return sorted(made)


def answers_steered(folder: Path) -> list[str]:
    """Orders about the answer to come, of the training part of BIPIA alone; its plain questions are no attack."""
    held = json.loads((folder / "bipia_text_attack_train.json").read_text(encoding="utf-8"))
    return [order for orders in held.values() for order in orders if re.search(r"your (?:response|answer)", order)]


def tasks(folder: Path, name: str) -> list[str]:
    """Instructions of a JSON-lines file as people would type them, with their text where there is one."""
    made = []
    for line in (folder / name).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if "turns" in row:
            made += row["turns"]
            continue
        given = row["instances"][0]["input"].strip()
        made.append(f"{row['instruction'].strip()}\n\n{given}".strip()[:1_500])
    return made


def documents(*, held: bool, longest: int = 60_000) -> Iterator[tuple[str, str]]:
    """(package, text) of documentation on this machine, by package: no package is on both sides."""
    roots = (
        (Path("/usr/share/doc"), ("*.txt", "README*", "*.html", "*.md", "copyright", "NEWS*")),
        (Path(get_paths()["purelib"]), ("METADATA", "*.md", "*.rst", "*LICENSE*")),
    )
    for root, patterns in roots:
        for package in sorted(root.iterdir()):
            if package.is_dir() and not package.is_symlink() and is_held(package.name.split("-")[0].lower()) == held:
                for path in sorted({path for pattern in patterns for path in package.rglob(pattern)})[:12]:
                    if path.is_file() and path.stat().st_size < 3_000_000:
                        text = _read(path)[:longest]
                        yield package.name, re.sub(r"<[^>\n]{1,200}>", " ", text) if ".html" in path.name else text


def _read(path: Path) -> str:
    held = path.read_bytes()
    return (gzip.decompress(held) if path.suffix == ".gz" else held).decode("utf-8", "replace")


def cuttings(rng: random.Random, texts: list[str], amount: int, length: int) -> list[str]:
    """Stretches of about `length` characters, between blanks."""
    made = []
    long_enough = [text for text in texts if len(text) > length + 100]
    for _ in range(amount):
        text = rng.choice(long_enough)
        start = rng.randrange(len(text) - length)
        start = text.find(" ", start) + 1
        made.append(text[start : start + length])
    return made


def questions(texts: list[str]) -> list[str]:
    """Sentences of documents that ask something."""
    return sorted({found.group(1) for text in texts for found in _QUESTION.finditer(text)})


def _shingles(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1)))
