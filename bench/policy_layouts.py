"""The same generated credentials as they really stand: in prose, code and JSON, wrapped, joined by a program, disguised."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Callable, Iterator

from bench.policy_samples import KEYS, mark

Signs = list[tuple[str, bool]]  # each sign, and whether it is one of the credential's

_PROSE = (
    "Hi, could you check why {} is refused? It worked yesterday, and the new colleague needs it on Monday.",
    "Der Eintrag lautet {} und sollte bis Freitag gelten, danach tauschen wir ihn aus.",
    "We pasted ({}) into the form by mistake, sorry for that.",
    "As far as I know the account of the night shift still works with {} but nobody has tried it since March.",
)
_CODE = (
    "def connect():\n    # left from the demo\n    value = '{}'\n    return Client(value)\n",
    'const settings = {{\n  note: "{}",\n  retries: 3,\n}};\n',
    "#!/bin/sh\nset -e\nexport NOTE={}\ncurl https://api.example.org/v1/items\n",
    "# TODO take this out: {}\nfor item in items:\n    print(item)\n",
    "<entry name='note'>{}</entry>\n",
)
_BESIDE = {"retries": 3, "endpoint": "https://api.example.org/v1", "names": ["a", "b"]}
_LIKE = str.maketrans(
    "aeopcxAEOPCXKMTBH",
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0410\u0415\u041e\u0420\u0421\u0425\u041a\u041c\u0422\u0412\u041d",
)
_WIDE = {code: code + 0xFEE0 for code in range(0x30, 0x7B) if chr(code).isalnum()}
# What has a beginning of its own is known again when it is spelled out; a password in words is not.
KNOWN = frozenset(
    [
        "aws_id",
        "github",
        "github_pat",
        "gitlab",
        "slack",
        "stripe",
        "openai",
        "openai_old",
        "anthropic",
        "huggingface",
        "npm",
        "pypi",
        "google",
        "google_oauth",
        "digitalocean",
        "databricks",
        "vault",
    ]
)


def signs(drawn: str) -> Signs:
    """A drawn credential, whose own part stands between marks where the words around it belong to it."""
    made, inside = [], False
    for sign in drawn if "\x02" in drawn else mark(drawn):
        if sign in "\x02\x03":
            inside = sign == "\x02"
        else:
            made.append((sign, inside))
    return made


def layouts(rng: random.Random) -> dict[str, Callable[[Signs], Signs]]:
    return {
        "prose": lambda key: _framed(rng.choice(_PROSE), key),
        "code": lambda key: _framed(rng.choice(_CODE).replace("{{", "{").replace("}}", "}"), key),
        "json": _json,
        "wrapped": lambda key: _wrapped(
            _framed(rng.choice(_PROSE), key), rng.randint(36, 76), rng.choice(("", "> ", "  "))
        ),
        "split": lambda key: _framed(rng.choice(_PROSE), _split(rng, key)),
    }


def disguises(rng: random.Random) -> dict[str, Callable[[Signs], Signs]]:
    return {
        "zero width": lambda key: _framed(rng.choice(_PROSE), _between(key, rng.choice("\u200b\u200d\u2060\u00ad"), 3)),
        "full width": lambda key: _framed(rng.choice(_PROSE), [(one.translate(_WIDE), own) for one, own in key]),
        "look-alikes": lambda key: _framed(
            rng.choice(_PROSE), [(one.translate(_LIKE) if own else one, own) for one, own in key]
        ),
        "signs between": lambda key: _framed("see {}", _between(key, rng.choice(" .\u00b7|"), 1)),
        "groups of four": lambda key: _framed("see {}", _between(key, rng.choice(" .\u00b7|"), 4)),
        "base64": lambda key: _framed(rng.choice(_PROSE), [(one, True) for one in _encoded(key)]),
    }


def keys(seed: int, each: int, *, disguised: bool = False) -> Iterator[tuple[str, str, str, set[int]]]:
    """(layout, kind, text, places of the credential) for `each` of every kind in every layout."""
    rng = random.Random(seed)
    for name, lay in (disguises(rng) if disguised else layouts(rng)).items():
        for kind, draw in KEYS.items():
            if name in ("signs between", "groups of four") and kind not in KNOWN:
                continue
            if disguised and kind == "private_key":
                continue
            for _ in range(each):
                made = lay(signs(draw(rng)))
                text = "".join(one for one, _ in made)
                yield name, kind, text, {place for place, (one, own) in enumerate(made) if own and not one.isspace()}


def _framed(frame: str, key: Signs) -> Signs:
    before, after = frame.split("{}", 1)
    return [*((one, False) for one in before), *key, *((one, False) for one in after)]


def _json(key: Signs) -> Signs:
    escaped = [(sign, own) for one, own in key for sign in json.dumps(one)[1:-1]]
    before, after = json.dumps(_BESIDE | {"note": "\x02"}, indent=2).split("\\u0002")
    return [*((one, False) for one in before), *escaped, *((one, False) for one in after)]


def _wrapped(text: Signs, width: int, prefix: str) -> Signs:
    """As a mail program does: at a blank, and inside a word that is longer than a line."""
    made: Signs = [(one, False) for one in prefix]
    column = 0
    for word in re.finditer(r"\s+|\S+", "".join(one for one, _ in text)):
        piece = text[word.start() : word.end()]
        if word.group().isspace() and "\n" not in word.group():
            made += piece
            column += len(piece)
            continue
        if column + len(piece) > width and column:
            made += [("\n", False), *((one, False) for one in prefix)]
            column = 0
        for one in piece:
            if column >= width:
                made += [("\n", False), *((sign, False) for sign in prefix)]
                column = 0
            made.append(one)
            column = 0 if one[0] == "\n" else column + 1
    return made


def _split(rng: random.Random, key: Signs) -> Signs:
    """A credential of 20 signs or more in two or three strings that a program joins; a shorter one on a line of its own."""
    own = [place for place, (_, is_own) in enumerate(key) if is_own]
    if len(own) < 20 or any(key[place][0] == "\n" for place in own):
        place = own[0] if own[0] and key[own[0] - 1][0] == " " else 0
        return [*key[:place], ("\n", False), *key[place:]]
    joint = rng.choice(('" +\n    "', "' \\\n    '", '"\n        "', "\\\n", "\n"))
    cuts = sorted(rng.sample(own[8:-6], rng.choice((1, 1, 2))))
    made: Signs = []
    for place, one in enumerate(key):
        if place in cuts:
            made += [(sign, False) for sign in joint]
        made.append(one)
    return made


def _between(key: Signs, sign: str, every: int) -> Signs:
    made: Signs = []
    counted = 0
    for one, own in key:
        if own and counted and counted % every == 0:
            made.append((sign, False))
        made.append((one, own))
        counted += own
    return made


def _encoded(key: Signs) -> str:
    return base64.b64encode("".join(one for one, _ in key).encode()).decode()
