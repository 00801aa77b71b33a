"""Secrets across every boundary: each byte of each kind once at the end of what has arrived and of a segment.

    python -m bench.policy_straddling [samples of each kind]

A trial leaks where what left by then is not the beginning of what the engine makes of the whole text: then a sign of the
secret left, or a mark was changed after it had been sent.
"""

from __future__ import annotations

import base64
import codecs
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench import policy_samples, policy_texts
from governance.policy import engine, segments
from governance.policy.rules import Action, Rule, Stage
from governance.policy.streaming import Gate

LONGEST = 200  # characters of a secret: a private key of few lines, since a trial is made for each pair of its places
_OUTPUT = frozenset({Stage.OUTPUT})
RULES: tuple[Rule, ...] = (
    Rule("secrets", _OUTPUT, "secrets", Action.REDACT, 0.6, "A key was removed."),
    Rule("personal", _OUTPUT, "pii", Action.REDACT, 0.6, "Personal data was removed."),
    Rule("tokens", _OUTPUT, "control_tokens", Action.REDACT, 0.6, "A control token was removed."),
    Rule(
        "projects",
        _OUTPUT,
        "pattern",
        Action.REDACT,
        0.5,
        "A codename was removed.",
        {"words": ["Projekt Grünspecht"], "expressions": [r"X-\d{4,6}"], "reach": 40, "type": "codename"},
    ),
)
_TOKEN = "ghp_aB3dE5gH7jK2mN4pQ6rS8tU1vW9xY0zC5bLk"
# Where signs of several bytes, or signs that nobody sees, are part of the secret or stand beside it.
_WIDE = {
    "password of umlauts": "mein Passwort lautet \x02Grüße-2024ß!\x03",
    "password after an emoji": "🔑 password: \x02Tr0ub4dor&3x\x03",
    "iban with joiners": "\x02" + "\u200d".join("DE89370400440532013000") + "\x03",
    "card in full-width digits": "card \x02" + "".join(chr(0xFEE0 + ord(d)) for d in "4111111111111111") + "\x03",
    "project name": "\x02Projekt Grünspecht\x03",
    "project number": "the number \x02X-12345\x03 is",
    "control token": "\x02<|im_start|>\x03",
    "key wrapped in a mail": f"> \x02{_TOKEN[:30]}\n> {_TOKEN[30:]}\x03\n> more text here",
    "key put together": f'\x02{_TOKEN[:20]}" + "{_TOKEN[20:]}\x03"',
    "key spelled apart": f"\x02{' '.join(_TOKEN)}\x03",
    "key in base64": f"\x02{base64.b64encode(f'the token is {_TOKEN}'.encode()).decode()}\x03",
}
KINDS = (*policy_samples.KEYS, *policy_texts.PERSONAL, *_WIDE)
_FILLER = "Die Regeln für Reisen stehen im Handbuch und gelten für alle Büros in Köln und Zürich "
_FIRST = "So war es ausgemacht. "
_AFTER = " und danach geht es über die Brücke 🚲 weiter. 次の文です。 The rest is in chapter four of it."


@dataclass(frozen=True)
class Counted:
    trials: int
    leaked: int


def drawn(kind: str, seed: int) -> tuple[str, str, str]:
    """What stands before a secret, the secret, and what stands after it: one that the engine finds in a whole text."""
    for attempt in range(200):
        head, secret, tail = _drawn(kind, random.Random(f"{kind} {seed} {attempt}"))
        if len(secret) <= LONGEST and _is_found(f"{head}{secret}{tail}{_AFTER}", secret):
            return head, secret, f"{tail}{_AFTER}"
    raise LookupError(f"no {kind} is found in a whole text")


def placed(parts: tuple[str, str, str], behind: int) -> policy_samples.Sample:
    """In a text where a segment begins after a first sentence, and is at its greatest `behind` characters into the
    secret.
    """
    head, secret, rest = parts
    room = segments.LIMIT - behind - len(head)
    filled = _FIRST + (_FILLER * 3)[: max(0, room - 1)] + " " * (room > 0)
    start = len(filled) + len(head)
    return policy_samples.Sample(f"{filled}{head}{secret}{rest}", ((start, start + len(secret), ""),))


def every_position(kind: str, seed: int, rules: Sequence[Rule] = RULES, *, whole: bool = False) -> Counted:
    """A segment at its greatest at each byte of the secret; that byte, and those around it, the last that has arrived.

    With `whole` each of its bytes is, at each of those places: a trial for every pair.
    """
    parts = drawn(kind, seed)
    trials = leaked = 0
    for behind in range(len(parts[1]) + 1):
        made = placed(parts, behind)
        cuts = _within(made, None if whole else behind)
        trials += len(cuts)
        leaked += not is_tight(rules, made.text, cuts)
    return Counted(trials, leaked)


def _within(made: policy_samples.Sample, behind: int | None) -> list[int]:
    """Bytes of the secret at which something has arrived: around a character of it, its first and last, or all."""
    ((start, end, _kind),) = made.truth
    before, size = len(made.text[:start].encode()), len(made.text[start:end].encode())
    if behind is None:
        return list(range(before, before + size + 1))
    at = len(made.text[: start + behind].encode())
    return sorted({before, before + size} | {one for one in range(at - 4, at + 5) if before <= one <= before + size})


def is_tight(rules: Sequence[Rule], text: str, cuts: Sequence[int]) -> bool:
    """Does nothing leave, of a text that arrives cut at these bytes, but the beginning of what may leave of all of it?"""
    may_leave = engine.evaluate(rules, Stage.OUTPUT, text).text
    gate, seen = Gate(rules), ""
    for chunk in arriving(text, cuts):
        seen += "".join(piece.text for piece in gate.feed(chunk))
        if gate.blocked is None and not may_leave.startswith(seen):
            return False
    seen += "".join(piece.text for piece in gate.finish())
    return gate.blocked is not None or seen == may_leave


def arriving(text: str, cuts: Sequence[int]) -> Iterator[str]:
    """As a reader of bytes hands it on: half a sign waits for its other half."""
    decoder, data = codecs.getincrementaldecoder("utf-8")(), text.encode()
    for start, end in zip((0, *cuts), (*cuts, len(data)), strict=True):
        yield decoder.decode(data[start:end], final=end == len(data))


def _drawn(kind: str, rng: random.Random) -> tuple[str, str, str]:
    """What stands before the secret, the secret, and what stands after it."""
    if kind in _WIDE:
        drawn = _WIDE[kind]
    elif kind in policy_samples.KEYS:
        drawn = policy_samples.KEYS[kind](rng)
    else:
        draw, phrases = policy_texts.PERSONAL[kind]
        drawn = rng.choice(phrases).replace("{}", f"\x02{draw(rng)}\x03")
    head, secret, tail = re.split("[\x02\x03]", drawn if "\x02" in drawn else f"\x02{drawn}\x03")
    return head, secret, tail


def _is_found(text: str, secret: str) -> bool:
    left = engine.evaluate(RULES, Stage.OUTPUT, text).text
    return not any(secret[at : at + 8] in left for at in range(max(1, len(secret) - 7)))


def main() -> None:
    each = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    trials = leaked = 0
    for kind in KINDS:
        counted = [every_position(kind, seed, whole=True) for seed in range(each)]
        of, bad = sum(one.trials for one in counted), sum(one.leaked for one in counted)
        trials, leaked = trials + of, leaked + bad
        print(f"{kind:26} {of:6,} positions  {bad:4} leaked")
    print(f"{'all':26} {trials:6,} positions  {leaked:4} leaked")
    sys.exit(1 if leaked else 0)


if __name__ == "__main__":
    main()
