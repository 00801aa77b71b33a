"""Credentials: tokens with a known shape, private keys, passwords in addresses, in settings and in sentences.

The shapes that detect-secrets maintains are taken from its plugins by name (never the entropy and
public-address ones, which flag nearly every line) and run by RE2; what it misses is ours. A finding is the
credential itself, without the words around it, and holds no blank, except for a private key.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from governance.policy import seams
from governance.policy.detectors import apart, credentials, private_keys
from governance.policy.detectors.base import Detector, Finding
from governance.policy.detectors.scan import Expression, Sieve, fold

# Plugin module and class → the type reported. Those missing here either look around (which RE2 cannot), take
# whole lines, or guess by entropy; our own shapes cover what they would find.
PLUGINS: Mapping[tuple[str, str], str] = {
    ("aws", "AWSKeyDetector"): "aws_key",
    ("azure_storage_key", "AzureStorageKeyDetector"): "azure_key",
    ("discord", "DiscordBotTokenDetector"): "discord_token",
    ("github_token", "GitHubTokenDetector"): "github_token",
    ("mailchimp", "MailchimpDetector"): "mailchimp_key",
    ("openai", "OpenAIDetector"): "openai_key",
    ("pypi_token", "PypiTokenDetector"): "pypi_token",
    ("sendgrid", "SendGridDetector"): "sendgrid_key",
    ("slack", "SlackDetector"): "slack_token",
    ("square_oauth", "SquareOAuthDetector"): "square_token",
    ("stripe", "StripeDetector"): "stripe_key",
    ("telegram_token", "TelegramBotTokenDetector"): "telegram_token",
    ("twilio", "TwilioKeyDetector"): "twilio_key",
}

_REASONS = {
    "private_key": "a private key",
    "password": "a password given in words or as a setting",
    "api_key": "a key or token given in words or as a setting",
    "url_password": "a password inside an address",
    "jwt": "a signed web token",
}


# Their words stand before them, and a line may end between.
_NAMED = frozenset({"password", "api_key"})
_LINE_END = re.compile(r"(?<=\S)[ \t]{0,3}\r?\n[ \t>]{0,12}(?=\S)")


@dataclass(frozen=True)
class _Shape:
    type: str
    expression: Expression
    plausible: Callable[[str], bool]
    score: float
    exact: bool


class Secrets(Detector):
    """Option: `types`, to look for some only."""

    name: ClassVar[str] = "secrets"
    types: ClassVar[frozenset[str]] = frozenset(
        {*PLUGINS.values(), *(shape.type for shape in credentials.SHAPES), "private_key"}
    )
    options: ClassVar[frozenset[str]] = frozenset({"types"})

    def detect(self, text: str, options: Mapping[str, object]) -> list[Finding]:
        wanted = self.wanted(options)
        findings = [*_shaped(text, wanted), *_over_lines(text, wanted), *_put_together(text, wanted)]
        if "private_key" in wanted:
            findings += [
                Finding("private_key", start, end, 1.0, _REASONS["private_key"])
                for start, end in private_keys.blocks(text)
            ]
        return sorted(set(findings), key=lambda finding: (finding.start, finding.end, finding.type, finding.score))

    def settled(self, text: str, options: Mapping[str, object]) -> int:
        return min(seams.last_break(text), private_keys.open_from(text), apart.open_from(text))


def _over_lines(text: str, wanted: frozenset[str]) -> Iterator[Finding]:
    """What the words at the end of a line make a credential at the beginning of the next."""
    if "\n" in text:
        yield from _shaped(_LINE_END.sub(lambda end: " " * len(end.group()), text), wanted & _NAMED)


def _put_together(text: str, wanted: frozenset[str]) -> Iterator[Finding]:
    joined = apart.join(text, _is_whole)
    if joined is None:
        return
    for found in _shaped(joined.text, wanted):
        if _is_no_word(found.type, joined.text[found.start : found.end]):
            start, end = joined.span(found.start, found.end)
            yield Finding(found.type, start, end, found.score, f"{found.reason}, written apart or encoded")


def _is_whole(text: str) -> bool:
    """Whether a credential ends where this text does."""
    return any(found.end == len(text) for found in _shaped(text, Secrets.types))


def _is_no_word(kind: str, found: str) -> bool:
    """Words that were put together make long tokens too, such as "sk-learn…", but hardly ever digits."""
    return kind != "openai_key" or sum(map(str.isdigit, found)) >= 2


def _shaped(text: str, wanted: frozenset[str]) -> Iterator[Finding]:
    folded = fold(text)
    may_match = _sieve().may_match(folded)
    for place, shape in enumerate(_shapes()):
        if place not in may_match or shape.type not in wanted:
            continue
        reason = _REASONS.get(shape.type) or f"the shape of a credential ({shape.type.replace('_', ' ')})"
        for match in shape.expression.find(folded):
            start, end = match.inner
            end = end if shape.exact else credentials.trim(text, start, end)
            if end > start and shape.plausible(text[start:end]):
                yield Finding(shape.type, start, end, shape.score, reason)


@functools.cache
def _shapes() -> tuple[_Shape, ...]:
    own = [
        _Shape(
            each.type,
            Expression(each.pattern, ignore_case=each.ignore_case),
            each.plausible,
            each.score,
            each.exact,
        )
        for each in credentials.SHAPES
    ]
    return (*own, *_borrowed())


@functools.cache
def _sieve() -> Sieve:
    return Sieve([shape.expression for shape in _shapes()])


def _borrowed() -> Iterator[_Shape]:
    """Imported on first use: the plugins pull an HTTP client in, which nothing here calls."""
    for (module, plugin), kind in PLUGINS.items():
        for pattern in getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), plugin).denylist:
            source = pattern.pattern
            insensitive = bool(pattern.flags & 2)
            # A group in these is the secret only where the expression also holds its context, as for AWS.
            grouped = source.startswith("aws")
            whole = source if grouped else f"({source})"
            yield _Shape(kind, Expression(whole, ignore_case=insensitive), credentials.varied, 0.95, exact=False)
