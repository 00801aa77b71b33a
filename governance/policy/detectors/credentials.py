"""The shapes of credentials, and what makes a candidate one: placeholders, names and code are not."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_FILLERS = """
password passwd passwort passphrase pass pwd secret user username token apikey changeme change_me example
sample test testing dummy guest foobar foo bar baz none null true false undefined redacted removed hidden
value required optional string mypassword my-password placeholder todo tbd
"""
_PLACEHOLDERS = frozenset(_FILLERS.split())
_LOOKS_FILLED_IN = re.compile(
    r"(?i)xxxx|\*{3}|\.\.\.|<|>|\{|\}|\$\(|^\$[A-Z_]{2}|^%(?:[sd]$|\()|^your|example|placeholder|…"
)
_SAYS_WHAT_IT_IS = re.compile(r"(?i)\A[a-z_-]*(?:password|secret|token|[_-]key)[a-z_-]*\Z")
_ENTITY = re.compile(r"&(?:quot|lt|gt|amp|apos|#\d{1,4})\Z")
_LOOKS_LIKE_CODE = re.compile(
    r"[(\[\]]|::|->|=>|^(?:os|self|this|env|process|config|settings|request|args)\.|^[~.]{0,2}/|://|\\[nrt]"
)
# As programmers write words: lower, UPPER, Title, camelCase. "lMQF" is none of them, so "Ex-lMQF-dZg7" is no name.
_WRITTEN = r"(?:[a-z]+|[A-Z]+|[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,}|[A-Z]{2,5}(?![a-z]))*)"
_NAME = re.compile(rf"\A_*{_WRITTEN}(?:[._-]+{_WRITTEN}?\d{{0,2}})*\Z")
_WORD_OR_NUMBER = re.compile(r"\A(?:[A-Za-z]*\d{0,2}|\d+)\Z")
_SYMBOL = re.compile(r"[!@#$%^&*?+~=]")
_TRAILING = ".,;:)}]'\"`\\"


@dataclass(frozen=True)
class Shape:
    """`pattern` is RE2 over folded text; its first group is the credential, where there is one. `exact` means
    that the expression knows where it ends; otherwise the punctuation of the sentence around it is taken off.
    """

    type: str
    pattern: str
    plausible: Callable[[str], bool]
    score: float = 0.95
    ignore_case: bool = False
    exact: bool = False


def varied(value: str) -> bool:
    """Not a row of the same few characters, as in a manual."""
    return len(set(value[-20:])) >= 6 and "xxxx" not in value.lower()


def password(value: str) -> bool:
    """Worth calling a password: six characters or more, letters with digits or symbols, neither code nor a
    placeholder.
    """
    value = _ENTITY.sub("", value)
    if len(value) < 6 or _filled_in(value) or _LOOKS_LIKE_CODE.search(value):
        return False
    has_letter, has_digit = any(map(str.isalpha, value)), any(map(str.isdigit, value))
    has_symbol = bool(_SYMBOL.search(value.rstrip("=!?")))
    if not has_letter:
        return has_digit and has_symbol
    return (has_digit and not _NAME.match(value)) or has_symbol or (has_digit and not re.search(r"[._-]", value))


def generic_key(value: str) -> bool:
    """Random enough for a key: letters and digits, eight different ones, no name made of words."""
    if _filled_in(value) or _LOOKS_LIKE_CODE.search(value):
        return False
    if not any(map(str.isalpha, value)) or not any(map(str.isdigit, value)) or len(set(value)) < 8:
        return False
    parts = re.split(r"[._/-]", value)
    if len(parts) > 1 and all(_WORD_OR_NUMBER.match(part) for part in parts):
        return False
    return _entropy(value) >= 3.0


def url_password(value: str) -> bool:
    return len(value) >= 3 and not _filled_in(value) and not value.isdecimal()


def spoken_password(value: str) -> bool:
    """After "my password is" less is needed: a digit, a symbol or a capital within."""
    if len(value) < 4 or _filled_in(value) or _LOOKS_LIKE_CODE.search(value):
        return False
    return any(map(str.isdigit, value)) or bool(re.search(r"[!@#$%^&*?+~=]|[a-z][A-Z]", value))


def trim(text: str, start: int, end: int) -> int:
    """The end without the punctuation of the sentence around it. A password that ends so keeps that sign."""
    while end > start and text[end - 1] in _TRAILING:
        end -= 1
    return end


def _filled_in(value: str) -> bool:
    if value.lower() in _PLACEHOLDERS or _SAYS_WHAT_IT_IS.match(value):
        return True
    return bool(_LOOKS_FILLED_IN.search(value))


def _entropy(value: str) -> float:
    """Bits a character."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def _always(value: str) -> bool:
    return bool(value)


# A value runs to the next blank or quote; \x01 stands for characters outside Latin-1, where none goes on.
_VALUE = r"[^\s\x00-\x20\x01\"'`<>]"
_ASSIGN = r"\\?[\"'`\]]{0,2}[ \t]{0,3}(?::=|=>|[:=])[ \t]{0,3}\\?[\"'`]?"
_IS = r"(?:[ \t]+(?:is|was|are|ist|lautet|war|est|es)[ \t]{0,2}:?|[ \t]{0,2}:)[ \t]+"
_QUOTE = r"[\"'`]"
_NAMED = r"(?:password|passwd|passphrase|passcode|passwort|kennwort|mot de passe|contrase\xf1a|pwd|pw)"
_KEY_WORD = (
    r"(?:(?:api|access|auth|client|consumer|secret|encryption|signing|session|webhook|service|account|deploy"
    r"|bot|app|master|shared|storage|refresh|bearer|oauth|license|jwt|hmac)[ _.-]?"
    r"(?:key|token|secret|credential)s?|(?:^|[^a-zA-Z])(?:secret|token)|apikey)"
)


