"""Checks that no library has, or that must say how much of a candidate is the number."""

from __future__ import annotations

import ipaddress
import itertools
import re

# Length of an IBAN by country, from the SWIFT registry.
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
APART = frozenset(" .\xb7_/-")  # signs that people put between the groups of a number
_NINO_NEVER = frozenset({"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"})


def iban(candidate: str) -> int:
    """How many characters of `candidate` are an IBAN: expressions take too much, the country's length
    decides.
    """
    wanted = _IBAN_LENGTHS.get(candidate[:2].upper(), 0)
    taken, compact = 0, ""
    while taken < len(candidate) and len(compact) < wanted:
        if candidate[taken] not in APART:
            compact += candidate[taken].upper()
        taken += 1
    if not wanted or len(compact) != wanted:
        return 0
    digits = "".join(str(int(letter, 36)) for letter in compact[4:] + compact[:4])
    return taken if int(digits) % 97 == 1 else 0


def payment_card(candidate: str) -> int:
    """How many characters are a card number by prefix, length and Luhn's sum. A last group may belong to
    something else.
    """
    shorter = re.sub(r"[ .\xb7_/-][0-9]{1,3}\Z", "", candidate)
    for attempt in dict.fromkeys((candidate, shorter)):
        digits = re.sub(r"[ .\xb7_/-]", "", attempt)
        if len(set(attempt) & APART) < 2 and _issued(digits) and _luhn(digits) and len(set(digits)) > 1:
            return len(attempt)
    return 0


def spelled_card(candidate: str) -> int:
    """Digits one by one or in pairs stand in many tables: a card's are more mixed than those."""
    digits = re.sub(r"[^0-9]", "", candidate)
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(digits)}
    return payment_card(candidate) if len(set(digits)) >= 4 and len(steps) >= 4 else 0


def _issued(digits: str) -> bool:
    first, two, four, length = digits[0], int(digits[:2]), int(digits[:4]), len(digits)
    return (
        (first == "4" and length in (13, 16, 19))
        or ((51 <= two <= 55 or 2221 <= four <= 2720) and length == 16)
        or (two in (34, 37) and length == 15)
        or ((four == 6011 or two in (64, 65)) and length in (16, 19))
        or ((two in (36, 38, 39) or 300 <= int(digits[:3]) <= 305) and length in (14, 16))
        or (3528 <= four <= 3589 and length == 16)
        or (two == 62 and 16 <= length <= 19)
        or (two in (50, 56, 57, 58, 67) and length == 16)
    )


def _luhn(digits: str) -> bool:
    total = sum(map(int, digits[-1::-2])) + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return total % 10 == 0


def german_pension(candidate: str) -> bool:
    """Sozialversicherungsnummer: area, date of birth, initial, serial and a sum of weighted cross sums."""
    number = candidate.replace(" ", "")
    day, month = int(number[2:4]), int(number[4:6])
    if not 1 <= day <= 31 or not 1 <= month <= 12:
        return False
    digits = number[:8] + f"{ord(number[8]) - 64:02d}" + number[9:11]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(divmod(weight * int(digit), 10)) for weight, digit in zip(weights, digits, strict=True))
    return total % 10 == int(number[11])


def german_id_card(candidate: str) -> bool:
    """Nine places, and a digit that checks them where it is written; enough digits that no word looks like
    one.
    """
    number = candidate.rstrip("D<")
    if sum(map(str.isdigit, number)) < 2:
        return False
    return len(number) < 10 or _machine_readable(number[:9]) == int(number[9])


def _machine_readable(number: str) -> int:
    """The check digit of ICAO 9303: weights 7, 3, 1."""
    return sum(int(place, 36) * (7, 3, 1)[index % 3] for index, place in enumerate(number)) % 10


def british_insurance(candidate: str) -> bool:
    return candidate[:2] not in _NINO_NEVER


def passport(candidate: str) -> bool:
    """At least half of it digits, so that no word in capitals is taken for one."""
    return sum(map(str.isdigit, candidate)) * 2 >= len(candidate)


def email(candidate: str) -> int:
    return 0 if ".." in candidate or ".@" in candidate else len(candidate)


def ip_address(candidate: str) -> int:
    """Addresses that may belong to somebody: neither loopback nor multicast nor 0.0.0.0."""
    try:
        address = ipaddress.IPv4Address(candidate)
    except ValueError:
        return 0
    return len(candidate) if not (address.is_loopback or address.is_unspecified or address.is_multicast) else 0
