"""What the tools take and give. A model reads the descriptions, and its host makes a form of them."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from assistant.conversations import LONGEST_QUESTION

COLLECTIONS_MOST = 50
LIMIT_MOST = 20

Named = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]],
    Field(
        default_factory=list,
        max_length=COLLECTIONS_MOST,
        description="Only these collections, by name or id, as list_collections tells them. Leave it out for all.",
    ),
]


class Taken(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListIn(Taken):
    pass


class SearchIn(Taken):
    query: str = Field(min_length=1, max_length=LONGEST_QUESTION, description="What to look for, in plain words.")
    collections: Named
    limit: int = Field(8, ge=1, le=LIMIT_MOST, description="How many passages at most.")


class AskIn(Taken):
    question: str = Field(
        min_length=1,
        max_length=LONGEST_QUESTION,
        description="One question that stands alone: nothing of the conversation before is known here.",
    )
    collections: Named
    assistant: str = Field(
        "",
        max_length=200,
        description="One of the organisation's assistants, by name or id, as list_assistants tells them.",
    )
    reason: str = Field(
        "", max_length=500, description="Why it is asked, where a first try said that the organisation wants to know."
    )


class CollectionOut(BaseModel):
    id: uuid.UUID
    name: str
    description: str
    classification: str = Field(description="How confidential its documents are.")


class ListOut(BaseModel):
    collections: list[CollectionOut]


class AssistantOut(BaseModel):
    id: uuid.UUID
    name: str
    summary: str = Field(description="What it is for.")
    starters: list[str] = Field(description="Questions to begin with.")


class AssistantsOut(BaseModel):
    assistants: list[AssistantOut]


class LabelOut(BaseModel):
    """How confidential a document is, in the organisation's own words."""

    rank: int = Field(description="Its place in the organisation's list, from 0, the lowest.")
    name: str


class PassageOut(BaseModel):
    uri: str = Field(description="Reads this passage as a resource.")
    url: str = Field(description="Where a person opens it, if they may.")
    chunk_id: uuid.UUID
    document_id: uuid.UUID
    document_name: str
    place: str = Field(description="Where in the document: a page, a heading, cells of a sheet.")
    text: str
    score: float
    label: LabelOut | None = None


class SearchOut(BaseModel):
    passages: list[PassageOut]


class CitationOut(BaseModel):
    marker: int = Field(description="The number that stands in brackets in the text.")
    uri: str
    url: str
    chunk_id: uuid.UUID
    document_id: uuid.UUID
    document_name: str
    place: str
    quote: str
    label: LabelOut | None = None


class AskOut(BaseModel):
    answer: uuid.UUID = Field(description="By which the record and the REST API know it.")
    status: str = Field(
        description="answered, refused (the documents do not say it), blocked (by policy) or cancelled;"
        " failed or interrupted where a filter of the model server stopped it."
    )
    text: str
    notice: str
    citations: list[CitationOut]
    label: LabelOut | None = Field(None, description="The highest label of what the answer was written from.")


def schema(shape: type[BaseModel]) -> dict[str, Any]:
    """Without the titles that pydantic makes of the names."""
    told = _plain(shape.model_json_schema())
    assert isinstance(told, dict)  # noqa: S101  for the type checker
    return told


def _plain(node: Any) -> Any:
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {name: _plain(value) for name, value in node.items() if name != "title" or not isinstance(value, str)}
