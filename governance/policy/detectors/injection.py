"""Orders to the model inside a text that should only inform it.

Structure is what this looks at: who is addressed, which role a line claims to have, what is hidden from a
reader's eye. It is a help, not a guarantee: an order in polite, ordinary words passes. What keeps an order
from doing harm is that the model has no tools and that access is decided before it reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

from governance.policy.detectors import hidden_text
from governance.policy.detectors.base import Detector, Finding
from governance.policy.detectors.control_tokens import TOKEN
from governance.policy.detectors.scan import Expression, Sieve, fold

REACH = 320  # characters: no expression below is longer


class _Sign(NamedTuple):
    type: str
    expression: Expression
    score: float
    reason: str


_MODEL = (
    r"(?:ai|a\.i\.|llm|language[ -]models?|(?:ai|virtual|chat)[ -]?(?:assistant|model|agent"
    r"|bot)s?|assistants?|chatbots?|chatgpt|gpt|claude|copilot|gemini)"
)
_GAP = r"[^.\n!?]{0,40}?"
_OBEY = (
    r"(?:you (?:must|should|shall|will|have to|are (?:now|required))|please|do not|don't|ignore|disregard"
    r"|forget|always|never|reply|respond|answer|say|output|print|from now on|instead)"
)
_TEXT = r"(?:instructions?|prompts?|directives?|guidelines?|programming|system messages?)"

_SOURCES = (
    (
        "override",
        (
            rf"\b(?:ignore|disregard|forget|bypass|do not follow|stop following){_GAP}\b(?:previous|prior"
            r"|above|earlier|preceding|foregoing|existing|original|initial|system|your"
            rf"|all)\b{_GAP}\b{_TEXT}\b"
        ),
        0.9,
        "tells the reader to ignore its instructions",
    ),
    (
        "override",
        (
            rf"\b(?:ignoriere|ignorieren sie|vergiss|vergessen sie|missachte|missachten sie){_GAP}\b"
            rf"(?:vorherigen?|bisherigen?|obigen?|fr\xfcheren?|alle|deine|ihre)\b{_GAP}\b(?:anweisungen"
            r"|befehle|instruktionen|vorgaben|regeln|prompts?)\b"
        ),
        0.9,
        "tells the reader to ignore its instructions",
    ),
    (
        "override",
        (
            rf"\b(?:ignorez?|oubliez?|ignora|olvida|dimentica)\b{_GAP}\b(?:instructions?|consignes"
            rf"|instrucciones|istruzioni)\b{_GAP}\b(?:pr\xe9c\xe9dentes|ant\xe9rieures|anteriores|previas"
            r"|precedenti)\b"
        ),
        0.9,
        "tells the reader to ignore its instructions",
    ),
    (
        "role",
        (
            rf"(?:^|\n)[ \t>#*\[]{{0,8}}(?:system|developer|assistant)(?: (?:prompt|message|override|note"
            rf"|instructions?))?[\]*]{{0,3}}[ \t]{{0,3}}:[ \t*]{{0,4}}(?:{_OBEY}|you are|new )\b"
        ),
        0.85,
        "a line that claims to speak as the system",
    ),
    (
        "role",
        rf"</?(?:system|assistant|instructions?|prompt)>[\s]{{0,4}}(?:{_OBEY}|you are|new )\b",
        0.85,
        "a tag that claims to speak as the system",
    ),
    (
        "role",
        (
            r"(?:^|\n)[ \t>#*=-]{0,8}(?:begin|end|start of|new|updated)[ \t]+(?:system|developer|admin)[ \t]+"
            r"(?:prompt|message|instructions?)\b"
        ),
        0.8,
        "a line that claims to open a system prompt",
    ),
    (
        "addressed",
        rf"\bif (?:you are|you're|this is (?:being )?read by) an? (?:\w{{1,15}} )?{_MODEL}\b",
        0.85,
        "speaks to a model that reads it",
    ),
    (
        "addressed",
        (
            rf"\b(?:instructions?|notes?|messages?|attention|notice)[ \t]{{0,2}}(?:for|to|:)[ \t]{{0,2}}"
            rf"(?:the |any |all )?(?:reading )?{_MODEL}\b[^.\n]{{0,30}}?(?:[:,.]|reading|processing"
            rf"|summari[sz]ing)[^.\n]{{0,40}}?{_OBEY}\b"
        ),
        0.85,
        "speaks to a model that reads it",
    ),
    (
        "addressed",
        rf"\b(?:dear|attention|hey|hello)[ ,]{{1,2}}{_MODEL}\b[ ,:!.]{{1,3}}{_GAP}{_OBEY}\b",
        0.85,
        "speaks to a model that reads it",
    ),
    (
        "persona",
        (
            r"\byou are now (?:dan\b|an? (?:unrestricted|uncensored|unfiltered|evil|jailbroken)\b|in "
            r"(?:developer|god|admin|debug|jailbreak|maintenance) mode)"
        ),
        0.85,
        "gives the reader another role",
    ),
    (
        "persona",
        r"\b(?:enter|enable|activate|switch to) (?:developer|god|jailbreak|dan|unrestricted) mode\b",
        0.75,
        "gives the reader another role",
    ),
    (
        "disclosure",
        (
            rf"\b(?:reveal|print|repeat|output|show|disclose|leak|display){_GAP}\b(?:your|the|its)\b{_GAP}\b"
            r"(?:system prompt|hidden (?:prompt|instructions?)|initial (?:prompt|instructions?))"
        ),
        0.8,
        "asks for the model's own instructions",
    ),
    (
        "concealment",
        (
            r"\bdo(?: not|n't) (?:mention|tell|reveal|disclose|inform|show|say)[^.\n]{0,50}?\b(?:these|this"
            r"|those) (?:instructions?|prompts?|messages?|notes?)\b"
        ),
        0.8,
        "asks to keep itself secret",
    ),
    (
        "concealment",
        (
            r"\b(?:without|do not|don't|never) (?:telling|tell|informing|inform|notify(?:ing)?|alert"
            r"(?:ing)?) the user\b[^.\n]{0,40}?\b(?:instruction|prompt|message|about this)"
        ),
        0.75,
        "asks to keep itself secret",
    ),
    (
        "steering",
        (
            r"\bwhen(?:ever)? (?:asked|you (?:are asked|answer|summari[sz]e|respond|reply)|answering"
            r"|summari[sz]ing|responding)[^.\n]{0,80}?\b(?:you must|always|only) (?:say|reply|respond"
            r"|answer|recommend|include|state|claim|output)\b"
        ),
        0.75,
        "prescribes what a model is to answer",
    ),
    (
        "exfiltration",
        (
            r"\b(?:send|append|post|forward|upload|encode|embed|include)[^.\n]{0,40}?\b(?:conversation"
            r"|chat history|user's (?:question|message|data)|previous messages"
            r"|context window)\b[^\n]{0,60}?(?:https?://|url|link|image|webhook)"
        ),
        0.85,
        "asks to send a conversation elsewhere",
    ),
)

_SIGNS = tuple(_Sign(kind, Expression(text, ignore_case=True), score, reason) for kind, text, score, reason in _SOURCES)
_SIEVE = Sieve([sign.expression for sign in _SIGNS])


class Injection(Detector):
    """Option: `types`, to look for some only."""

    name: ClassVar[str] = "injection"
    types: ClassVar[frozenset[str]] = frozenset({*(sign.type for sign in _SIGNS), "control_token", "hidden_text"})
    options: ClassVar[frozenset[str]] = frozenset({"types"})

    def detect(self, text: str, options: Mapping[str, object]) -> list[Finding]:
        wanted = self.wanted(options)
        found = [finding for finding in _all(text) if finding.type in wanted]
        return sorted(found, key=lambda finding: (finding.start, finding.end))

    def settled(self, text: str, options: Mapping[str, object]) -> int:
        """A sign is no longer than `REACH`."""
        return max(0, len(text) - REACH)


def _all(text: str) -> Iterator[Finding]:
    folded = fold(text)
    may_match = _SIEVE.may_match(folded)
    for sign in (sign for place, sign in enumerate(_SIGNS) if place in may_match):
        for match in sign.expression.find(folded):
            yield Finding(sign.type, match.start, match.end, sign.score, sign.reason)
    for found in TOKEN.finditer(text):
        yield Finding("control_token", found.start(), found.end(), 0.95, "a token that marks turns in a chat template")
    for expression, score, reason in (
        (hidden_text.TAGS, 1.0, "text in characters nobody sees"),
        (hidden_text.INVISIBLE, 0.8, "a run of invisible characters"),
    ):
        for found in expression.finditer(text):
            yield Finding("hidden_text", found.start(), found.end(), score, reason)
