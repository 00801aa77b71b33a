"""What is said of a question and of all that came of it."""

from __future__ import annotations

from governance.audit.fields.kinds import API, CREATE, DELETE, OTHER, READ, UPDATE, Kind, kind
from governance.audit.vocabulary import Event

PASSAGES = {
    "passages[].rank": "its place among those that were found, from 1",
    "passages[].chunk": "the passage",
    "passages[].document": "its document",
    "passages[].collection": "that document's collection",
    "passages[].sha256": "of its text, as it stood in the index",
    "passages[].score": "what it was ordered by",
    "passages[].distance": "1 less the cosine of its angle to the question",
}
WITHHELD = {
    "withheld[].chunk": "a passage that was found and not given to the model",
    "withheld[].document": "its document",
    "withheld[].collection": "that document's collection",
    "withheld[].sha256": "of its text",
    "withheld[].rank": "its place among those that were found",
    "withheld[].score": "what it was ordered by",
    "withheld[].distance": "1 less the cosine of its angle to the question",
    "withheld[].why": "policy, or quarantine where it gave orders as its document came in",
    "withheld[].rules": "the rules that blocked it",
}
SEARCHED = (
    {
        "asked": "the collections that were chosen; none means all that may be read",
        "collections": "the collections that were searched",
    }
    | PASSAGES
    | WITHHELD
)
RETRIEVAL = {"passages[].document": "gen_ai.retrieval.documents[].id", "collections": "gen_ai.data_source.id"}

