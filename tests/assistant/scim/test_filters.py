"""The grammar of filters, and what they match."""

from __future__ import annotations

import pytest

from assistant.scim import filters, matching
from assistant.scim.errors import Rejected
from assistant.scim.schemas import ENTERPRISE, USER, USERS

SOMEBODY = {
    "schemas": [USER, ENTERPRISE],
    "id": "A1",
    "userName": "Bob@x.example",
    "active": True,
    "name": {"familyName": "O'Neil \\ Söhne"},
    "emails": [
        {"type": "work", "value": "bob@x.example", "primary": True},
        {"type": "home", "value": "b@home.example"},
    ],
    ENTERPRISE: {"department": "Research", "manager": {"value": "9"}},
    "meta": {"lastModified": "2026-01-01T00:00:00.000Z"},
}
MATCHES = {
    'userName eq "bob@X.EXAMPLE"': True,
    'USERNAME EQ "bob@x.example"': True,
    'userName ne "bob@x.example"': False,
    'title ne "x"': True,
    'userName sw "bo" and userName ew ".example" and userName co "@"': True,
    'userName eq "nobody" or active eq true': True,
    'userName eq "nobody" or active eq true and title pr': False,  # and binds before or
    '(userName eq "nobody" or active eq true) and name pr': True,
    "not (title pr)": True,
    "not (active eq true) or not (title pr)": True,
    'active eq "True"': True,
    "active ne false": True,
    'name.familyName eq "o\'neil \\\\ söhne"': True,
    'name.familyName co "S\\u00f6hne"': True,
    'emails eq "b@home.example"': True,
    'emails.type eq "home"': True,
    'emails[type eq "work" and value co "bob"]': True,
    'emails[type eq "home" and value co "bob"]': False,
    "emails[not (type pr)]": False,
    'id eq "a1"': False,  # ids are compared letter by letter
    'id eq "A1"': True,
    f'{USER}:userName sw "B"': True,
    f'{ENTERPRISE}:department gt "Law"': True,
    f'{ENTERPRISE}:manager.value eq "9"': True,
    f"{ENTERPRISE}:employeeNumber pr": False,
    'meta.lastModified ge "2026-01-01T01:00:00+01:00"': True,
    'meta.lastModified lt "2026-01-01T00:00:00Z"': False,
    "title eq null": True,
    "userName eq null": False,
    "userName eq 7": False,
    'nothingOfOurs eq "x"': False,
}
NONE = [
    "", " ", "userName", "userName eq", 'userName eq "a', 'userName is "a"', "(userName pr", "userName pr)", "eq eq eq",
    "active gt true", "title co null", '"a" eq "b"', 'userName eq "a" and', 'emails[type eq "x"', "emails[]", "not userName pr",
    "userName eq bob", "a.b.c pr", 'urn:of:nobody:userName eq "x"', "userName eq 1.2.3", 'userName eq "\\ud800"',
    'userName eq "a\\u0000"', "(" * 40 + "id pr" + ")" * 40, " or ".join(["id pr"] * 200), "a" * 5000, 'userName eq "a" "b"',
]  # fmt: skip


@pytest.mark.parametrize(("text", "is_so"), MATCHES.items(), ids=range(len(MATCHES)))
def test_a_filter_matches_what_it_says(text: str, is_so: bool) -> None:
    assert matching.matches(SOMEBODY, filters.parse(text, USERS.schemas)) is is_so


@pytest.mark.parametrize("text", NONE, ids=range(len(NONE)))
def test_what_is_no_filter_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(Rejected) as refused:
        filters.parse(text, USERS.schemas)
    assert refused.value.kind == "invalidFilter"
