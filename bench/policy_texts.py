"""Prose around the samples, and look-alikes that must not be taken for personal data."""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from sysconfig import get_paths

from bench.policy_samples import (
    Sample,
    card,
    date,
    email,
    iban,
    id_card,
    pension_number,
    phone,
    tax_id,
)


def _ssn(rng: random.Random) -> str:
    return f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"


def _nino(rng: random.Random) -> str:
    digits = f"{rng.randint(0, 999_999):06d}"
    prefix, suffix = rng.choice(["AB", "JM", "SC", "WE", "ZX"]), rng.choice("ABCD")
    return rng.choice([f"{prefix}{digits}{suffix}", f"{prefix} {digits[:2]} {digits[2:4]} {digits[4:]} {suffix}"])


def _passport(rng: random.Random) -> str:
    digits = string.digits
    german = rng.choice("CFGHJK") + "".join(rng.choice(digits + "CFGHJK" * 1) for _ in range(3))
    return rng.choice([german + "".join(rng.choices(digits, k=5)), "".join(rng.choices(digits, k=9))])


def _nir(rng: random.Random) -> str:
    body = f"{rng.choice('12')}{rng.randint(40, 99)}{rng.randint(1, 12):02d}{rng.randint(1, 95):02d}"
    body += f"{rng.randint(1, 990):03d}{rng.randint(1, 999):03d}"
    whole = f"{body}{97 - int(body) % 97:02d}"
    cuts = (1, 3, 5, 7, 10, 13, 15)
    return rng.choice([whole, " ".join(whole[a:b] for a, b in zip((0, *cuts), cuts, strict=False))])


PERSONAL: dict[str, tuple[Callable[[random.Random], str], tuple[str, ...]]] = {
    "iban": (
        iban,
        ("please transfer it to {} by Friday", "meine IBAN lautet {}", "Konto {}", "account ({}), as agreed"),
    ),
    "payment_card": (
        card,
        ("charge my card {} for the trip", "Kreditkarte {} ist abgelaufen", "I paid with {}"),
    ),
    "us_ssn": (_ssn, ("her SSN is {}", "social security number {}", "the form shows {}")),
    "de_tax_id": (tax_id, ("meine Steuer-ID ist {}", "tax ID: {}", "Steueridentifikationsnummer {}")),
    "de_social_security": (
        pension_number,
        ("Sozialversicherungsnummer {}", "my pension number is {}", "RVNR: {}"),
    ),
    "de_id_card": (id_card, ("Personalausweis Nr. {}", "identity card {}", "Ausweisnummer: {}")),
    "uk_nino": (_nino, ("my National Insurance number is {}", "NI no. {}", "payroll has {} on file")),
    "fr_nir": (_nir, ("numéro de sécurité sociale {}", "NIR : {}", "my French number is {}")),
    "passport": (_passport, ("passport number {}", "Reisepass Nr. {}", "my passport is {}")),
    "date_of_birth": (date, ("she was born on {}", "date of birth: {}", "Geburtsdatum: {}", "DOB {}")),
    "email": (email, ("write to {} instead", "E-Mail: {}", "my address is {}")),
    "phone": (phone, ("call me on {} tomorrow", "Tel.: {}", "phone {}", "my mobile is {}")),
}

_AROUND = (
    "Hello, I have a question about the travel rules. {}. Who decides that?",
    "Guten Tag, {}. Können Sie mir sagen, wie lange das dauert?",
    "As discussed in the meeting, {}. The rest is in chapter 4 of the handbook.",
    "{}",
    "For the record: {}; everything else stays as it was in 2023.",
)


def _isbn(rng: random.Random) -> str:
    return f"978-{rng.randint(0, 9)}-{rng.randint(100, 999)}-{rng.randint(10000, 99999)}-{rng.randint(0, 9)}"


def _wrong_iban(rng: random.Random) -> str:
    true = iban(rng)
    return true[:2] + f"{(int(true[2:4]) + rng.randint(2, 60)) % 97:02d}" + true[4:]


LOOKALIKES: tuple[Callable[[random.Random], str], ...] = (
    _isbn,
    _wrong_iban,
    lambda rng: f"order {rng.randint(10**9, 10**10 - 1)} was shipped",
    lambda rng: f"invoice RE-{rng.randint(2000, 2030)}-{rng.randint(10000, 99999)} is open",
    lambda rng: f"the meeting is on {date(rng)} in room {rng.randint(100, 999)}",
    lambda rng: f"version {rng.randint(1, 20)}.{rng.randint(0, 99)}.{rng.randint(0, 9999)} fixes it",
    lambda rng: f"commit {rng.getrandbits(160):040x} broke it",
    lambda rng: f"request {uuid.UUID(int=rng.getrandbits(128))} timed out",
    lambda rng: f"a turnover of {rng.randint(100, 999)} {rng.randint(100, 999)} {rng.randint(100, 999)} euros",
    lambda rng: f"between {rng.randint(1000, 1999)}-{rng.randint(2000, 2100)} and pages {rng.randint(10, 99)}-999",
    lambda rng: f"timestamp {rng.randint(1_500_000_000, 1_900_000_000)}.{rng.randint(0, 999_999)}",
    lambda rng: f"part no. {rng.choice('ABKX')}{rng.randint(100, 999)}-{rng.randint(1000, 9999)}-77",
    lambda rng: f"tracking code 1Z{rng.randint(10**15, 10**16 - 1)}",
    lambda rng: f"ISO 9001:2015, DIN EN {rng.randint(100, 99999)}-{rng.randint(1, 9)}:20{rng.randint(10, 24)}",
    lambda rng: f"clause {rng.randint(1, 20)}.{rng.randint(1, 20)}.1 and § {rng.randint(1, 900)} BGB",
    lambda rng: f"the pump costs {rng.randint(1, 9)},{rng.randint(100, 999)},{rng.randint(100, 999)}.50 USD",
)


def personal(seed: int, each: int) -> list[Sample]:
    """`each` samples of every type, each in prose with one look-alike beside it."""
    rng = random.Random(seed)
    samples = []
    for kind, (draw, phrases) in PERSONAL.items():
        for _ in range(each):
            value = draw(rng)
            sentence = rng.choice(phrases).replace("{}", value)
            text = rng.choice(_AROUND).replace("{}", f"{sentence}, and {rng.choice(LOOKALIKES)(rng)}")
            start = text.index(value)
            samples.append(Sample(text, ((start, start + len(value), kind),)))
    return samples


def benign(limit: int = 4_000_000, also: Iterable[tuple[str, Path]] = ()) -> Iterator[tuple[str, str]]:
    """(group, text) of documents nobody here wrote: licences, read-mes and descriptions of installed
    packages, the system's documentation, the standard library's source, and the documents of each further
    folder; at most `limit` characters each.
    """
    paths = get_paths()
    groups = {
        "packages": (
            Path(paths["purelib"]),
            ("**/*LICENSE*", "**/*README*", "**/METADATA", "**/*NOTICE*", "**/*.rst"),
        ),
        "system": (Path("/usr/share/doc"), ("**/copyright", "**/*.txt", "**/README*", "**/*.html")),
        "source": (
            Path(paths["stdlib"]),
            ("*.py", "email/*.py", "http/*.py", "asyncio/*.py", "json/*.py", "logging/*.py"),
        ),
    }
    groups |= {name: (root, ("**/*.rst", "**/*.md", "**/*.txt")) for name, root in also}
    for group, (root, patterns) in groups.items():
        left = limit
        for path in sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()}):
            text = path.read_text(encoding="utf-8", errors="replace")[:200_000]
            left -= len(text)
            if left < 0:
                break
            yield group, text