def _tokens() -> Iterator[Shape]:
    """Tokens that say themselves what they are."""
    known = {
        "aws_key": r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
        "azure_key": r"\b[A-Za-z0-9_~.]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}",
        "github_token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})",
        "gitlab_token": r"\b(?:gl(?:pat|dt|ft|soat|rt|cbt|ptt|imt|agent|oas|ffct)-|GR1348941)"
        r"[A-Za-z0-9_-]{20,}",
        "slack_token": r"\b(?:xox[abeoprs]-(?:[0-9]-)?[A-Za-z0-9-]{20,}|xapp-[0-9]-[A-Za-z0-9-]{20,})",
        "stripe_key": r"\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}=*)",
        "openai_key": r"\bsk-(?:(?:proj|svcacct|admin|or-v1|ant)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{32,})",
        "huggingface_token": r"\b(?:hf|api_org)_[A-Za-z0-9]{30,}",
        "npm_token": r"\bnpm_[A-Za-z0-9]{36,}",
        "pypi_token": r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
        "google_key": r"\b(?:AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,})",
        "digitalocean_token": r"\bdo[opr]_v1_[0-9a-f]{64}",
        "shopify_token": r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
        "databricks_token": r"\bdapi[0-9a-f]{32}(?:-[0-9])?\b",
        "vault_token": r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}",
        "mailgun_key": r"\bkey-[0-9a-f]{32}\b",
        "sendgrid_key": r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}",
        "atlassian_token": r"\bAT(?:ATT|CTT)3[A-Za-z0-9_=-]{50,}",
        "grafana_token": r"\bgl(?:sa|c)_[A-Za-z0-9+/=_]{32,}",
        "age_key": r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b",
        "slack_webhook": r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9_/]{20,}",
        "jwt": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    }
    for kind, pattern in known.items():
        yield Shape(kind, pattern, varied)


def _settings() -> Iterator[Shape]:
    """Values that only the words before them make a credential."""
    target = r"[\"'\]]{0,2}[ \t]{0,3}(?:=>|[:=]|is)[ \t]{0,3}[\"'`]?"
    aws = rf"(?:secret|aws)[A-Za-z_ .-]{{0,24}}{target}([A-Za-z0-9/+]{{40}})(?:[^A-Za-z0-9/+=]|$)"
    yield Shape("aws_key", aws, varied, 0.9, ignore_case=True)
    yield Shape("azure_key", r"(?:AccountKey|SharedAccessKey|[?&]sig)=([A-Za-z0-9+/%]{40,}={0,2})", varied)
    bearer = (
        r"authorization[\"']?[ \t]{0,2}[:=][ \t]{0,2}[\"']?(?:bearer|basic|token)[ \t]+"
        r"([A-Za-z0-9._~+/=-]{16,})"
    )
    yield Shape("api_key", bearer, varied, 0.9, ignore_case=True)
    yield Shape("api_key", r"_authToken=([A-Za-z0-9_.+/=-]{16,})", varied, 0.9)
    yield Shape("api_key", rf"{_KEY_WORD}{_ASSIGN}({_VALUE}{{16,}})", generic_key, 0.8, ignore_case=True)
    yield Shape("api_key", rf"{_KEY_WORD}{_IS}{_QUOTE}?({_VALUE}{{16,}})", generic_key, 0.75, ignore_case=True)


def _passwords() -> Iterator[Shape]:
    address = (
        r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s:/@\"'<>\x01]{0,100}:"
        r"([^\s/\x00-\x20\x01\"'`<>]+)@[A-Za-z0-9\[]"
    )
    yield Shape("url_password", address, url_password, 0.9, exact=True)
    yield Shape(
        "password",
        rf"(?:^|\s)(?:-u|--user)[ =]{_QUOTE}?[A-Za-z0-9_.@-]{{1,64}}:({_VALUE}{{4,}})",
        password,
        0.8,
    )
    yield Shape("password", rf"{_NAMED}{_ASSIGN}({_VALUE}{{6,}})", password, 0.8, ignore_case=True)
    purpose = r"(?:[ \t]+(?:for|to|f\xfcr|zum|zur|of|von|pour|de)(?:[ \t]+[A-Za-z0-9@._\xc0-\xff-]{1,40}){1,4}?)?"
    yield Shape(
        "password",
        rf"{_NAMED}{purpose}{_IS}{_QUOTE}?({_VALUE}{{6,}})",
        password,
        0.8,
        ignore_case=True,
    )
    mine = (
        rf"\b(?:my|our|mein|unser|mon|mi)(?:[ \t]+[A-Za-z\xc0-\xff-]{{1,20}}){{0,2}}[ \t]+{_NAMED}"
        rf"{purpose}{_IS}"
    )
    yield Shape("password", rf"{mine}({_VALUE}{{4,}})", spoken_password, 0.8, ignore_case=True)
    yield Shape("password", rf"{mine}{_QUOTE}({_VALUE}{{4,}}){_QUOTE}", _always, 0.8, ignore_case=True, exact=True)


SHAPES: tuple[Shape, ...] = (*_tokens(), *_settings(), *_passwords())
