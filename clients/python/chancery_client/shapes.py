"""What the API gives. Made by generate.py from the server's OpenAPI file: change that, and make this anew."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Answer(TypedDict):
    id: str
    conversation: str
    status: Literal["queued", "running", "answered", "refused", "blocked", "cancelled", "interrupted", "failed"]
    notice: str
    """Why there is no answer, or what to know of it."""
    text: str
    citations: list[Citation]
    segments: list[Segment]
    label: Label | None
    """The highest of what the model read for it, as it was called then."""
    receipt: dict[str, Any]
    """What was searched, kept and withheld: docs/receipt.md."""
    times: dict[str, Any]
    """Milliseconds by step."""
    usage: dict[str, Any] | None
    model: dict[str, Any] | None
    variants: list[str]
    is_shown: bool
    policy: dict[str, Any] | None
    audit: dict[str, Any]
    """What the record knows it by; its events once it has ended."""


class Bulk(TypedDict):
    files: list[File]
    """In the order in which they were sent."""
    taken: int
    refused: int


class CaseFile(TypedDict):
    id: str
    name: str
    collection: str
    parent: Parent | None
    """The document that it came in."""
    label: Label | None
    """Its own, or its collection's; null where the organisation has none."""
    is_restricted: bool
    """Whether only named readers of its collection see it."""
    authority: Literal["authoritative", "ordinary", "superseded"]
    status: Literal["queued", "processing", "ready", "failed", "rejected", "quarantined"]
    error: Trouble | None
    timeline: list[dict[str, Any]]
    version: NotRequired[int]
    media_type: NotRequired[str]
    size: NotRequired[int]
    """In bytes."""
    sha256: NotRequired[str]
    progress: NotRequired[Progress]
    parts: list[Part]
    """What came within it."""
    skipped: list[dict[str, Any]]
    """What of them was not taken, and why."""
    line: dict[str, Any] | None
    """Where it waits; null where it does not."""
    visible_to: int
    """How many people may read it."""
    standing: NotRequired[dict[str, Any] | None]
    resumes_at: NotRequired[str | None]
    queued_at: NotRequired[str | None]
    ended_at: NotRequired[str | None]


class Citation(TypedDict):
    marker: int
    document_id: str
    document_name: str
    chunk_id: str
    quote: str
    locator: dict[str, Any] | None
    label: Label | None
    """What its document carried when it was answered."""


class Clearance(TypedDict):
    id: str
    who: str
    is_group: bool
    rank: int


class Clearances(TypedDict):
    clearances: list[Clearance]
    next: str | None
    """The cursor that goes on; null where there is no more."""


class Collection(TypedDict):
    id: str
    name: str
    description: str
    classification: Literal["internal", "restricted"]
    strictness: Literal["lenient", "balanced", "strict"]
    half_life_days: int
    is_paused: bool


class Collections(TypedDict):
    collections: list[Collection]
    next: str | None
    """The cursor that goes on; null where there is no more."""


class Document(TypedDict):
    id: str
    name: str
    collection: str
    parent: Parent | None
    """The document that it came in."""
    label: Label | None
    """Its own, or its collection's; null where the organisation has none."""
    is_restricted: bool
    """Whether only named readers of its collection see it."""
    authority: Literal["authoritative", "ordinary", "superseded"]
    status: Literal["queued", "processing", "ready", "failed", "rejected", "quarantined"]
    error: Trouble | None
    timeline: list[dict[str, Any]]
    version: NotRequired[int]
    media_type: NotRequired[str]
    size: NotRequired[int]
    """In bytes."""
    sha256: NotRequired[str]
    progress: NotRequired[Progress]


class Documents(TypedDict):
    documents: list[Document]
    total: int
    next: str | None
    """The cursor that goes on; null where there is no more."""


class File(TypedDict):
    name: str
    """As it was sent."""
    status: int
    """What the file alone would have been answered with: 202, or a fault's."""
    outcome: Literal["new", "changed", "unchanged"] | None
    document: Document | None
    error: Refusal | None


class Found(TypedDict):
    passages: list[Passage]
    """The best first."""
    understood: dict[str, Any]
    """What was searched for, and how the query was read."""


