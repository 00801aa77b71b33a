"""The port to a place outside from which a collection is kept up to date.

A connector says what is there, and hands over one item at a time. It knows nothing of collections, documents or rows. What
foreign libraries raise ends here: only the faults below come out, and none of them repeats a word that the other side said,
since a server may echo what it was sent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, ClassVar, Self

from governance.fetching import Guard
from governance.sentence import phrase, sentence
from ingestion.documents import files

KEY_MAX = 1024  # bytes of UTF-8; what S3 allows, and what fits into an index
MARK_MAX = 200
SPLIT_IT = phrase("Split it into smaller documents, or leave it out.")


@dataclass(frozen=True)
class Item:
    """One thing that is there.

    `key` names it for as long as it is there; where the place has ids, a rename keeps it. `mark` changes when its content does:
    an ETag, a hash, a time of change. `place` is where `read` finds it, where the key does not say so. `folder` is what stands
    around it, for a name that is taken already. `name` is empty where the cursor says that it was told before. `size` is in
    bytes, where it is told.
    """

    key: str
    name: str
    mark: str
    size: int | None = None
    place: str = ""
    folder: str = ""


@dataclass(frozen=True)
class Gone:
    key: str


@dataclass(frozen=True)
class Reached:
    """The end of a list, and where the next one begins. `is_whole`: what was not listed is not there any more. `note` says
    what whoever set the place up ought to know of the list.
    """

    cursor: str = ""
    is_whole: bool = True
    note: str = ""


Change = Item | Gone | Reached


@dataclass(frozen=True)
class Field:
    """What whoever sets a place up fills in. `form` is text, secret, number, choice, lines or flag."""

    name: str
    label: str
    form: str = "text"
    help: str = ""
    required: bool = False
    default: Any = ""
    choices: tuple[tuple[str, str], ...] = ()
    least: int = 0
    most: int = 500

    @property
    def is_secret(self) -> bool:
        return self.form == "secret"


@dataclass(frozen=True)
class Ground:
    """What the installation lets a connector do. `folders` are those of this server that it may read below. `item_bytes` and
    `item_seconds` bound one item, `list_seconds` a list, `items` its length.
    """

    guard: Guard = field(default_factory=Guard)
    folders: Collection[str] = ()
    item_bytes: int = 50 * 2**20
    archive_bytes: int = 2**30  # of what has to be fetched as a whole: an archive, a repository
    item_seconds: float = 300.0
    list_seconds: float = 600.0
    items: int = 100_000


class ConnectorFault(Exception):
    """`remedy` says what to do about it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class SourceDown(ConnectorFault):
    """The place does not answer, or breaks off: it is tried again later."""


class SourceRefuses(ConnectorFault):
    """The place answers, and not with what is wanted: somebody has to change the settings, here or there."""


class ItemDown(ConnectorFault):
    """This one cannot be read now; the others may be."""


class ItemRefused(ConnectorFault):
    """This one is not taken as it is, however often it is asked for."""


class Connector(ABC):
    """Made for one look around, by one thread. `settings` hold what stands in `fields`, `secrets` those that are secret."""

    fields: ClassVar[tuple[Field, ...]]

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, str], ground: Ground) -> None:
        self.settings = settings
        self.secrets = secrets
        self.ground = ground

    @abstractmethod
    def changes(self, cursor: str) -> Iterator[Change]:
        """What is there, or what has changed since `cursor` ("" at first). Ends with Reached; a list that does not was cut.

        Raises SourceDown, SourceRefuses.
        """

    @abstractmethod
    def read(self, item: Item) -> BinaryIO:
        """The item's bytes, of at most `ground.item_bytes`; whoever takes them closes it.

        Raises ItemDown, ItemRefused, SourceDown, SourceRefuses.
        """

    @abstractmethod
    def probe(self) -> str:
        """Try the settings; a sentence that says what was found. Raises SourceDown, SourceRefuses."""

    def close(self) -> None:  # noqa: B027  most have nothing to close
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def too_large(limit: int) -> ItemRefused:
    return ItemRefused(sentence(files.TOO_LARGE, limit=files.in_words(limit)), SPLIT_IT)


def too_many(limit: int) -> SourceRefuses:
    return SourceRefuses(
        sentence("There are more than %(limit)s items.", limit=limit),
        phrase("Choose a smaller part of it, or ask the operator of this installation for a higher limit."),
    )
