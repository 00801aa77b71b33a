"""Sentences that state nothing that could be looked up, and those of them that decide the question all the same."""

from __future__ import annotations

import re

from ingestion.attribution import facts, spans
from ingestion.search import terms

_VERDICT = re.compile(r"\W*(?:yes|no|ja|nein|oui|non|sì|sí|si|nee|nej|sim|não)\b", re.IGNORECASE)
_DECIDES = re.compile(
    r"\b(?:can|could|may|might|must|shall|should|will|would|apply|applies"
    r"|kann|können|könnten?|muss|müssen|müssten?|soll(?:te)?n?|darf|dürfen|gilt|gelten)\b",
    re.IGNORECASE,
)
_SELF = re.compile(r"\b(?:I|[Ii]ch)\b")  # "I am not sure" says what the model knows
# Words that say yes or no, or join what decides to what it decides.
_DECIDING = frozenset(
    terms.terms(
        """please sure certainly yes ok okay important klar ja nein natürlich selbstverständlich course
        is amounts amount equals apply applies beträgt betragen gilt gelten liegt lautet
        oui non sì sí nee nej sim não"""
    )
)
# Of a greeting, a lead-in, and of what was found or not.
WORDS = _DECIDING.union(
    terms.terms(
        """hello hi dear welcome thanks thank sorry hope help helps assist glad happy here following follow list listed
        answer question summary overview information detail details step steps know known found find mention mentioned
        say state stated excerpt excerpts document documents provide provided according based see note let hallo guten
        liebe danke bitte gern gerne tut leid hilft helfen folgende folgenden folgt liste antwort frage zusammenfassung
        überblick information informationen schritt schritte wissen bekannt gefunden steht dokument dokumente
        unterlagen laut"""
    )
)


def is_verdict(sentence: str) -> bool:
    """Whether it says yes or no, or that something may, must or applies, and nothing beside: it states all that was asked, and
    holds nothing that could be looked up.
    """
    text = facts.bare(sentence)
    if not is_neutral(text):
        return False
    is_whole = _DECIDING.issuperset(terms.terms(text)) and not _is_open(text) and not _SELF.search(text)
    return bool(_VERDICT.match(text) or (is_whole and (spans.negations(text) or _DECIDES.search(text))))


def is_neutral(sentence: str) -> bool:
    """Whether there is nothing to support: a greeting, a lead-in, a question back, or that nothing was found."""
    text = facts.bare(sentence)
    if facts.values(text) or facts.codes(text):
        return False
    return _is_open(text) or WORDS.issuperset(terms.terms(text))


def _is_open(text: str) -> bool:
    return text.rstrip(" *_\n").endswith((":", "?"))
