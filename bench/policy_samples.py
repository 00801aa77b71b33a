"""Generated texts whose truth is known: credentials, and structured personal data.

Everything is drawn from a seeded generator; checksums are computed here, apart from the detectors' own. Only
telephone numbers vary the examples of the numbering plans that the detector also uses.
"""

from __future__ import annotations

import base64
import calendar
import random
import re
import string
from collections.abc import Callable
from dataclasses import dataclass

import phonenumbers

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


@dataclass(frozen=True)
class Sample:
    """`text` with the true spans (start, end, type) in it."""

    text: str
    truth: tuple[tuple[int, int, str], ...]


def _pick(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


def mark(secret: str) -> str:
    """The part of a credential that must not be seen, where the words around it may."""
    return f"\x02{secret}\x03"


def _jwt(rng: random.Random) -> str:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    payload = part(f'{{"sub":"{_pick(rng, string.digits, 8)}","exp":19{_pick(rng, string.digits, 8)}}}')
    head = part('{"alg":"HS256","typ":"JWT"}')
    return f"{head}.{payload}.{_pick(rng, ALNUM + '-_', 43)}"


def _private_key(rng: random.Random) -> str:
    kind = rng.choice(["RSA ", "EC ", "OPENSSH ", "", "ENCRYPTED "])
    lines = [_pick(rng, ALNUM + "+/", 64) for _ in range(rng.randint(2, 26))]
    return "\n".join([f"-----BEGIN {kind}PRIVATE KEY-----", *lines, f"-----END {kind}PRIVATE KEY-----"])


def password(rng: random.Random) -> str:
    """As people make them: a word, a year, a sign; or drawn at random."""
    word = rng.choice(["Sommer", "Winter", "Welcome", "dragon", "Berlin", "monkey", "Passw0rd", "chancery", "Tiger"])
    made = f"{word}{rng.randint(1, 2030)}{rng.choice(['!', '', '#', '$', '?x'])}"
    return rng.choice([made, _pick(rng, ALNUM + "!#%&*+-_=?", rng.randint(10, 20)) + "7"])


KEYS: dict[str, Callable[[random.Random], str]] = {
    "aws_id": lambda rng: rng.choice(["AKIA", "ASIA"]) + _pick(rng, string.ascii_uppercase + "234567", 16),
    "github": lambda rng: rng.choice(["ghp_", "gho_", "ghs_"]) + _pick(rng, ALNUM, 36),
    "github_pat": lambda rng: f"github_pat_{_pick(rng, ALNUM, 22)}_{_pick(rng, ALNUM, 59)}",
    "gitlab": lambda rng: "glpat-" + _pick(rng, ALNUM + "-_", 20),
    "slack": lambda rng: (
        f"xoxb-{_pick(rng, string.digits, 12)}-{_pick(rng, string.digits, 12)}-{_pick(rng, ALNUM, 24)}"
    ),
    "slack_hook": lambda rng: (
        f"https://hooks.slack.com/services/T{_pick(rng, ALNUM, 8)}/B{_pick(rng, ALNUM, 8)}/" + _pick(rng, ALNUM, 24)
    ),
    "stripe": lambda rng: rng.choice(["sk_live_", "rk_live_", "sk_test_"]) + _pick(rng, ALNUM, 24),
    "openai": lambda rng: f"sk-proj-{_pick(rng, ALNUM + '-_', 74)}T3BlbkFJ{_pick(rng, ALNUM, 40)}",
    "openai_old": lambda rng: "sk-" + _pick(rng, ALNUM, 48),
    "anthropic": lambda rng: "sk-ant-api03-" + _pick(rng, ALNUM + "-_", 93) + "AA",
    "huggingface": lambda rng: "hf_" + _pick(rng, string.ascii_letters, 34),
    "npm": lambda rng: "npm_" + _pick(rng, ALNUM, 36),
    "pypi": lambda rng: "pypi-AgEIcHlwaS5vcmc" + _pick(rng, ALNUM + "-_", 120),
    "google": lambda rng: "AIza" + _pick(rng, ALNUM + "-_", 35),
    "google_oauth": lambda rng: "GOCSPX-" + _pick(rng, ALNUM + "-_", 28),
    "sendgrid": lambda rng: f"SG.{_pick(rng, ALNUM + '-_', 22)}.{_pick(rng, ALNUM + '-_', 43)}",
    "twilio": lambda rng: "SK" + _pick(rng, HEX, 32),
    "azure_storage": lambda rng: "AccountKey=" + mark(_pick(rng, ALNUM + "+/", 86) + "=="),
    "azure_client": lambda rng: f"{_pick(rng, ALNUM, 3)}8Q~{_pick(rng, ALNUM + '_~.-', 33)}Z",
    "digitalocean": lambda rng: "dop_v1_" + _pick(rng, HEX, 64),
    "databricks": lambda rng: "dapi" + _pick(rng, HEX, 32),
    "vault": lambda rng: "hvs." + _pick(rng, ALNUM + "-_", 90),
    "telegram": lambda rng: f"{_pick(rng, '123456789', 10)}:AA{_pick(rng, ALNUM + '-_', 33)}",
    "jwt": _jwt,
    "private_key": _private_key,
    "aws_secret": lambda rng: "AWS_SECRET_ACCESS_KEY=" + mark(_pick(rng, ALNUM + "/+", 40)),
    "dsn": lambda rng: (
        f"{rng.choice(['postgresql', 'mysql', 'redis', 'mongodb+srv', 'amqp'])}://app:"
        f"{mark(_pick(rng, ALNUM + '-_.!', 14))}@db{rng.randint(1, 9)}.internal:5432/main"
    ),
    "basic_auth": lambda rng: (
        f"https://svc-{_pick(rng, HEX, 4)}:{mark(_pick(rng, ALNUM, 12))}@repo.example.org/simple/"
    ),
    "bearer": lambda rng: "Authorization: Bearer " + mark(_pick(rng, ALNUM + "-_", 40)),
    "generic": lambda rng: (
        rng.choice(["api_key", "client_secret", "ACCESS_TOKEN", "x-api-key", "webhookSecret"])
        + rng.choice([" = ", ": ", "="])
        + f'"{mark(_pick(rng, rng.choice([ALNUM, HEX]), 32))}"'
    ),
    "spoken": lambda rng: (
        rng.choice(["my password is ", "The password for the VPN is ", "Passwort: ", "mein Passwort lautet "])
        + mark(password(rng))
    ),
    "env_password": lambda rng: rng.choice(["DB_PASSWORD=", 'password = "', "pwd: "]) + mark(password(rng)),
}

_FRAMES = (
    "Hi, could you check why {} is refused? It worked yesterday.",
    "Here is what I use:\n{}\nand it fails with 401.",
    "Der Eintrag lautet {} und sollte bis Freitag gelten.",
    "  {}\n",
    "We pasted ({}) into the form by mistake.",
    "see below\n\n```\n{}\n```\nthanks",
)


def keys(seed: int, each: int) -> list[tuple[str, Sample]]:
    """`each` samples of every kind of credential; the truth covers what was put in, with its name."""
    rng = random.Random(seed)
    made = []
    for kind, draw in KEYS.items():
        for _ in range(each):
            before, after = rng.choice(_FRAMES).split("{}")
            drawn = draw(rng)
            head, secret, tail = re.split("[\x02\x03]", drawn if "\x02" in drawn else mark(drawn))
            start = len(before) + len(head)
            text = f"{before}{head}{secret}{tail}{after}"
            made.append((kind, Sample(text, ((start, start + len(secret), kind),))))
    return made


def iban(rng: random.Random) -> str:
    country, shape = rng.choice(
        [
            ("DE", "n" * 18),
            ("AT", "n" * 16),
            ("FR", "n" * 23),
            ("GB", "aaaa" + "n" * 14),
            ("NL", "aaaa" + "n" * 10),
            ("ES", "n" * 20),
            ("CH", "n" * 17),
            ("BE", "n" * 12),
            ("PL", "n" * 24),
            ("IT", "a" + "n" * 22),
        ]
    )
    body = "".join(rng.choice(string.ascii_uppercase if place == "a" else string.digits) for place in shape)
    digits = "".join(str(int(letter, 36)) for letter in body + country + "00")
    whole = f"{country}{98 - int(digits) % 97:02d}{body}"
    return whole if rng.random() < 0.4 else " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))


def luhn_digit(digits: str) -> str:
    for last in string.digits:
        doubled = [int(d) if at % 2 == 0 else sum(divmod(2 * int(d), 10)) for at, d in enumerate((digits + last)[::-1])]
        if sum(doubled) % 10 == 0:
            return last
    raise AssertionError


def card(rng: random.Random) -> str:
    prefix, length = rng.choice([("4", 16), ("51", 16), ("55", 16), ("2223", 16), ("34", 15), ("37", 15), ("6011", 16)])
    digits = prefix + _pick(rng, string.digits, length - 1 - len(prefix))
    digits += luhn_digit(digits)
    cuts = (4, 10, 15) if length == 15 else (4, 8, 12, 16)
    grouped = rng.choice([" ", "-"]).join(digits[a:b] for a, b in zip((0, *cuts), cuts, strict=False))
    return digits if rng.random() < 0.4 else grouped


def tax_id(rng: random.Random) -> str:
    """Ten digits of which exactly one occurs twice, and the check digit of ISO 7064 mod 11,10."""
    digits = rng.sample(string.digits, 9)
    digits.insert(rng.randint(1, 9), digits[rng.randint(0, 8)])
    if digits[0] == "0":
        digits[0], digits[-1] = digits[-1], digits[0]
    if digits[0] == "0":
        return tax_id(rng)
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    whole = "".join(digits) + str((11 - product) % 10)
    return rng.choice([whole, f"{whole[:2]} {whole[2:5]} {whole[5:8]} {whole[8:]}"])


def pension_number(rng: random.Random) -> str:
    area = f"{rng.randint(2, 89):02d}{rng.randint(1, 28):02d}{rng.randint(1, 12):02d}{rng.randint(40, 99)}"
    initial, serial = rng.choice(string.ascii_uppercase), f"{rng.randint(0, 99):02d}"
    digits = area + f"{ord(initial) - 64:02d}" + serial
    total = sum(
        sum(map(int, str(int(d) * w))) for d, w in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)
    )
    whole = f"{area}{initial}{serial}{total % 10}"
    return rng.choice([whole, f"{whole[:2]} {whole[2:8]} {whole[8]} {whole[9:]}"])


