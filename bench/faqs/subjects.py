"""What retrieval is tried on: texts, and questions with the one text that answers each.

FAQs and manuals as they are, and questions of one language asked of the texts in another, where a text is there in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from bench.faqs import manuals, material
from bench.faqs.manuals import Manual
from bench.faqs.material import Entry, Faq

# The texts' set, and whose questions are asked of them.
ACROSS = (
    ("debian", "debian-de"),
    ("debian", "debian-fr"),
    ("debian-de", "debian"),
    ("debian-fr", "debian"),
    ("debian-de", "debian-fr"),
    ("install-en", "install-de"),
    ("install-en", "install-sv"),
    ("install-de", "install-en"),
)


@dataclass(frozen=True)
class Asked:
    """`right` is the id of the text that answers."""

    id: str
    question: str
    right: str

    @property
    def is_for_fitting(self) -> bool:
        """Half of the questions, the same on every machine and whatever is added."""
        return sha256(self.id.encode()).digest()[0] % 2 == 0


@dataclass(frozen=True)
class Subject:
    """`texts` names the set whose texts are searched; `language` is that of the questions."""

    name: str
    language: str
    texts: str
    questions: tuple[Asked, ...]


def every() -> list[Faq | Manual]:
    return [*material.FAQS, *manuals.MANUALS]


def of(one: Faq | Manual, entries: Sequence[Entry]) -> Subject:
    asked = one.asked(list(entries)) if isinstance(one, Manual) else entries
    return Subject(one.name, one.language, one.name, tuple(Asked(each.id, each.question, each.id) for each in asked))


def across(entries: dict[str, list[Entry]]) -> Iterator[Subject]:
    """Of those sets that were read."""
    known = {one.name: one for one in every()}
    for texts, questions in ACROSS:
        if texts in entries and questions in entries:
            at = {each.place: each.id for each in entries[texts] if each.place}
            asked = tuple(
                Asked(f"{each.id}>{texts}", each.question, at[each.place])
                for each in entries[questions]
                if each.place in at
            )
            yield Subject(f"{questions} asked of {texts}", known[questions].language, texts, asked)


def text(entry: Entry) -> str:
    """As a Markdown document, under the heading that stands above its own."""
    return f"# {entry.above}\n\n{entry.answer}\n" if entry.above else f"{entry.answer}\n"
