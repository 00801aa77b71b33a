"""A follow-up made to stand alone: what it leaves out is carried over from the turn before, by rules, in English and German.

A question that leans on nothing is left as it is. One that does is searched together with what it leans on: "and in
Germany?" takes the place of "in France" in the question before; "How long is it valid?" gets that question's words beside it.
The words are shown in the receipt, so nothing has to read like a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.attribution import names
from ingestion.search import terms

CARRIED = 8  # words from the turn before
_DEEP = 3  # turns that may lean on one another

_OPENER = re.compile(
    r"\s*(?:(?:(?:ok(?:ay)?|thanks|thank you|danke|gut)[\s,.!]+)?"
    r"(?:and|und|but|aber|or|oder|also|auch|so|then|dann)\b[\s,]*"
    r"(?:(?:what|how)\s+(?:about|if)\b|(?:was|wie)\s+(?:ist|sieht|steht)\s+(?:es\s+)?(?:mit|um|bei)\b)?"
    r"|(?:what|how)\s+about\b|(?:was|wie)\s+(?:ist|sieht|steht)\s+(?:es\s+)?(?:mit|um|bei)\b"
    r"|(?:the\s+)?same\s+(?:for|in|with)\b|(?:und\s+)?das\s+gleiche\s+(?:für|in|bei)\b)[\s,]*",
    re.IGNORECASE,
)
# "IT" is a department, so these keep their case. "it" of "is it possible to …" points at nothing.
_POINTS = re.compile(
    r"\b(?:it|It|its|they|They|them|their|these|These|those|Those|he|He|she|She|him|his|her|hers)\b"
    r"|\b(?:[Tt]his|[Tt]hat)\s*(?=$|[?.,!]|(?:is|are|was|also|apply|applies|count|mean|include|happen|work|cost|last|take|"
    r"need|for|in|to|by|at|too|still|valid|allowed|paid)\b)"
    r"|\b(?:that|this|the other|the second|the first|the latter|the former)\s+one\b"
    r"|(?<!is )(?<!are )(?<!if )\bthere(?!\s+(?:is|are|was|were|a|an|any|be)\b)"
    r"|\b(?:dort|davon|dafür|dazu|darüber|darauf|daran|dabei|dagegen|deren|dessen|ihn|ihm|ihnen|derselbe|dasselbe|dieselbe)\b"
    r"|\b(?:gilt|ist|kostet|dauert|zählt|geht|wird|muss|darf|kann|bekomme ich|brauche ich|beantrage ich)\s+"
    r"(?:das|dies|es|er|sie)\b(?=\s*(?:$|[?.,!]|auch|für|in|bei|gültig|noch|dann|ab|bis|erlaubt|bezahlt))"
)
_EXPLETIVE = re.compile(
    r"\b(?:is|was|would|will)\s+it\s+(?:possible|allowed|ok|okay|true|necessary|safe|legal|permitted|mandatory|fine|normal)\b",
    re.IGNORECASE,
)
# "So" draws a line under what was said; "and" goes on with it.
_CONCLUDES = re.compile(
    r"\s*(?:(?:ok(?:ay)?|thanks|thank you|danke|gut)[\s,.!]+)?(?:so|then|dann|also)\b", re.IGNORECASE
)
# "Can employees bring their dogs?" names whose they are; "Who signs their contract?" does not.
_OWNERS = re.compile(
    r"\b(?:do|did|can|could|may|must|should|will|would|are|have)\s+(?:[\w-]+\s+){0,2}"
    r"(?:\w{3,}[^\W\ds]s|people|children|women|men|staff|everyone|everybody)\s",
    re.IGNORECASE,
)
_PREPOSITION = (
    r"in|for|at|from|with|on|during|after|before|under|as|to|by|outside|within|since|until|für|bei|mit|nach|ab|im|am|zum|"
    r"zur|als|vor|während|seit|bis|ohne|without"
)
_PHRASE = re.compile(rf"({_PREPOSITION})\s+(\S.*)", re.IGNORECASE)
_INTERROGATIVE = re.compile(
    r"\b(?:what|when|where|who|whom|whose|which|why|how|until|was|wann|wo|wer|wem|wen|welche[rsmn]?|warum|wieso|wie|wieviel|"
    r"woher|wohin|bis wann|ab wann)\b",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had|need|needs|get|gets|pay|pays|apply|"
    r"applies|ist|sind|war|waren|kann|können|darf|dürfen|muss|müssen|soll|sollen|wird|werden|hat|haben|gibt|gilt|gelten|"
    r"bekomme|bekommt|bekommen|brauche|braucht|brauchen)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(?:he|she|him|his|her|hers|they|them|their|ihn|ihm|er|sie|who)\b", re.IGNORECASE)
_PLACE = re.compile(r"\b(?:there|dort)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;.:]|\b(?:and|but|if|when|wenn|und|aber|falls|because|weil|or|oder)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_](?:[^\W_]|['’.,-](?=[^\W_]))*")
_NAME = r"[A-ZÄÖÜ][\w-]*(?:\s+[A-ZÄÖÜ][\w-]*)*"
# Of the words that are carried over these say least: what was asked is in them, and not what about.
_WEAK = frozenset(
    terms.terms(
        """get take make give go use work want need ask know tell find say mean happen much many long often soon early late
        please exactly also year day far ahead high big large small
        different bekommen nehmen machen geben gehen brauchen fragen sagen finden lange viel viele oft
        bitte genau gelten"""
    )
)


@dataclass(frozen=True)
class Turn:
    """What was asked, and what was answered."""

    question: str
    answer: str = ""


def standalone(question: str, earlier: Sequence[Turn]) -> str | None:
    """The question with what it leans on; None where it leans on nothing, or nothing came before. `earlier` is oldest first."""
    if not earlier or not leans(question):
        return None
    before = earlier[-1]
    base = standalone(before.question, earlier[:-1][-_DEEP:]) or before.question
    stated = _OPENER.sub("", question, count=1) if _OPENER.match(question) else question
    phrase = stated.strip().rstrip("?!. ").strip()
    if phrase and not _INTERROGATIVE.search(phrase) and not _VERB.search(phrase):
        return _placed(phrase, base)
    return attached(question, Turn(base, before.answer))


def attached(question: str, before: Turn) -> str | None:
    """The question with the words of the one before beside it; None where it has them all."""
    carried = _carried(question, before.question, before.answer)
    return f"{question.strip()} ({carried})" if carried else None


def telling(text: str) -> list[str]:
    """The terms of it that say what it is about."""
    return [one for one in terms.terms(text) if one not in _WEAK]


def has_verb(text: str) -> bool:
    return bool(_VERB.search(text))


def leans(question: str) -> bool:
    """Whether it says less than a question of its own would."""
    stated = question.strip()
    opener = _OPENER.match(stated)
    if opener and opener.group().strip() and _is_short(opener.group(), stated[opener.end() :]):
        return True
    if _is_pointing(stated):
        return True
    bare = stated.rstrip("?!. ")
    content = terms.terms(bare)
    if _INTERROGATIVE.search(bare) and not telling(bare):
        return True  # "Why?", "How long?", "Bis wann?"
    is_phrase = bool(_PHRASE.fullmatch(bare)) and not _VERB.search(bare) and not _INTERROGATIVE.search(bare)
    return is_phrase and len(content) <= 4


def _is_short(opener: str, rest: str) -> bool:
    """Openers begin whole questions too: "And how do I apply for parental leave?", "So, what is the dress code?"."""
    most = 3 if not _INTERROGATIVE.search(rest) else 1 if _CONCLUDES.match(opener) else 2
    return len(telling(rest)) <= most


def _is_pointing(question: str) -> bool:
    """At something that this very question has not named before."""
    expletive = [one.span() for one in _EXPLETIVE.finditer(question)]
    for found in _POINTS.finditer(question):
        before = question[: found.start()]
        clauses = _CLAUSE.split(before)
        is_named = len(clauses) > 1 and len(terms.terms(" ".join(clauses[:-1]))) >= 2
        is_named = is_named or (found.group() == "their" and bool(_OWNERS.search(clauses[-1])))
        if is_named or len(terms.terms(before)) >= 4:
            return False  # and so it is for all that follow: nothing is read once more for each of them
        if not any(start <= found.start() < end for start, end in expletive):
            return True
    return False


def _placed(phrase: str, base: str) -> str:
    """In the place of what is like it in the question before, or behind that question."""
    bare = base.strip().rstrip("?!. ")
    found = _PHRASE.fullmatch(phrase)
    if found:
        word, rest = found.groups()
        is_name = rest[0].isupper()
        like = _NAME if is_name else r"(?:the\s+|our\s+|a\s+|den\s+|die\s+|der\s+|dem\s+)?[a-zäöü][\w-]*"
        old = re.compile(rf"\b{word}\s+(?!how\b|which\b|what\b|wie\b)({like})", re.IGNORECASE if not is_name else 0)
        places = list(old.finditer(bare))
        if places:
            at = places[-1]
            return f"{bare[: at.start()]}{phrase}{bare[at.end() :]}?"
        return f"{bare} {phrase}?"
    if phrase[0].isupper() and (name := _like_name(phrase, bare)):
        return f"{bare[: name.start()]}{phrase}{bare[name.end() :]}?"
    return f"{bare}: {phrase}?"


def _like_name(phrase: str, base: str) -> re.Match[str] | None:
    """The last name in the question before, where the phrase is a name too."""
    held = names.required(base, [])
    if not names.required(f"about {phrase}", []):
        return None
    found = [one for one in re.finditer(_NAME, base) if set(terms.terms(one.group())) & held]
    return found[-1] if found else None


def _carried(question: str, base: str, answer: str) -> str:
    """The words of the question before that this one lacks, and the names of its answer where a person or place is meant."""
    held = set(terms.terms(question))
    kept: list[str] = []
    sources = [base]
    if _PERSON.search(question) or _PLACE.search(question):
        sources.append(" ".join(_names(answer)[:2]))
    for source in sources:
        for found in _WORD.finditer(source):
            words = terms.terms(found.group())
            if words and not set(words) & (held | _WEAK):
                held.update(words)
                kept.append(found.group())
    return " ".join(kept[:CARRIED])


def _names(answer: str) -> list[str]:
    required = names.required(answer, [answer])
    found = [one.group() for one in re.finditer(_NAME, answer) if set(terms.terms(one.group())) & required]
    return list(dict.fromkeys(found))