class Grant(TypedDict):
    id: str
    person: str | None
    group: str | None
    level: str
    """read, contribute or manage."""
    denies: bool
    until: str | None
    """When it ends by itself; null where it does not."""
    source: str
    """By what it came: `manual` where a person gave it."""


class Grants(TypedDict):
    grants: list[Grant]
    next: str | None
    """The cursor that goes on; null where there is no more."""


class Label(TypedDict):
    rank: int
    """Its place in the organisation's list, the lowest first."""
    name: str


class Labels(TypedDict):
    labels: list[Label]
    everybody: int | None
    """Up to which all are cleared; null for all of them."""
    stays_home: int | None
    mine: int | None
    """Up to which the caller is cleared; null for all of them."""


class Me(TypedDict):
    id: str
    name: str
    email: str
    tenant: Tenant
    roles: list[str]
    quotas: list[Quota]
    """Those that hold for the caller."""
    scopes: list[str] | None
    """Of the key; null for a session."""


class NamedReader(TypedDict):
    person: NotRequired[str | None]
    group: NotRequired[str | None]


class Narrowed(TypedDict):
    is_restricted: bool
    readers: list[Reader]
    id: str
    name: str
    label: Label | None
    is_seen: bool
    """Whether the caller may read it."""


class NarrowedList(TypedDict):
    label: Label | None
    """Of the documents without one of their own."""
    documents: list[Narrowed]
    next: str | None
    """The cursor that goes on; null where there is no more."""


class Parent(TypedDict):
    id: str
    name: str
    path: str


class Part(TypedDict):
    id: str
    name: str
    path: str
    status: str


class Passage(TypedDict):
    document_id: str
    document_name: str
    chunk_id: str
    text: str
    score: float
    locator: dict[str, Any]
    """Where in the document: a page, a heading, lines, cells."""
    label: Label | None
    authority: Literal["authoritative", "ordinary", "superseded"]


class Progress(TypedDict):
    stage: str
    done: int
    total: int


class Quota(TypedDict):
    of: Literal["tenant", "group", "person", "key", "model"]
    """Whose limit it is.

* `tenant` - tenant
* `group` - group
* `person` - person
* `key` - key
* `model` - model"""
    is_each: bool
    """It is one for every person of the tenant or group."""
    measure: Literal["tokens", "seconds", "money"]
    per: Literal["day", "month"]
    """Of UTC.

* `day` - Day
* `month` - Month"""
    currency: str | None
    """Of money."""
    limit: float
    used: float
    set_aside: float
    """For answers under way."""
    left: float
    resets_at: str


class Reader(TypedDict):
    person: str | None
    group: str | None


class Readers(TypedDict):
    is_restricted: bool
    readers: list[Reader]


class Refusal(TypedDict):
    code: str
    message: str


class Segment(TypedDict):
    text: str
    markers: list[int]
    is_supported: bool | None
    support: Literal["neutral", "supported", "moved", "unsupported", "extract"] | Literal[""]


class Suggestions(TypedDict):
    questions: list[str]


class Tenant(TypedDict):
    id: str
    slug: str
    name: str


class Trouble(TypedDict):
    code: str
    message: str
    remedy: str


class Turn(TypedDict):
    question: str
    answer: NotRequired[str]


class Uploaded(TypedDict):
    id: str
    name: str
    collection: str
    parent: Parent | None
    """The document that it came in."""
    label: Label | None
    """Its own, or its collection's; null where the organisation has none."""
    is_restricted: bool
    """Whether only named readers of its collection see it."""
    authority: Literal["authoritative", "ordinary", "superseded"]
    status: Literal["queued", "processing", "ready", "failed", "rejected", "quarantined"]
    error: Trouble | None
    timeline: list[dict[str, Any]]
    version: NotRequired[int]
    media_type: NotRequired[str]
    size: NotRequired[int]
    """In bytes."""
    sha256: NotRequired[str]
    progress: NotRequired[Progress]
    outcome: Literal["new", "changed", "unchanged"]


class Verdict(TypedDict):
    action: Literal["allow", "flag", "redact", "require_reason", "block"]
    decisions: list[dict[str, Any]]
    policy: NotRequired[dict[str, Any]]