KINDS: dict[Event, Kind] = {
    Event.PROMPT_RECEIVED: kind(
        "a question was accepted",
        (API, CREATE),
        {
            "client": "what it came through",
            "collections": "those that were chosen",
            "characters": "how long it is",
            "conversation": "the conversation that it goes on with",
            "has_reason": "the person gave a reason, which policy asked for",
        },
        {
            "text": "the question as it was sent, before policy",
            "turns": "earlier turns that the client brought",
            "instruction": "an instruction that the client brought",
            "user": "the client's own name for whom it asks",
            "sampler": "what the client set of the sampler",
            "reason": "why it is asked, where policy wanted to know",
        },
        {"text": "gen_ai.input.messages", "instruction": "gen_ai.system_instructions", "conversation": "gen_ai.conversation.id"},
    ),
    Event.PROMPT_REFUSED: kind(
        "a question was not taken: over a bound",
        (API, CREATE),
        {
            "client": "what it came through", "code": "which bound", "position": "how many were ahead",
            "characters": "how long it is",
        },
    ),
    Event.REASON_ASKED: kind(
        "policy asks for a reason before it takes the question",
        (API, CREATE),
        {"client": "what it came through", "characters": "how long it is"},
        {"text": "the question", "turns": "earlier turns", "instruction": "the client's", "user": "the client's name for them"},
        {"text": "gen_ai.input.messages"},
    ),
    Event.RETRIEVED: kind(
        "passages were looked up for an answer",
        (API, READ),
        SEARCHED,
        {"receipt": "scores, names of collections and documents, what came next, and the evidence that was weighed"},
        RETRIEVAL,
    ),
    Event.SEGMENT_DELIVERED: kind(
        "a piece of an answer left",
        (API, READ),
        {
            "ordinal": "its place in the answer, from 0",
            "citations[].chunk": "a passage that it stands on",
            "citations[].marker": "the number that the reader sees",
            "is_supported": "whether a passage supports it; none where nothing needed support",
            "was_redacted": "policy changed it before it left",
        },
        {
            "text": "exactly what was delivered",
            "written": "what the model wrote, where policy changed it",
            "citations": "document's name and quoted words, as the reader saw them",
        },
        {"text": "gen_ai.output.messages"},
    ),
    Event.SEGMENT_WITHHELD: kind(
        "a piece of an answer was written and never left",
        (API, OTHER),
        {
            "characters": "how long it is",
            "after": "how many pieces had left before",
            "why": "policy, stopped or broke off",
        },
        {"withheld": "what the model wrote"},
    ),
    Event.ANSWER_FINISHED: kind(
        "an answer ended, whole or not",
        (API, UPDATE),
        {
            "status": "answered, refused, blocked, cancelled, interrupted or failed",
            "stage": "where policy ended it before a model was asked",
            "segments": "how many pieces left",
            "bytes": "of all that was delivered, in UTF-8",
            "tokens": "read and written, as they count towards the quota",
            "prompt": "the version of the prompt's template",
            "shown": "the passages that fitted the prompt, in its order",
            "model.name": "the model",
            "model.sha256": "of its file",
            "model.engine": "what runs it",
            "model.build": "which build of that",
            "sampler.temperature": "of the sampler",
            "sampler.seed": "of the sampler",
            "sampler.max_tokens": "the longest answer that was allowed",
            "sampler.stop": "how many stop sequences the client set",
            "policy.version": "the number of the policy's version",
            "policy.sha256": "of that version",
            "access.roles": "the person's roles when it was answered",
            "access.groups": "the person's groups when it was answered",
            "finish": "why the model stopped: stop or length",
            "usage.prompt_tokens": "read",
            "usage.completion_tokens": "written",
            "usage.cached_tokens": "of those read, how many the engine still had",
            "usage.counted_by": "the engine, or we where it was cut off before it told",
            "wait.queue_ms": "from the question to the worker that took it",
            "wait.model_ms": "from there, after the search, to the model's first words, its queue included",
            "fault": "the code of the error that it failed by",
        },
        {
            "notice": "what the person was told in place of an answer, or beside it",
            "sha256": "of all that was delivered, in UTF-8",
        },
        {
            "model.name": "gen_ai.response.model",
            "model.engine": "gen_ai.provider.name",
            "sampler.temperature": "gen_ai.request.temperature",
            "sampler.seed": "gen_ai.request.seed",
            "sampler.max_tokens": "gen_ai.request.max_tokens",
            "finish": "gen_ai.response.finish_reasons",
            "usage.prompt_tokens": "gen_ai.usage.input_tokens",
            "usage.completion_tokens": "gen_ai.usage.output_tokens",
            "usage.cached_tokens": "gen_ai.usage.cache_read.input_tokens",
        },
    ),
    Event.ANSWER_CANCELLED: kind("the person pressed Stop", (API, UPDATE)),
    Event.ANSWER_SUPERSEDED: kind(
        "a question was asked again in other words",
        (API, UPDATE),
        {"by": "the answer that stands in its place", "answers": "those that are no longer shown"},
    ),
    Event.FEEDBACK_GIVEN: kind(
        "the person judged an answer",
        (API, UPDATE),
        {"value": "1, 0 or -1"},
        {"reason": "in their words"},
        {"value": "gen_ai.evaluation.score.value", "reason": "gen_ai.evaluation.explanation"},
    ),
    Event.SEARCHED: kind(
        "passages were searched for, without an answer",
        (API, READ),
        SEARCHED,
        {"query": "what was searched for"},
        RETRIEVAL | {"query": "gen_ai.retrieval.query.text"},
    ),
    Event.EMBEDDED: kind(
        "texts were turned into vectors",
        (API, OTHER),
        {
            "texts": "how many", "characters": "how long they are together", "model": "the embedder",
            "client": "what it came through",
        },
        {"texts": "the texts"},
        {"model": "gen_ai.request.model"},
    ),
    Event.CONVERSATION_CHANGED: kind("a conversation was renamed", (API, UPDATE), {"fields": "what changed"}),
    Event.CONVERSATION_PINNED: kind(
        "a pin was set or taken away", (API, UPDATE), {"fields": "what changed", "is_pinned": "what it is now"}
    ),
    Event.CONVERSATION_DELETED: kind("a conversation was deleted", (API, DELETE), {"fields": "what changed"}),
    Event.CONVERSATION_RESTORED: kind("a delete was undone", (API, UPDATE)),
}  # fmt: skip
