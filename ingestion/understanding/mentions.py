"""Filters said in plain words: "in the travel policy", "in the 2024 report", "documents since March". Nothing is looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from ingestion.search import terms

_KINDS_EN = (
    "policy|policies|handbook|guide|guideline|guidelines|report|manual|document|plan|agreement|contract|rules|regulations|"
    "statement|faq|minutes|memo|presentation|spreadsheet|sheet|file|pdf|procedure|specification|notice|overview|checklist|"
    "newsletter|datasheet|data sheet|runbook|casebook|register|postmortem|terms|notes"
)
_KINDS_DE = (
    "richtlinien?|handbuch|leitfaden|berichts?|dokument|vertrag|vereinbarung|ordnung|regelung|protokoll|anleitung|merkblatt|"
    "plan|datei|datenblatt|übersicht|bedingungen"
)
_WORDS = r"(?:[\w'’&-]+\s+){0,5}?"
_NAMED = re.compile(
    rf"\b(?:in|from|per|under|according\s+to|within|see|by|of)\s+(?:the|our)\s+({_WORDS})({_KINDS_EN})\b((?:\s+(?:of|for|from)?\s*(?:19|20)\d\d)?)"
    rf"|\b(?:in|im|aus|laut|gemäß|nach|unter)\s+(?:der|dem|den|unserer|unserem|unser)?\s*({_WORDS})([\w-]*?)(?:{_KINDS_DE})\b"
    r"((?:\s+(?:von|für|aus)?\s*(?:19|20)\d\d)?)",
    re.IGNORECASE,
)
_FILE = re.compile(r"\b[\w-]+\.(?:pdf|docx?|xlsx?|pptx?|md|txt|html?|odt|ods|odp|csv|eml|rtf|epub)\b", re.IGNORECASE)
_MONTHS = {
    name: number
    for number, spelled in enumerate(
        (
            "january januar jan", "february februar feb", "march märz mar", "april apr", "may mai", "june juni jun",
            "july juli jul", "august aug", "september sept sep", "october oktober oct okt", "november nov",
            "december dezember dec dez",
        ),
        1,
    )
    for name in spelled.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
# A date alone is mostly part of what is asked ("who has been here since 2020?"): these words say that documents are meant.
_ABOUT = (
    r"(?:documents?|files?|uploads?|uploaded|added|changed|changes|new|news|updated|updates|published|dokumente?|dateien|"
    r"hochgeladen\w*|geändert\w*|neu\w*|änderungen|aktualisiert\w*|veröffentlicht\w*)"
)
_SINCE = re.compile(
    rf"\b(?:since|after|seit|ab)\s+(?:the\s+|dem\s+)?(?:(?:(\d{{1,2}})\.?(?:st|nd|rd|th)?\s+)?({_MONTH})\.?(?:\s+(\d{{4}}))?|(\d{{4}})-(\d\d)-(\d\d)"
    r"|(\d{4}))\b",
    re.IGNORECASE,
)
_MEANT = re.compile(rf"\b{_ABOUT}\b", re.IGNORECASE)
_FILLERS = frozenset(
    terms.terms("new current old latest present valid company official internal neue aktuelle alte gültige")
)


@dataclass(frozen=True)
class Document:
    """`words` all stand in the name or title of what is meant; `said` is how it was put."""

    said: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Since:
    said: str
    day: date


def documents(question: str) -> list[Document]:
    """The documents that the question says it is about. "In the policy" says nothing that could be looked for."""
    found = [Document(one.group(), (one.group(),)) for one in _FILE.finditer(question)]
    for match in _NAMED.finditer(question):
        english, _, year, german, compound, jahr = match.groups(default="")
        told = f"{english or german} {compound.strip('-')} {year or jahr}"
        words = [word for word in re.findall(r"[^\W_][\w&-]*", told) if not set(terms.terms(word)) <= _FILLERS]
        kept = tuple(
            word for word in words if terms.terms(word) and word.lower() not in {"von", "für", "aus", "for", "from"}
        )
        if kept:
            found.append(Document(match.group().strip(), kept))
    return found


def since(question: str, today: date) -> Since | None:
    """From which day on documents are meant. A month without a year is the last one that has begun."""
    match = _SINCE.search(question)
    if match is None or not _MEANT.search(question):
        return None
    day, month, year, iso_year, iso_month, iso_day, bare = match.groups()
    try:
        if iso_year:
            return Since(match.group(), date(int(iso_year), int(iso_month), int(iso_day)))
        if bare:
            return Since(match.group(), date(int(bare), 1, 1))
        number = _MONTHS[terms.folded(month)]
        of = int(year) if year else today.year - (number > today.month)
        return Since(match.group(), date(of, number, int(day or 1)))
    except ValueError:  # the 31st of February
        return None
