"""Filters said in plain words: "in the travel policy", "in the 2024 report", "documents since March". Nothing is looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from ingestion.search import languages, terms

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
    rf"\b(?:in|from|per|under|according\s+to|within|see|by|of)\s+(?:the|our)\s+({_WORDS})({_KINDS_EN})\b((?:\s+(?:(?:of|for|from)\s+)?(?:19|20)\d\d)?)"
    rf"|\b(?:in|im|aus|laut|gemäß|nach|unter)\s+(?:(?:der|dem|den|unserer|unserem|unser)\s+)?({_WORDS})([\w-]*?)(?:{_KINDS_DE})\b"
    r"((?:\s+(?:(?:von|für|aus)\s+)?(?:19|20)\d\d)?)",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"\b[\w-]{1,200}\.(?:pdf|docx?|xlsx?|pptx?|md|txt|html?|odt|ods|odp|csv|eml|rtf|epub)\b", re.IGNORECASE
)
_POSSESSIVE = re.compile(r"['’]s\b", re.IGNORECASE)
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
_ABOUT = r"documents?|files?|uploads?|uploaded|dokumente?|dateien|hochgeladen\w*"
# These do where they stand beside the date, or are what is asked: "what is new", and not "which new rates hold".
_CHANGED = (
    r"added|changed|changes?|new|news|updated|updates?|published|geändert\w*|neu|neues|neuerungen|änderung(?:en)?|"
    r"aktualisiert\w*|veröffentlicht\w*"
)
_SINCE = r"\b(?P<said>since|after|seit|ab)\s+(?:the\s+|dem\s+)?"
_DATES = tuple(
    re.compile(rf"{_SINCE}{written}\b", re.IGNORECASE)
    for written in (
        r"(?P<year>\d{4})-(?P<number>\d\d)-(?P<day>\d\d)",
        r"(?P<day>\d{1,2})\.\s?(?P<number>\d{1,2})\.\s?(?P<year>\d{4})",
        rf"(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{{4}}))?",
        rf"(?:(?P<day>\d{{1,2}})\.?(?:st|nd|rd|th)?\s+)?(?P<month>{_MONTH})\.?(?:,?\s+(?P<year>\d{{4}}))?",
        r"(?P<year>\d{4})",
    )
)
_MEANT = re.compile(rf"\b(?:{_ABOUT})\b", re.IGNORECASE)
_NEWS = re.compile(
    rf"\bwhat(?:(?:['’]s|\s+(?:is|are|was|were|has|have|been))+\s+(?:{_CHANGED})|\s+changed)\b"
    rf"|\bwas\s+(?:\w+\s+){{1,2}}(?:{_CHANGED})\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(rf"\b(?:{_ABOUT}|{_CHANGED})\s+\Z", re.IGNORECASE)
_BEHIND = re.compile(rf"\s+(?:[\w-]+\s+)?(?:{_CHANGED})\b", re.IGNORECASE)
_LOOKED_AT = 40  # characters before a date
# "In Austria can we plan …" and "in Spanien einen Vertrag" name no plan and no contract.
_BREAKS = (languages.LANGUAGES["en"].stop_words | languages.LANGUAGES["de"].stop_words) - frozenset(
    ["and", "or", "of", "for", "to", "from", "on", "at", "with", "und", "oder", "von", "für", "aus", "zu", "zum", "zur"]
)
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
        told = _POSSESSIVE.sub("", f"{english or german} {compound.strip('-')} {year or jahr}")
        written = re.findall(r"[^\W_][\w&-]*", told)
        if any(word.lower() in _BREAKS and not word.isupper() for word in written):
            continue
        words = [word for word in written if not set(terms.terms(word)) <= _FILLERS]
        kept = tuple(
            word for word in words if terms.terms(word) and word.lower() not in {"von", "für", "aus", "for", "from"}
        )
        if kept:
            found.append(Document(match.group().strip(), kept))
    return found


def since(question: str, today: date) -> Since | None:
    """From which day on documents are meant. What is said without a year is the last one that has come."""
    found = [match for pattern in _DATES if (match := pattern.search(question))]
    if not found:
        return None
    match = min(found, key=lambda one: one.start())
    if not _is_of_documents(question, match):
        return None
    told = {"day": None, "month": None, "number": None, "year": None} | match.groupdict()
    month = _MONTHS[terms.folded(told["month"])] if told["month"] else int(told["number"] or 1)
    day = int(told["day"] or 1)
    year = int(told["year"] or today.year - ((month, day) > (today.month, today.day)))
    try:
        return Since(match.group(), date(year, month, day))
    except ValueError:  # the 31st of February
        return None


def _is_of_documents(question: str, date_said: re.Match[str]) -> bool:
    """Whether they came since that day: what holds "after May" or "ab Mai" is asked of more often than what was uploaded then."""
    if _BEFORE.search(question[max(0, date_said.start() - _LOOKED_AT) : date_said.start()]):
        return True
    if date_said["said"].lower() not in {"since", "seit"}:
        return False
    return bool(_MEANT.search(question) or _NEWS.search(question) or _BEHIND.match(question, date_said.end()))