def phone(rng: random.Random) -> str:
    region = rng.choice(["DE", "AT", "CH", "FR", "GB", "US"])
    kind = rng.choice([phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE])
    example = phonenumbers.example_number_for_type(region, kind)
    assert example is not None
    assert example.national_number is not None
    example.national_number += rng.randint(0, 99)
    if not phonenumbers.is_valid_number(example):
        return phone(rng)
    style = rng.choice(
        [
            phonenumbers.PhoneNumberFormat.INTERNATIONAL,
            phonenumbers.PhoneNumberFormat.E164,
            phonenumbers.PhoneNumberFormat.NATIONAL,
        ]
    )
    return phonenumbers.format_number(example, style)


def email(rng: random.Random) -> str:
    name = rng.choice(["anna.meier", "j.o'neil", "bob", "li_wei", "k.s+hr", "marie-claire"])
    host = rng.choice(["example.com", "mail.firma.de", "uni-bonn.co.uk"])
    return f"{name}{rng.choice(['', rng.randint(1, 99)])}@{host}"


def date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1935, 2008)
    names = calendar.month_name[1:]
    return rng.choice(
        [
            f"{day:02d}.{month:02d}.{year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day} {names[month - 1]} {year}",
            f"{names[month - 1]} {day}, {year}",
            f"{month}/{day}/{year}",
        ]
    )


def id_card(rng: random.Random) -> str:
    letters = "CFGHJKLMNPRTVWXYZ"
    number = rng.choice("LMNPRTVWXY") + _pick(rng, letters + string.digits * 2, 4) + _pick(rng, string.digits, 4)
    check = sum(int(place, 36) * (7, 3, 1)[at % 3] for at, place in enumerate(number)) % 10
    return rng.choice([number, f"{number}{check}"])
