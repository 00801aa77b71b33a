"""What the demo tenants consist of: people, groups, collections and their documents, and questions on them.

Pure tables and readers, without Django: the seeding command writes them, tests and benchmarks ask them. Both
companies, their people and their figures are invented; the addresses stand in domains that nobody can own.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assistant.demo.licences import gathered_licences

__all__ = [
    "TENANTS",
    "Collection",
    "Grant",
    "Item",
    "Person",
    "Question",
    "Tenant",
    "first_question",
    "gathered_licences",
    "handbook",
    "questions",
    "tenant",
]

HERE = Path(__file__).resolve().parent
HANDBOOK = HERE / "handbook"
QUESTIONS = HERE / "questions.toml"

Level = Literal["read", "contribute", "manage"]
Kind = Literal["plain", "lookalike", "german", "restricted", "unanswerable"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in. `roles` are those that are stored: being an employee needs none."""

    email: str
    name: str
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may use a collection: the name of a group, or the e-mail address of a person."""

    kind: Literal["group", "person"]
    holder: str
    level: Level


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection and the folder of its documents, below `handbook/<tenant>`.

    A collection without a folder is filled with `gathered_licences()` when it is seeded.
    """

    name: str
    description: str
    department: str
    folder: str
    grants: tuple[Grant, ...]

    @property
    def gathered(self) -> bool:
        return not self.folder


@dataclass(frozen=True, slots=True)
class Item:
    """One document of the handbook. `name` is what it is uploaded as."""

    tenant: str
    collection: str
    department: str
    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def key(self) -> str:
        """How questions name it: `company/welcome.html`."""
        return f"{self.path.parent.name}/{self.path.name}"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A company of the demo. `domain` is that of its people's e-mail addresses."""

    slug: str
    name: str
    domain: str
    groups: tuple[str, ...]
    people: tuple[Person, ...]
    collections: tuple[Collection, ...]

    def person(self, email: str) -> Person:
        """The person with this address; KeyError if there is none."""
        for person in self.people:
            if person.email == email:
                return person
        raise KeyError(email)

    def reads(self, person: Person, collection: Collection) -> bool:
        """Whether the grants let this person read the collection. For tests only."""
        holders = {("person", person.email), *(("group", group) for group in person.groups)}
        return any((grant.kind, grant.holder) in holders for grant in collection.grants)


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what a good answer holds.

    `facts` are regular expressions (case ignored); the answer must match each of them, as do `document` and
    the documents in `also`, which answer it just as well. `decoys` are figures that stand near by and answer
    another question. A `restricted` question has its facts in a document that the asker may not read, and an
    `unanswerable` one has none: both want a refusal.
    """

    id: str
    tenant: str
    asker: str
    kind: Kind
    question: str
    document: str = ""
    also: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    decoys: tuple[str, ...] = ()

    @property
    def unanswerable(self) -> bool:
        return self.kind == "unanswerable"

    @property
    def refused(self) -> bool:
        return self.kind in {"unanswerable", "restricted"}


def _group(name: str, level: Level = "read") -> Grant:
    return Grant("group", name, level)


# The same address in both companies: an accountant from outside, who must never see one through the other.
SHARED_EMAIL = "kim@ledgerline.example"

HALDEN = Tenant(
    slug="halden",
    name="Halden Works",
    domain="halden.example",
    groups=("Staff", "People & Culture", "Engineering", "Board"),
    people=(
        Person("ada@halden.example", "Ada Fairweather", groups=("Staff", "Engineering")),
        Person("ben@halden.example", "Ben Achterberg", groups=("Staff", "People & Culture")),
        Person("grace@halden.example", "Grace Adeyemi", groups=("Staff",)),
        Person("margaret@halden.example", "Margaret Oyelaran", groups=("Staff", "Board")),
        Person("yusuf@halden.example", "Yusuf Demir", roles=("tenant_admin",), groups=("Staff",)),
        Person("omar@halden.example", "Omar Haddad", roles=("compliance_officer",), groups=("Staff",)),
        Person("nils@halden.example", "Nils Ekholm, contractor"),
        Person(SHARED_EMAIL, "Kim Albrecht", groups=("Staff",)),
    ),
    collections=(
        Collection(
            "Company handbook",
            "Rules, products and everyday life, for everybody who works here.",
            "Everybody",
            "company",
            (_group("Staff"), _group("People & Culture", "contribute")),
        ),
        Collection(
            "People & Culture",
            "Pay, hiring, reviews and grievances. For the department only.",
            "People & Culture",
            "people-and-culture",
            (_group("People & Culture", "contribute"), Grant("person", "ben@halden.example", "manage")),
        ),
        Collection(
            "Engineering",
            "Releases, on-call duty, the laboratory, post-mortems.",
            "Engineering",
            "engineering",
            (_group("Engineering", "contribute"), Grant("person", "ada@halden.example", "manage")),
        ),
        Collection(
            "Board papers",
            "Strictly confidential. Members of the board and the chief executive.",
            "Board",
            "board",
            (_group("Board"),),
        ),
        Collection(
            "Open-source notices",
            "Licences and readmes of the packages that this installation is made of.",
            "Everybody",
            "",
            (_group("Staff"), _group("Engineering", "contribute")),
        ),
    ),
)

CORVANE = Tenant(
    slug="corvane",
    name="Corvane Marine",
    domain="corvane.example",
    groups=("Staff", "Crew Office"),
    people=(
        Person("tess@corvane.example", "Tess Obermann", groups=("Staff",)),
        Person("ivo@corvane.example", "Ivo Lindgren", groups=("Staff", "Crew Office")),
        Person("maren@corvane.example", "Maren Tiele", roles=("tenant_admin",), groups=("Staff",)),
        Person("piet@corvane.example", "Piet Vos", roles=("compliance_officer",), groups=("Staff",)),
        Person("rory@corvane.example", "Rory Dunn, agency crew"),
        Person(SHARED_EMAIL, "Kim Albrecht", groups=("Staff",)),
    ),
    collections=(
        Collection(
            "Crew handbook",
            "Travel, leave, safety and service plans.",
            "Everybody",
            "company",
            (_group("Staff"), _group("Crew Office", "contribute")),
        ),
        Collection(
            "Crew Office",
            "Pay scales. For the Crew Office only.",
            "Crew Office",
            "people",
            (_group("Crew Office", "manage"),),
        ),
    ),
)

TENANTS = (HALDEN, CORVANE)


def tenant(slug: str) -> Tenant:
    """The demo tenant of this slug; KeyError if there is none."""
    return {one.slug: one for one in TENANTS}[slug]


def handbook() -> list[Item]:
    """Every handbook document of both tenants, in a fixed order."""
    return [
        Item(one.slug, collection.name, collection.department, path)
        for one in TENANTS
        for collection in one.collections
        if not collection.gathered
        for path in sorted((HANDBOOK / one.slug / collection.folder).iterdir())
    ]


def questions(path: Path = QUESTIONS) -> list[Question]:
    """The questions, in the order of the file."""
    rows = tomllib.loads(path.read_text("utf-8"))["question"]
    return [_question(row) for row in rows]


def _question(row: dict[str, Any]) -> Question:
    """An unknown field in the file is a TypeError, not a field that nobody reads."""
    fields: dict[str, Any] = {name: tuple(said) if isinstance(said, list) else said for name, said in row.items()}
    return Question(**fields)


def first_question() -> Question:
    """The one that is asked when the demo has just been set up."""
    wanted = tomllib.loads(QUESTIONS.read_text("utf-8"))["first_question"]
    return {question.id: question for question in questions()}[wanted]
