"""What each number looks like, and how it is checked. Checksums come from python-stdnum where it has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stdnum.at import vnr
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ch import ssn as ch_ssn
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.us import ssn

from governance.policy.detectors import checksums


@dataclass(frozen=True)
class Kind:
    """`check` takes a candidate and returns how many of its characters are the number, 0 for none. `bare` is
    the score without a word of `context` before it; 0 means that only such a word makes it one.
    """

    type: str
    pattern: str
    check: Callable[[str], int]
    reason: str
    context: str = ""
    bare: float = 0.0
    ignore_case: bool = False


def _valid(is_valid: Callable[[str], bool]) -> Callable[[str], int]:
    """A yes or no about the whole candidate, as a length."""
    return lambda candidate: len(candidate) if is_valid(candidate) else 0


def _any(candidate: str) -> int:
    return len(candidate)


_MONTH = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|m\xe4rz|apr(?:il)?|may|mai|june?|juni|july?|juli"
    r"|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\.?"
)
_YEAR = r"(?:19|20)[0-9]{2}"
_DATE = (
    rf"\b(?:[0-9]{{1,2}}[./-][0-9]{{1,2}}[./-]{_YEAR}|{_YEAR}[-/][0-9]{{2}}[-/][0-9]{{2}}"
    rf"|[0-9]{{1,2}}(?:\.|st|nd|rd|th)? (?:of )?{_MONTH},? {_YEAR}|{_MONTH} [0-9]{{1,2}}(?:st|nd|rd"
    rf"|th)?,? {_YEAR})\b"
)

_APART = r"[ .\xb7_/-]"  # between the groups of a number; a check sees that it is the same each time

KINDS: tuple[Kind, ...] = (
    Kind(
        "email",
        r"\b[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}\b",
        checksums.email,
        "an e-mail address",
        bare=0.9,
    ),
    Kind(
        "iban",
        r"\b[A-Z]{2}[0-9]{2}(?:[ .\xb7_/-]?[A-Z0-9]{4}){2,7}(?:[ .\xb7_/-]?[A-Z0-9]{1,3})?",
        checksums.iban,
        "an account number with a valid checksum",
        bare=0.95,
    ),
    Kind(
        "iban",
        r"\b[a-z]{2}[0-9]{2}[a-z0-9]{11,30}\b",
        checksums.iban,
        "an account number with a valid checksum",
        bare=0.95,
    ),
    Kind(
        "payment_card",
        (
            rf"\b[2-6][0-9]{{3}}(?:[0-9]{{8,15}}|(?:{_APART}[0-9]{{4}}){{2,3}}"
            rf"(?:{_APART}[0-9]{{1,3}})?|{_APART}[0-9]{{6}}{_APART}[0-9]{{4,5}})\b"
        ),
        checksums.payment_card,
        "a payment card number with a valid checksum",
        bare=0.9,
    ),
    Kind(
        "payment_card",
        rf"\b[2-6](?:{_APART}[0-9]){{12,18}}\b|\b[2-6][0-9](?:{_APART}[0-9]{{2}}){{6,8}}\b",
        checksums.spelled_card,
        "a payment card number with a valid checksum, spelled out",
        bare=0.8,
    ),
    Kind(
        "us_ssn",
        r"\b[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}\b",
        _valid(ssn.is_valid),
        "a US social security number",
        r"social security|\bssn\b|\btin\b",
        bare=0.75,
    ),
    Kind(
        "us_ssn",
        r"\b[0-8][0-9]{2} ?[0-9]{2} ?[0-9]{4}\b",
        _valid(lambda text: ssn.is_valid(text.replace(" ", ""))),
        "a US social security number",
        r"social security|\bssn\b",
    ),
    Kind(
        "de_tax_id",
        r"\b[1-9][0-9](?: ?[0-9]{3}){3}\b",
        _valid(idnr.is_valid),
        "a German tax number with a valid checksum",
        r"steuer|tax|\bidnr|\btin\b|identifikationsn",
    ),
    Kind(
        "de_tax_id",
        r"\b[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}\b",
        _valid(idnr.is_valid),
        "a German tax number with a valid checksum",
        bare=0.7,
    ),
    Kind(
        "de_social_security",
        r"\b[0-9]{2} ?[0-3][0-9][01][0-9]{3} ?[A-Z] ?[0-9]{3}\b",
        _valid(checksums.german_pension),
        "a German social insurance number with a valid checksum",
        bare=0.9,
    ),
    Kind(
        "de_id_card",
        r"\b[LMNPRTVWXY][CFGHJKLMNPRTVWXYZ0-9]{8}[0-9]?(?:D|<<)?\b",
        _valid(checksums.german_id_card),
        "a German identity card number",
        r"ausweis|identity card|\bid[ -]?card|\bid (?:no|number|nr)",
    ),
    Kind(
        "uk_nino",
        r"\b(?:QQ|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]) ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b",
        _valid(checksums.british_insurance),
        "a UK national insurance number",
        bare=0.8,
    ),
    Kind(
        "fr_nir",
        r"\b[12] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b",
        _valid(nir.is_valid),
        "a French social security number with a valid checksum",
        r"s\xe9curit\xe9|\bnir\b|\bsocial",
        bare=0.75,
    ),
    Kind(
        "es_dni",
        r"\b[0-9]{8}-?[A-Z]\b",
        _valid(dni.is_valid),
        "a Spanish identity number with a valid letter",
        r"\bdni\b|\bnif\b|identi",
        bare=0.5,
    ),
    Kind(
        "es_nie",
        r"\b[XYZ]-?[0-9]{7}-?[A-Z]\b",
        _valid(nie.is_valid),
        "a Spanish foreigner's number with a valid letter",
        r"\bnie\b|identi",
        bare=0.7,
    ),
    Kind(
        "it_fiscal_code",
        r"\b[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-EHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]\b",
        _valid(codicefiscale.is_valid),
        "an Italian fiscal code with a valid checksum",
        bare=0.9,
    ),
    Kind(
        "nl_bsn",
        r"\b[0-9]{9}\b",
        _valid(bsn.is_valid),
        "a Dutch citizen number with a valid checksum",
        r"\bbsn\b|burgerservice|sofi",
    ),
    Kind(
        "pl_pesel",
        r"\b[0-9]{11}\b",
        _valid(pesel.is_valid),
        "a Polish citizen number with a valid checksum",
        r"\bpesel\b",
    ),
    Kind(
        "ch_ahv",
        r"\b756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}\b",
        _valid(lambda text: ch_ssn.is_valid(text.replace(" ", "."))),
        "a Swiss insurance number with a valid checksum",
        bare=0.9,
    ),
    Kind(
        "at_social_security",
        r"\b[1-9][0-9]{3} ?[0-3][0-9][01][0-9]{3}\b",
        _valid(vnr.is_valid),
        "an Austrian insurance number with a valid checksum",
        r"versicherung|\bsvnr|\bsv-n|social (?:security|insurance)",
    ),
    Kind(
        "be_national_number",
        r"\b[0-9]{2}\.[01][0-9]\.[0-3][0-9]-[0-9]{3}\.[0-9]{2}\b",
        _valid(nn.is_valid),
        "a Belgian national number with a valid checksum",
        bare=0.9,
    ),
    Kind(
        "se_personal_number",
        r"\b(?:19|20)?[0-9]{2}[01][0-9][0-3][0-9][-+][0-9]{4}\b",
        _valid(personnummer.is_valid),
        "a Swedish personal number with a valid checksum",
        r"person|\bssn\b|identi",
        bare=0.65,
    ),
    Kind(
        "br_cpf",
        r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b",
        _valid(cpf.is_valid),
        "a Brazilian CPF with a valid checksum",
        bare=0.9,
    ),
    Kind(
        "passport",
        r"\b[A-Z0-9]{8,9}\b",
        _valid(checksums.passport),
        "a passport number",
        r"passport|reisepass|\bpass-?(?:nr|nummer|no)\b|passeport|pasaporte|passaporto|paspoort",
    ),
    Kind(
        "date_of_birth",
        _DATE,
        _any,
        "a date",
        r"(?:date of birth|birth ?(?:date|day)|\bborn(?: on)?|\bd\.?o\.?b\.?|geburts(?:datum|tag)|geboren"
        r"(?: am)?|\bgeb\.|n\xe9e? le"
        r"|date de naissance|fecha de nacimiento)[ \t:.,)*-]{0,8}(?:is|was|on|am|ist|the)?[ \t:]{0,3}$",
        ignore_case=True,
    ),
    Kind("ip_address", r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b", checksums.ip_address, "an IP address", bare=0.7),
)
